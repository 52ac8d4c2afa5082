import { StoreReach, VolumePlaces } from '../pod/bound-store';
import { isKind } from '../pod/object-kind';
import { withFields } from '../pod/plain-value';

/** Whether no two pods can use a volume, wherever they are. */
export function servesOnePlace({ reach }: VolumePlaces): boolean {
  return reach === StoreReach.ONE_POD || reach === StoreReach.ONE_NODE;
}

/** Which of the two lets fewer pods be: a home on a claim of its own may be for one pod where the store is for many. */
export function narrower(store: VolumePlaces, home: VolumePlaces): VolumePlaces {
  return home.reach < store.reach ? home : store;
}

/**
 * A workload that has one pod at a time, where its store cannot serve more and nobody asked for anything else. What was asked for stays, and
 * is refused by the checks.
 *
 * @param object a workload's manifest
 * @param isAskedFor whether somebody asked for a field of its spec
 */
export function fitToStore(object: any, places: VolumePlaces, isAskedFor: (field: string) => boolean): any {
  if (!servesOnePlace(places)) {
    return object;
  }
  const missing = onePodAtATime(object).filter(([field]) => !isAskedFor(field));
  return missing.length === 0 ? object : { ...object, spec: withFields(object.spec, Object.fromEntries(missing)) };
}

function onePodAtATime(object: any): Array<readonly [field: string, value: unknown]> {
  if (isKind(object, 'Deployment', 'apps', 'extensions') || isKind(object, 'DeploymentConfig', 'apps.openshift.io')) {
    // No number is one already, or leaves it to an autoscaler.
    const recreate = ['strategy', { type: 'Recreate' }] as const;
    return object.spec?.replicas === undefined ? [recreate] : [['replicas', 1], recreate];
  }
  if (isKind(object, 'CronJob', 'batch')) {
    return [['concurrencyPolicy', 'Forbid']];
  }
  return isKind(object, 'Rollout', 'argoproj.io') ? [['strategy', { canary: { maxSurge: 0, maxUnavailable: 1 } }]] : [];
}
