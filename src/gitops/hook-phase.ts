import { ApiObject } from 'cdk8s';
import { Annotations, annotationsOf, ARGO_CD_HOOK, HELM_HOOK, HELM_HOOK_WEIGHT, hooksOf, SYNC_WAVE } from './gitops-annotations';
import { waveToFollow } from './sync-waves';
import { Problem } from '../base/problems';
import { NeededObjects } from '../pod/needed-objects';

/** Hooks that run when what is no hook is not there yet, or no more. */
const WITHOUT_OTHERS: readonly string[] = ['PreSync', 'PostDelete', 'pre-install', 'pre-upgrade', 'pre-rollback', 'post-delete'];

const HOOKS = [ARGO_CD_HOOK, HELM_HOOK];

/** When in a hook something is applied. */
const TIMES = [SYNC_WAVE, HELM_HOOK_WEIGHT];

/**
 * What pods need is there when they start. What names no wave is in that of the first workload which needs it. A workload that is a hook of Argo CD or
 * Helm may run before the objects that its pods need are applied. ConfigMaps that only such pods need come into the phase with them. Others cannot be
 * taken away from who needs them too, and a claim must not: tools delete a hook before they make it again.
 *
 * @param needed what the pods of the workload need
 */
export function takeIntoPhase(workload: ApiObject, needed: NeededObjects): Problem[] {
  const annotations = annotationsOf(workload);
  const hook = hooksOf(annotations).find(name => WITHOUT_OTHERS.includes(name));
  if (hook === undefined) {
    if (SYNC_WAVE in annotations) {
      needed.objects().filter(object => !(SYNC_WAVE in annotationsOf(object))).forEach(followWave);
    }
    return [];
  }
  return needed.objects().flatMap(object => {
    const prop = `${object.kind} ${object.name}`;
    const refuse = (problem: string, remedy: string): Problem[] => [{ code: 'CDK8SNIX1005', prop, value: hook, problem, remedy }];
    if (object.kind === 'PersistentVolumeClaim') {
      return refuse(`${workload.node.path} runs when it does not exist, and as a hook it would be deleted and made again, with an empty volume.`, ANOTHER_STORE);
    }
    if (hooksOf(annotationsOf(object)).includes(hook)) {
      return [];
    }
    const users = NeededObjects.workloadsThatNeed(object);
    const other = users.find(user => !isSameHook(annotationsOf(user), annotations));
    if (other) {
      return refuse(`${workload.node.path} runs when it does not exist, and ${other.node.path} needs it too.`, OWN_CHART);
    }
    HOOKS.filter(name => name in annotations).forEach(name => object.metadata.addAnnotation(name, annotations[name]));
    TIMES.forEach(name => addEarliest(object, users, name));
    return [];
  });
}

/** Where Argo CD applies it by waves, in that of the workload. */
function followWave(object: ApiObject): void {
  const wave = waveToFollow(object);
  if (wave !== undefined) {
    object.metadata.addAnnotation(SYNC_WAVE, String(wave));
  }
}

/** As early as the first of those that need it: within one time tools apply ConfigMaps before pods. */
function addEarliest(object: ApiObject, users: ApiObject[], name: string): void {
  const times = users.map(user => annotationsOf(user)[name]);
  if (times.some(time => time !== undefined) && !(name in annotationsOf(object))) {
    object.metadata.addAnnotation(name, String(Math.min(...times.map(time => Number(time ?? 0)))));
  }
}

const ANOTHER_STORE = 'Use NixStore.emptyDir(), ephemeral() or existing(), for a home NixHome.ephemeral() or existing(), '
  + 'or leave the hook out and order charts by GitOps.argoCd(chart, { syncWave: -1 }).';
const OWN_CHART = 'Put the hook into a chart of its own, with an environment of its own.';

function isSameHook(a: Annotations, b: Annotations): boolean {
  return HOOKS.every(name => a[name] === b[name]);
}
