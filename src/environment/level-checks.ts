import { Problem } from '../base/problems';
import { PodManifest } from '../pod/pod-manifest';
import { PodSecurityLevel } from '../pod/pod-security-level';
import { BASELINE_RULES, PodField, PodSecurityRule, RESTRICTED_RULES } from '../pod-security/pod-security-rules';

/** What the security contexts of containers are asked about one by one, with remedies for an environment. */
const ASKED_OF_CONTAINERS = ['privileged', 'capabilities'];

const OF_PODS = BASELINE_RULES.filter(({ name }) => !ASKED_OF_CONTAINERS.includes(name));
const OF_VOLUMES = RESTRICTED_RULES.filter(({ name }) => name === 'restrictedVolumes');

/**
 * What a pod or a container asks of its node that the level does not allow. Nothing that is added to a pod takes that back.
 *
 * @param isOurs whether a container, or with `undefined` the pod as a whole, is held to the level
 */
export function checkLevel(pod: PodManifest, level: PodSecurityLevel, isOurs: (container?: string) => boolean): Problem[] {
  if (level === PodSecurityLevel.PRIVILEGED) {
    return [];
  }
  const problemsOf = (rules: PodSecurityRule[], needed: PodSecurityLevel): Problem[] => rules.flatMap(({ remedy, violations }) =>
    violations(pod).filter(({ container }) => isOurs(container)).map((field): Problem => ({
      code: 'CDK8SNIX0404',
      prop: propOf(pod, field),
      value: field.value,
      problem: `Pod Security \`${level}\` refuses this.`,
      remedy: `${remedy} Or ask for it by name: podSecurity: PodSecurityLevel.${needed.toUpperCase()}.`,
    })));
  const refused = problemsOf(OF_PODS, PodSecurityLevel.PRIVILEGED);
  const known = refused.map(({ prop }) => prop);
  return level === PodSecurityLevel.BASELINE ? refused
    : [...refused, ...problemsOf(OF_VOLUMES, PodSecurityLevel.BASELINE).filter(({ prop }) => !known.includes(prop))];
}

/** A field as all messages about a pod have it: from the pod on, and a container by its name. */
function propOf(pod: PodManifest, { path, container }: PodField): string {
  const inPod = path.slice(pod.path.length).replace(/^\.(spec\.)?/, '');
  return inPod.replace(/^\w*[cC]ontainers\[\d+\]/, () => `containers[${container}]`);
}
