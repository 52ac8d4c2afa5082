import { staysUp } from './workload-checks';
import { podTemplatesOf } from '../pod/enabled-mark';
import { isKind } from '../pod/object-kind';
import { ENVIRONMENT_LABEL, HOSTNAME_LABEL, requiredTerms } from '../pod/pod-labels';
import { isList, isObject, listOf, objectsOf, PodManifest, podsOf } from '../pod/pod-manifest';
import { isPart, PodTarget } from '../pod/pod-targets';
import { isStarted, startersOf } from '../pod/starters';
import { isPatched, manifestAsPatched, manifestToCheck } from '../pod/written-manifest';

/** An environment whose pods have to be on one node with those of others. */
export interface Member {
  readonly path: string;
  readonly label: string;
  readonly targets: readonly PodTarget[];
}

/** A pod that has to be on the node of others, and what it says itself of nodes. */
export interface Placed {
  readonly name: string;
  readonly staysUp: boolean;
  readonly spec: any;
  readonly labels: { readonly [name: string]: unknown };
  readonly namespace: string | undefined;
}

export const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
export const ANOTHER_CLAIM = 'give one of them an environment with another claim, or a shared one (READ_WRITE_MANY with shared: true)';

/** The pods that run, by whatever starts them. */
export function placedPods(members: readonly Member[]): Placed[] {
  return members.flatMap(member => member.targets.flatMap(target => placedOf(member, target, members.length > 1)));
}

/** What pods say themselves that nobody can do without who is to be on a node with them, and to run one of their images. */
export interface Followed {
  readonly tolerations: any[];
  readonly imagePullSecrets: any[];
}

export function followedBy(targets: readonly PodTarget[]): Followed {
  const specs = targets.flatMap(target => {
    try {
      return objectsMeant(target).flatMap(inner => podsOf(inner, podTemplatesOf(target.object))).map(({ spec }) => spec).filter(isObject);
    } catch {
      // What cannot be rendered is told by what renders it.
      return [];
    }
  }) as any[];
  return { tolerations: specs.flatMap(spec => listOf(spec.tolerations)), imagePullSecrets: specs.flatMap(spec => listOf(spec.imagePullSecrets)) };
}

function objectsMeant({ object, parts }: PodTarget): any[] {
  // With what is ours: a patch may rest on it.
  const manifest = isPatched(object) ? manifestAsPatched(object) : manifestToCheck(object);
  return objectsOf(manifest).map(inner => inner.object).filter(inner => !isList(manifest) || parts.some(part => isPart(part, inner)));
}

function placedOf({ path, label }: Member, target: PodTarget, isOneOfSeveral: boolean): Placed[] {
  try {
    const { object } = target;
    return objectsMeant(target)
      .flatMap(inner => {
        const starters = startersOf(object, inner);
        return !isStarted(inner, starters) ? [] : podsOf(inner, podTemplatesOf(object)).filter(({ spec }) => isObject(spec)).map((pod): Placed => ({
          name: `${inner.kind}/${inner.metadata?.name}${isOneOfSeveral ? ` of ${path}` : ''}`,
          staysUp: staysUp(inner) || starters.rollouts.length > 0 || (isKind(inner, 'Pod', 'core') && [undefined, '', 'Always'].includes(pod.spec.restartPolicy)),
          spec: pod.spec,
          labels: labelsOf(pod, label),
          namespace: inner.metadata?.namespace,
        }));
      });
  } catch {
    // What cannot be rendered is told by what renders it.
    return [];
  }
}

function labelsOf({ metadata }: PodManifest, label: string): Placed['labels'] {
  return { ...(isObject(metadata.labels) ? metadata.labels : {}), [ENVIRONMENT_LABEL]: label };
}

/** What a pod asks of its node: labels, and its name. */
export function nodesOf(spec: any): Array<readonly [what: string, value: unknown, prop: string]> {
  const terms = nodeTerms(spec);
  // Of several terms any may hold, and of several values any.
  const required = (terms.length === 1 ? listOf(terms[0]?.matchExpressions) : [])
    .filter(each => each?.operator === 'In' && listOf(each.values).length === 1);
  return [
    ...selectedBy(spec).map(([label, value]) => [label, value, `nodeSelector.${label}`] as const),
    ...required.map(({ key, values }) => [key, values[0], `affinity.nodeAffinity.${key}`] as const),
    ...(spec.nodeName ? [['nodeName', spec.nodeName, 'nodeName'] as const] : []),
  ];
}

/** By which labels a pod selects its nodes. */
export function selectedBy({ nodeSelector }: any): Array<readonly [label: string, value: unknown]> {
  return Object.entries(isObject(nodeSelector) ? nodeSelector : {});
}

/** The terms of which one has to hold for the node of a pod. */
export function nodeTerms({ affinity }: any): any[] {
  return listOf(affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms);
}

/** The one node that a pod names. */
export function pinOf(spec: any): readonly [what: string, value: unknown, prop: string] | undefined {
  const asked = nodesOf(spec);
  return asked.find(([what]) => what === 'nodeName') ?? asked.find(([what]) => what === HOSTNAME_LABEL);
}

/** Whether nothing tells on which node a pod is. Of an affinity that names nodes, or of other pods, nobody knows here where it leads. */
export function isFree(spec: any): boolean {
  return pinOf(spec) === undefined && requiredTerms(spec.affinity).every(isOurs) && !namesNodes(spec);
}

/** Whether a pod names nodes, be they one or several. */
export function namesNodes(spec: any): boolean {
  return nodeTerms(spec).some(term =>
    listOf(term?.matchFields).length > 0 || listOf(term?.matchExpressions).some(each => each?.key === HOSTNAME_LABEL));
}

/** Whether it is by such a term that workloads are kept on one node. */
function isOurs(term: any): boolean {
  const labelSelector = term?.labelSelector;
  return labelSelector?.matchLabels?.[ENVIRONMENT_LABEL] !== undefined
    || listOf(labelSelector?.matchExpressions).some(each => each?.key === ENVIRONMENT_LABEL);
}
