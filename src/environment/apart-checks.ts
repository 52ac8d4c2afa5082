import { staysUp } from './workload-checks';
import { Problem } from '../base/problems';
import { podTemplatesOf } from '../pod/enabled-mark';
import { isKind } from '../pod/object-kind';
import { ENVIRONMENT_LABEL, HOSTNAME_LABEL, requiredTerms } from '../pod/pod-labels';
import { isList, isObject, listOf, objectsOf, PodManifest, podsOf } from '../pod/pod-manifest';
import { isPart, PodTarget } from '../pod/pod-targets';
import { selectsLabels } from '../pod/selector-checks';
import { isPatched, manifestAsPatched, manifestToCheck } from '../pod/written-manifest';

/** An environment whose pods have to be on one node with those of others. */
interface Member {
  readonly path: string;
  readonly label: string;
  readonly targets: readonly PodTarget[];
}

/** A pod that has to be on the node of others, and what it says itself of nodes. */
interface Placed {
  readonly name: string;
  readonly staysUp: boolean;
  readonly spec: any;
  readonly labels: { readonly [name: string]: unknown };
  readonly namespace: string | undefined;
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const ANOTHER_CLAIM = 'give one of them an environment with another claim, or a shared one (READ_WRITE_MANY with shared: true)';

/** Workloads that share claims for one node, and whose pods can never be on one: as long as one runs, the other waits for ever. What ends lets the next one go. */
export function checkApart(members: readonly Member[]): Problem[] {
  const pods = members.flatMap(member => member.targets.flatMap(target => placedOf(member, target, members.length > 1)));
  return [...checkNodes(pods.filter(({ spec }) => nodesOf(spec).length > 0)), ...checkFree(pods), ...checkAntiAffinity(pods)];
}

function placedOf({ path, label }: Member, { object, parts }: PodTarget, isOneOfSeveral: boolean): Placed[] {
  try {
    // With what is ours: a patch may rest on it.
    const manifest = isPatched(object) ? manifestAsPatched(object) : manifestToCheck(object);
    return objectsOf(manifest).map(inner => inner.object).filter(inner => !isList(manifest) || parts.some(part => isPart(part, inner)))
      .filter(inner => inner.spec?.replicas !== 0)
      .flatMap(inner => podsOf(inner, podTemplatesOf(object)).filter(({ spec }) => isObject(spec)).map((pod): Placed => ({
        name: `${inner.kind}/${inner.metadata?.name}${isOneOfSeveral ? ` of ${path}` : ''}`,
        staysUp: staysUp(inner) || (isKind(inner, 'Pod', 'core') && [undefined, 'Always'].includes(pod.spec.restartPolicy)),
        spec: pod.spec,
        labels: labelsOf(pod, label),
        namespace: inner.metadata?.namespace,
      })));
  } catch {
    // What cannot be rendered is told by what renders it.
    return [];
  }
}

function labelsOf({ metadata }: PodManifest, label: string): Placed['labels'] {
  return { ...(isObject(metadata.labels) ? metadata.labels : {}), [ENVIRONMENT_LABEL]: label };
}

/** What a pod asks of its node: labels, and its name. */
function nodesOf({ affinity, nodeName, nodeSelector }: any): Array<readonly [what: string, value: unknown, prop: string]> {
  const selected = Object.entries(isObject(nodeSelector) ? nodeSelector : {});
  const terms = listOf(affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms);
  // Of several terms any may hold, and of several values any.
  const required = (terms.length === 1 ? listOf(terms[0]?.matchExpressions) : [])
    .filter(each => each?.operator === 'In' && listOf(each.values).length === 1);
  return [
    ...selected.map(([label, value]) => [label, value, `nodeSelector.${label}`] as const),
    ...required.map(({ key, values }) => [key, values[0], `affinity.nodeAffinity.${key}`] as const),
    ...(nodeName ? [['nodeName', nodeName, 'nodeName'] as const] : []),
  ];
}

/** Each that asks for another node than one before it. */
function checkNodes(pods: readonly Placed[]): Problem[] {
  const asked = new Map<string, Array<readonly [value: unknown, pod: Placed]>>();
  return pods.flatMap((pod): Problem[] => nodesOf(pod.spec).flatMap(([what, value, prop]): Problem[] => {
    const before = asked.get(what) ?? [];
    const clash = before.find(([other, { staysUp: stays }]) => other !== value && (stays || pod.staysUp));
    if (!before.some(([other, { staysUp: stays }]) => other === value && stays === pod.staysUp)) {
      asked.set(what, [...before, [value, pod]]);
    }
    return clash === undefined ? [] : [{
      code: 'CDK8SNIX0221',
      prop,
      value,
      problem: `${pod.name} shares a claim for one node with ${clash[1].name}, which has to be where it is ${JSON.stringify(clash[0])}.`,
      remedy: `Say the same in both, or ${ANOTHER_CLAIM}.`,
    }];
  }));
}

/** One that may go anywhere, and keeps the claim there, beside one that has to be on a node that it names. */
function checkFree(pods: readonly Placed[]): Problem[] {
  const pinned = pods.find(({ spec }) => pinOf(spec) !== undefined);
  const [what, value, prop] = pinned ? pinOf(pinned.spec)! : [];
  return pinned === undefined ? [] : pods.filter(({ spec, staysUp: stays }) => stays && isFree(spec)).map((pod): Problem => ({
    code: 'CDK8SNIX0221',
    prop: prop!,
    value: undefined,
    problem: `${pod.name} may start on any node, and its claim, which it shares with ${pinned.name}, would keep that from the node ${value}.`,
    remedy: `Give it the same ${what === 'nodeName' ? `nodeName: ${value}` : `nodeSelector, ${HOSTNAME_LABEL}: ${value}`}, or ${ANOTHER_CLAIM}.`,
  }));
}

function pinOf(spec: any): readonly [what: string, value: unknown, prop: string] | undefined {
  const asked = nodesOf(spec);
  return asked.find(([what]) => what === 'nodeName') ?? asked.find(([what]) => what === HOSTNAME_LABEL);
}

/** Whether nothing tells on which node a pod is. Of an affinity that names nodes, or of other pods, nobody knows here where it leads. */
function isFree(spec: any): boolean {
  const terms = listOf(spec.affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms);
  const namesNodes = terms.some(term =>
    listOf(term?.matchFields).length > 0 || listOf(term?.matchExpressions).some(each => each?.key === HOSTNAME_LABEL));
  return pinOf(spec) === undefined && requiredTerms(spec.affinity).every(isOurs) && !namesNodes;
}

/** Whether it is by such a term that workloads are kept on one node. */
function isOurs(term: any): boolean {
  const labelSelector = term?.labelSelector;
  return labelSelector?.matchLabels?.[ENVIRONMENT_LABEL] !== undefined
    || listOf(labelSelector?.matchExpressions).some(each => each?.key === ENVIRONMENT_LABEL);
}

function checkAntiAffinity(pods: readonly Placed[]): Problem[] {
  return pods.flatMap((pod): Problem[] => {
    const terms = listOf(pod.spec.affinity?.podAntiAffinity?.[REQUIRED]).filter(term => term?.topologyKey === HOSTNAME_LABEL);
    const other = terms.length === 0 ? undefined
      : pods.find(each => each !== pod && (each.staysUp || pod.staysUp) && terms.some(term => excludes(term, each, pod.namespace)));
    return other === undefined ? [] : [{
      code: 'CDK8SNIX0221',
      prop: 'affinity.podAntiAffinity',
      value: terms.find(term => excludes(term, other, pod.namespace)).labelSelector,
      problem: `${pod.name} shares a claim for one node with ${other.name}, and may not be on one with it.`,
      remedy: `Leave the term out, or ${ANOTHER_CLAIM}.`,
    }];
  });
}

/** Whether a term is certain to keep a pod away; what depends on the labels of namespaces, or of a revision, is not. */
function excludes({ labelSelector, namespaces, namespaceSelector, ...term }: any, { labels, namespace }: Placed, own: string | undefined): boolean {
  const isThere = listOf(namespaces).length > 0 ? listOf(namespaces).includes(namespace ?? own) : true;
  const isSimple = ['matchLabelKeys', 'mismatchLabelKeys'].every(field => term[field] === undefined);
  const isInAll = Object.keys(namespaceSelector ?? {}).length === 0;
  return isSimple && isThere && isInAll && selectsLabels(labelSelector, labels);
}
