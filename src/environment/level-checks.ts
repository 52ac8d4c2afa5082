import { Problem } from '../base/problems';
import { PodManifest } from '../pod/pod-manifest';
import { PodSecurityLevel } from '../pod/pod-security-level';
import { BASELINE_RULES, PodSecurityRule, RESTRICTED_RULES } from '../pod-security/pod-security-rules';

/** What the security contexts of containers are asked about one by one, with remedies for an environment. */
const ASKED_OF_CONTAINERS = ['privileged', 'capabilities', 'seccompProfile_baseline'];

const OF_PODS = BASELINE_RULES.filter(({ name }) => !ASKED_OF_CONTAINERS.includes(name));
const OF_VOLUMES = RESTRICTED_RULES.filter(({ name }) => name === 'restrictedVolumes');

/** What a pod asks of its node that the level does not allow. Nothing that is added to a pod takes that back. */
export function checkLevel(pod: PodManifest, level: PodSecurityLevel): Problem[] {
  if (level === PodSecurityLevel.PRIVILEGED) {
    return [];
  }
  const refused = problemsOf(pod, level, OF_PODS, PodSecurityLevel.PRIVILEGED);
  const known = refused.map(({ prop }) => prop);
  return level === PodSecurityLevel.BASELINE ? refused
    : [...refused, ...problemsOf(pod, level, OF_VOLUMES, PodSecurityLevel.BASELINE).filter(({ prop }) => !known.includes(prop))];
}

function problemsOf(pod: PodManifest, level: PodSecurityLevel, rules: PodSecurityRule[], needed: PodSecurityLevel): Problem[] {
  return rules.flatMap(({ remedy, violations }) => violations(pod).map(({ path, value }): Problem => ({
    code: 'CDK8SNIX0404',
    prop: path.replace(/^\./, ''),
    value,
    problem: `Pod Security \`${level}\` refuses this.`,
    remedy: `${remedy} Or ask for it by name: podSecurity: PodSecurityLevel.${needed.toUpperCase()}.`,
  })));
}
