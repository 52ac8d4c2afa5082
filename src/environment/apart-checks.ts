import { ANOTHER_CLAIM, isFree, Member, nodesOf, nodeTerms, pinOf, Placed, placedPods, REQUIRED, selectedBy } from './placed-pods';
import { checkSpread } from './spread-checks';
import { Problem } from '../base/problems';
import { HOSTNAME_LABEL } from '../pod/pod-labels';
import { listOf } from '../pod/pod-manifest';
import { selectsLabels } from '../pod/selector-checks';

/** Workloads that share claims for one node, and whose pods can never be on one: as long as one runs, the other waits for ever. What ends lets the next one go. */
export function checkApart(members: readonly Member[]): Problem[] {
  const pods = placedPods(members);
  return [
    ...checkNodes(pods.filter(({ spec }) => nodesOf(spec).length > 0)), ...checkFree(pods), ...checkAntiAffinity(pods), ...checkSpread(members, pods),
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
  return pinned === undefined ? checkPools(pods) : pods.filter(({ spec, staysUp: stays }) => stays && isFree(spec)).map((pod): Problem => ({
    code: 'CDK8SNIX0221',
    prop: prop!,
    value: undefined,
    problem: `${pod.name} may start on any node, and its claim, which it shares with ${pinned.name}, would keep that from the node ${value}.`,
    remedy: `Give it the same ${what === 'nodeName' ? `nodeName: ${value}` : `nodeSelector, ${HOSTNAME_LABEL}: ${value}`}, or ${ANOTHER_CLAIM}.`,
  }));
}

/** What nodes nearly all have, or what those have for which a store is. */
const OF_ALL_NODES = /^(beta\.)?kubernetes\.io\/(os|arch)$/;

/** The same beside one that has to be on nodes of some kind, a pool for example. */
function checkPools(pods: readonly Placed[]): Problem[] {
  const pooled = pods.find(({ spec }) => poolOf(spec) !== undefined);
  const { where, same, prop } = pooled ? poolOf(pooled.spec)! : { where: '', same: '', prop: '' };
  return pooled === undefined ? [] : pods.filter(({ spec, staysUp: stays }) => stays && isFree(spec) && isAnywhere(spec)).map((pod): Problem => ({
    code: 'CDK8SNIX0221',
    prop,
    value: undefined,
    problem: `${pod.name} may start on any node, and its claim, which it shares with ${pooled.name}, would keep that from the nodes ${where}.`,
    remedy: `Give it the same ${same}, or ${ANOTHER_CLAIM}.`,
  }));
}

/** Which nodes a pod has to be on, if they are but some of all. */
function poolOf(spec: any): { readonly where: string; readonly same: string; readonly prop: string } | undefined {
  const labels = selectedBy(spec).filter(([label]) => !OF_ALL_NODES.test(label)).map(([label, value]) => `${label}: ${JSON.stringify(value)}`).join(', ');
  if (labels !== '') {
    return { where: `with ${labels}`, same: `nodeSelector, ${labels}`, prop: 'nodeSelector' };
  }
  const terms = nodeTerms(spec);
  const isSome = (each: any): boolean => ['In', 'Exists'].includes(each?.operator) && !OF_ALL_NODES.test(each.key);
  return terms.length > 0 && terms.every(term => listOf(term?.matchExpressions).some(isSome))
    ? { where: 'that its affinity names', same: 'affinity.nodeAffinity (of cdk8s-plus: scheduling.attract)', prop: 'affinity.nodeAffinity' } : undefined;
}

function isAnywhere(spec: any): boolean {
  return nodeTerms(spec).length === 0 && selectedBy(spec).every(([label]) => OF_ALL_NODES.test(label));
}

/** What is one for all pods of a node. Where nodes have no zones, a term about them is to no purpose. */
const PLACES: readonly string[] = [
  HOSTNAME_LABEL, ...['zone', 'region'].flatMap(place => [`topology.kubernetes.io/${place}`, `failure-domain.beta.kubernetes.io/${place}`]),
];

function checkAntiAffinity(pods: readonly Placed[]): Problem[] {
  return pods.flatMap((pod): Problem[] => {
    const terms = listOf(pod.spec.affinity?.podAntiAffinity?.[REQUIRED]).filter(term => PLACES.includes(term?.topologyKey));
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
