import { ApiObject } from 'cdk8s';
import { annotationsOf, hooksOf, SYNC_WAVE } from './gitops-annotations';
import { Problem } from '../base/problems';
import { podTemplatesOf } from '../pod/enabled-mark';
import { NeededObjects } from '../pod/needed-objects';
import { listOf, mayBeList, podsOf, startsPods } from '../pod/pod-manifest';
import { metadataAsWished } from '../pod/written-manifest';

/** An object as its consumers name it, and the wave it is in. */
interface InWave {
  readonly name: string;
  readonly namespace?: string;
  readonly kind: string;
  readonly wave: number;
  readonly object: ApiObject;
}

/**
 * Argo CD begins a wave when all of the last one is healthy. A claim in an earlier wave than its pod may wait for that pod, its first
 * consumer, for ever, unless another pod of its own wave mounts it too; what a pod mounts and comes in a later wave keeps the pod, and so its wave, from getting healthy.
 */
export function checkWaves(objects: ApiObject[]): Problem[] {
  const all = objects.map((object): InWave => {
    const { name, namespace } = metadataAsWished(object);
    return { name, namespace, kind: object.kind, wave: waveOf(object), object };
  });
  const isIt = (one: Mounted, other: Mounted): boolean => one.kind === other.kind && one.name === other.name && one.namespace === other.namespace;
  return objects.flatMap(object => mountedBy(object).flatMap((volume): Problem[] => {
    const { kind } = volume;
    const mounted = all.find(other => isIt(volume, other));
    const wave = waveOf(object);
    const isBound = () => kind !== 'PersistentVolumeClaim' || objects.some(other => startsAtOnce(other) && waveOf(other) === mounted?.wave
      && mountedBy(other).some(another => isIt(volume, another)));
    const isInTime = () => mounted!.wave < wave ? isBound() : !startsAtOnce(object);
    if (!mounted || mounted.wave === wave || isOtherPhase(object, mounted.object) || isInTime()) {
      return [];
    }
    return [{
      code: 'CDK8SNIX1002',
      prop: `${kind} ${mounted.name} ${SYNC_WAVE}`,
      value: mounted.wave,
      problem: mounted.wave < wave
        ? `${object.node.path} mounts it in wave ${wave}. A claim that waits for its first consumer never lets that wave begin.`
        : `${object.node.path} mounts it already in wave ${wave}, and cannot start without it.`,
      remedy: 'Put both into one wave.',
    }];
  }));
}

/**
 * The wave of what pods need, if it names none itself: that of the first workload which needs it. Alone in wave 0 a claim would wait for its first
 * consumer, and Argo CD for the claim.
 *
 * @param syncWave the wave of workloads that name none
 */
export function waveToFollow(needed: ApiObject, syncWave?: number): number | undefined {
  const users = NeededObjects.workloadsThatNeed(needed).filter(user => !isOtherPhase(user, needed));
  const atOnce = users.filter(startsAtOnce);
  const waves = (atOnce.length > 0 ? atOnce : users).map(user => annotationsOf(user)[SYNC_WAVE]);
  const first = waves.some(wave => wave !== undefined) ? Math.min(...waves.map(wave => Number(wave ?? syncWave ?? 0))) : syncWave;
  return first === 0 && syncWave === undefined ? undefined : first;
}

/** Replacing a claim is deleting it, and its volume with it. */
export function checkClaimAnnotations(objects: ApiObject[]): Problem[] {
  const forbidden: Array<[annotation: string, value: RegExp]> = [
    ['argocd.argoproj.io/sync-options', /\b(Replace|Force)=true\b/],
    ['kustomize.toolkit.fluxcd.io/force', /^enabled$/i],
  ];
  return objects.filter(object => object.kind === 'PersistentVolumeClaim').flatMap(claim => forbidden.flatMap(([annotation, pattern]): Problem[] => {
    const value = annotationsOf(claim)[annotation];
    return value === undefined || !pattern.test(value) ? [] : [{
      code: 'CDK8SNIX1003',
      prop: `PersistentVolumeClaim ${claim.name} ${annotation}`,
      value,
      problem: 'The claim would be deleted and made again, with an empty volume.',
      remedy: 'Leave it out.',
    }];
  }));
}

interface Mounted {
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string;
}

function mountedBy(object: ApiObject): Mounted[] {
  const podTemplates = podTemplatesOf(object);
  if (!startsPods(object) && !mayBeList(object) && podTemplates.length === 0) {
    return [];
  }
  return podsOf(object.toJson(), podTemplates).flatMap(({ owner, spec }) => listOf(spec.volumes).flatMap(({ persistentVolumeClaim, configMap }) => [
    ...(persistentVolumeClaim ? [{ kind: 'PersistentVolumeClaim', name: persistentVolumeClaim.claimName, namespace: owner.metadata?.namespace }] : []),
    ...(configMap ? [{ kind: 'ConfigMap', name: configMap.name, namespace: owner.metadata?.namespace }] : []),
  ]));
}

/** A pod of its own at the time of the sync, which binds the claims it mounts. */
function startsAtOnce(object: ApiObject): boolean {
  return object.kind !== 'CronJob';
}

/** Waves are counted within a phase: what is a hook is in one of its own. */
function isOtherPhase(a: ApiObject, b: ApiObject): boolean {
  return hooksOf(annotationsOf(a)).join() !== hooksOf(annotationsOf(b)).join();
}

function waveOf(object: ApiObject): number {
  return Number(annotationsOf(object)[SYNC_WAVE] ?? 0);
}
