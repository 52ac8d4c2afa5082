import { BASELINE_RULES, PodField, PodSecurityRule, RESTRICTED_RULES } from './pod-security-rules';
import { PodSecurityViolation } from './pod-security-violation';
import { describe } from '../base/problems';
import { PodManifest, podsOf } from '../pod/pod-manifest';
import { PodSecurityLevel } from '../pod/pod-security-level';

/**
 * The violations of one object, synthesized or from a file, or of those in a List.
 *
 * @param podTemplates where pods of a custom resource are, as JSON pointers
 */
export function podSecurityViolations(
  manifest: any, level = PodSecurityLevel.RESTRICTED, constructPath = '', podTemplates: readonly string[] = [],
): PodSecurityViolation[] {
  return podsOf(manifest, podTemplates).flatMap(pod => violationsOfPod(pod, level, constructPath));
}

/** The violations of one pod, by the object it belongs to. */
export function violationsOfPod(pod: PodManifest, level: PodSecurityLevel, constructPath = ''): PodSecurityViolation[] {
  const apply = (rules: PodSecurityRule[], ruleLevel: PodSecurityLevel) => rules.flatMap(rule =>
    rule.violations(pod).map(field => violationOf(pod.owner, ruleLevel, rule, field, constructPath)));
  if (level === PodSecurityLevel.PRIVILEGED) {
    return [];
  }
  const baseline = apply(BASELINE_RULES, PodSecurityLevel.BASELINE);
  if (level === PodSecurityLevel.BASELINE) {
    return baseline;
  }
  // What `baseline` refuses is not reported once more by a stricter rule on the same field.
  const fields = new Set(baseline.map(violation => violation.field));
  return [...baseline, ...apply(RESTRICTED_RULES, PodSecurityLevel.RESTRICTED).filter(violation => !fields.has(violation.field))];
}

function violationOf(manifest: any, level: PodSecurityLevel, rule: PodSecurityRule, field: PodField, constructPath: string): PodSecurityViolation {
  const { kind, metadata } = manifest;
  const name = metadata?.name ?? '';
  const { path, value, container } = field;
  return {
    level,
    rule: rule.name,
    constructPath,
    kind,
    name,
    container,
    field: path,
    value: value === undefined ? undefined : JSON.stringify(value),
    remedy: rule.remedy,
    message: describe({
      code: 'CDK8SNIX0405',
      prop: `${kind}/${name} ${path}`,
      value,
      problem: `Pod Security ${level} refuses it${container === undefined ? '' : ` in container ${container}`} (${rule.name}).`,
      remedy: rule.remedy,
    }),
  };
}
