import { isKind } from './object-kind';
import { ENVIRONMENT_LABEL } from './pod-labels';
import { isObject, listOf } from './pod-manifest';
import { Problem } from '../base/problems';

type Labels = { readonly [name: string]: unknown };

/**
 * Whether a workload finds its own pods: an API server refuses one that does not.
 *
 * @param labels of its pods, as they will be written
 */
export function checkSelector(object: any, labels: Labels): Problem[] {
  const { selector } = object.spec ?? {};
  if (isAny(object, 'apps', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet') || isKind(object, 'Rollout', 'argoproj.io')) {
    const requirements = requirementsOf(selector);
    return requirements.length === 0 ? [{
      code: 'CDK8SNIX0523',
      prop: 'spec.selector',
      value: selector,
      problem: `A ${object.kind} finds its pods by their labels, and without any it is refused.`,
      remedy: 'Set matchLabels to labels of spec.template.metadata.labels.',
    }] : lacking(requirements, labels);
  }
  // These take the labels of their template, if they name none.
  const isPlain = isKind(object, 'ReplicationController', 'core') || isKind(object, 'DeploymentConfig', 'apps.openshift.io');
  return isPlain && isObject(selector) ? lacking(requirementsOf({ matchLabels: selector }), labels) : [];
}

/** Whether a selector of pods, if there is one, selects one with these labels. */
export function selectsLabels(selector: any, labels: Labels): boolean {
  return isObject(selector) && requirementsOf(selector).every(({ isMet }) => isMet(labels));
}

/** What a label has to be, and how it is called in messages. */
interface Requirement {
  readonly key: string;
  readonly value: unknown;
  readonly isMet: (labels: Labels) => boolean;
}

function requirementsOf(selector: any): Requirement[] {
  return [
    ...Object.entries(selector?.matchLabels ?? {})
      .map(([key, value]): Requirement => ({ key, value: { [key]: value }, isMet: labels => labels[key] === value })),
    ...listOf(selector?.matchExpressions)
      .map((expression): Requirement => ({ key: expression?.key, value: expression, isMet: labels => meets(labels, expression) })),
  ];
}

function meets(labels: Labels, { key, operator, values }: any): boolean {
  switch (operator) {
    case 'In': return key in labels && listOf(values).includes(labels[key]);
    case 'NotIn': return !(key in labels) || !listOf(values).includes(labels[key]);
    case 'Exists': return key in labels;
    case 'DoesNotExist': return !(key in labels);
    // One that we do not know.
    default: return true;
  }
}

function lacking(requirements: Requirement[], labels: Labels): Problem[] {
  return requirements.filter(({ isMet }) => !isMet(labels)).slice(0, 1).map(({ key, value }): Problem => ({
    code: 'CDK8SNIX0523',
    prop: 'spec.selector',
    value,
    problem: `It does not find the pods of the workload, whose labels are ${JSON.stringify(labels)}.`,
    remedy: key === ENVIRONMENT_LABEL ? `Select by another label: ${ENVIRONMENT_LABEL} is the environment's.`
      : 'Give spec.template.metadata.labels what the selector asks for.',
  }));
}

function isAny(object: any, group: string, ...kinds: string[]): boolean {
  return kinds.some(kind => isKind(object, kind, group));
}
