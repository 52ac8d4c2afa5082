import { ApiObject, Chart } from 'cdk8s';
import { DoorKeeper } from './door-keeper';
import { checkKnative } from './knative';
import { isKnown, podMetadataOf, remember, shapeOf } from './known-workloads';
import { checkNamespace } from './namespace-checks';
import { checkPlaces } from './place-checks';
import { checkRoot } from './privilege-checks';
import { checkPrograms } from './program-checks';
import { checkKind, checkPod, checkServedStore, noContainer, noPod } from './workload-checks';
import { Problem } from '../base/problems';
import { hasDefaults } from '../pod/asked-for';
import { checkNames, checkPlainPod, checkPlainWorkload } from '../pod/container-checks';
import { checkObjectShapes, checkShapes, isMetadataReadable } from '../pod/field-shapes';
import { containersOf, PodManifest, podsOf } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';
import { checkSelector } from '../pod/selector-checks';
import { startAny, Starters, startersOf } from '../pod/starters';
import { isPatched } from '../pod/written-manifest';

/** What the checks of a workload look at. */
export interface Looked {
  /** Its manifest as it was made, or as patches leave it. */
  readonly made: any;
  /** The same, fit to the store. */
  readonly fitted: any;
  /** The same as others know it: with the name and the namespace that patches give it. */
  readonly wished: any;
  readonly additions: PodAdditions;
  /** Its pod without what is ours. */
  readonly theirs: (pod: PodManifest) => PodManifest;
}

/** What is wrong with a workload that gets Nix. */
export function checkWorkload(object: ApiObject, keeper: DoorKeeper, podTemplates: readonly string[], looked: Looked): Problem[] {
  const { fitted, additions, wished } = looked;
  const starters = startersOf(object, wished);
  const isPlain = !isPatched(object) && podTemplates.length === 0 && !startAny(starters);
  const shape = isPlain ? shapeOf(fitted, additions, keeper, hasDefaults(object)) : undefined;
  if (shape !== undefined && isKnown(shape) && isNamedWell(object, keeper, fitted, additions)) {
    return [];
  }
  const problems = checkAll(object, keeper, podTemplates, looked, starters);
  if (shape !== undefined && problems.length === 0) {
    remember(shape);
  }
  return problems;
}

function checkAll(
  object: ApiObject, { home, places, programs, scope, store, user }: DoorKeeper, podTemplates: readonly string[],
  { additions, fitted, made, theirs, wished }: Looked, starters: Starters,
): Problem[] {
  const found = podsOf(fitted, podTemplates);
  const misshapen = [...checkObjectShapes(made), ...found.flatMap(checkShapes)];
  if (misshapen.length > 0) {
    return misshapen;
  }
  if (found.length === 0) {
    return [noPod(made)];
  }
  const own = found.map((pod): PodManifest => theirs(pod));
  return [
    ...own.flatMap(pod => [
      ...checkPlainWorkload(pod, () => nameIsMade(object, made)),
      ...checkPlainPod(pod),
      ...(containersOf(pod).some(({ sort }) => sort === 'containers') ? [] : [noContainer(pod.owner)]),
      ...checkPod(pod, additions, user),
      ...checkServedStore(pod, store, home),
      ...checkKnative(pod, additions),
      ...(user.isRoot && !hasDefaults(object) ? checkRoot(pod, additions) : []),
      ...checkPrograms(pod, programs, additions.firstContainers),
    ]),
    ...checkKind(store, fitted),
    ...own.flatMap(pod => checkSelector(fitted, { ...pod.metadata.labels, ...additions.labels })),
    ...checkPlaces(places, fitted, own, starters),
    ...checkNamespace(scope, wished),
  ];
}

/** What the checks read of a workload beside its shape; `checkAll` tells what is wrong with it. */
function isNamedWell(object: ApiObject, { scope }: DoorKeeper, manifest: any, { labels }: PodAdditions): boolean {
  const podMetadata = podMetadataOf(manifest);
  return isMetadataReadable(manifest, podMetadata) && checkNames(manifest, podMetadata, () => nameIsMade(object, manifest)).length === 0
    && checkSelector(manifest, { ...podMetadata.labels, ...labels }).length === 0 && checkNamespace(scope, manifest).length === 0;
}

/** Whether a name was made of the ids of constructs. */
function nameIsMade(object: ApiObject, { metadata }: any): boolean {
  return metadata?.name === object.name && Chart.of(object).generateObjectName(object) === object.name;
}
