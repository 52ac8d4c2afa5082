import { ApiObject } from 'cdk8s';
import { ANOTHER_CLAIM, Member, namesNodes, pinOf, Placed } from './placed-pods';
import { Problem } from '../base/problems';
import { podTemplatesOf } from '../pod/enabled-mark';
import { HOSTNAME_LABEL } from '../pod/pod-labels';
import { isObject, listOf, mayBeList, objectsOf, podsOf, startsPods } from '../pod/pod-manifest';
import { isPart } from '../pod/pod-targets';
import { selectsLabels } from '../pod/selector-checks';
import { manifestAsWished } from '../pod/written-manifest';

/**
 * Pods that are to be spread over nodes away from others with which they share a claim for one node: beside those they may not start, and elsewhere they
 * cannot. Only a cluster of a single node lets them, where nobody misses the constraint.
 */
export function checkSpread(members: readonly Member[], pods: readonly Placed[]): Problem[] {
  return pods.flatMap(pod => listOf(pod.spec.topologySpreadConstraints).flatMap((constraint, i): Problem[] => {
    const others = !isCertain(constraint, pod) ? []
      : pods.filter(other => other !== pod && other.staysUp && selectsLabels(constraint.labelSelector, other.labels));
    const together = others.length + (selectsLabels(constraint?.labelSelector, pod.labels) ? 1 : 0);
    return others.length === 0 || together <= (constraint.maxSkew ?? 1) || selectsMore(members, constraint.labelSelector) ? [] : [{
      code: 'CDK8SNIX0221',
      prop: `topologySpreadConstraints[${i}]`,
      value: constraint.labelSelector,
      problem: `${pod.name} shares a claim for one node with ${others.map(({ name }) => name).join(', ')}, and has to be spread over nodes with what this selects.`,
      remedy: `Say whenUnsatisfiable: ScheduleAnyway, leave the constraint out, or ${ANOTHER_CLAIM}.`,
    }];
  }));
}

/** Whether pods are not started against a constraint, and what it compares are all nodes: of a pod that names its own, no other one counts. */
function isCertain(constraint: any, { spec }: Placed): boolean {
  const { topologyKey, whenUnsatisfiable = 'DoNotSchedule', matchLabelKeys, labelSelector } = constraint ?? {};
  const { matchLabels, matchExpressions } = isObject(labelSelector) ? labelSelector : {} as any;
  const selectsSome = Object.keys(matchLabels ?? {}).length + listOf(matchExpressions).length > 0;
  return topologyKey === HOSTNAME_LABEL && whenUnsatisfiable === 'DoNotSchedule' && listOf(matchLabelKeys).length === 0 && selectsSome
    && pinOf(spec) === undefined && !namesNodes(spec);
}

/** Whether the app has other pods that it selects: where one of them is on each node, nothing is out of balance. */
function selectsMore(members: readonly Member[], labelSelector: any): boolean {
  const targets = members.flatMap(member => member.targets);
  const isTheirs = (object: ApiObject, inner: any): boolean =>
    targets.some(target => target.object === object && (!mayBeList(object) || target.parts.some(part => isPart(part, inner))));
  return targets[0].object.node.root.node.findAll().filter(ApiObject.isApiObject).filter(startsPodsSomehow)
    .some(object => objectsIn(object).filter(inner => !isTheirs(object, inner))
      .some(inner => podsOf(inner, podTemplatesOf(object)).some(({ metadata }) => selectsLabels(labelSelector, metadata.labels ?? {}))));
}

function startsPodsSomehow(object: ApiObject): boolean {
  return startsPods(object) || mayBeList(object) || podTemplatesOf(object).length > 0;
}

function objectsIn(object: ApiObject): any[] {
  try {
    return objectsOf(manifestAsWished(object)).map(each => each.object);
  } catch {
    // What cannot be rendered is told by what renders it.
    return [];
  }
}
