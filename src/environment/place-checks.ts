import { servesOnePlace } from './fit-to-store';
import { isKnative } from './knative';
import { staysUp } from './workload-checks';
import { Problem } from '../base/problems';
import { StoreReach, VolumePlaces } from '../pod/bound-store';
import { isKind } from '../pod/object-kind';
import { listOf, PodManifest } from '../pod/pod-manifest';
import { PodTargetPart } from '../pod/pod-targets';
import { KEDA_MOST_REPLICAS, Starters, StartingRollout } from '../pod/starters';
import { isNone } from '../pod/strategy-checks';

/** How many pods an object starts, and whether old and new ones may meet, against what its volumes can serve. */
export function checkPlaces(places: VolumePlaces, object: any, pods: PodManifest[], starters: Starters): Problem[] {
  if (!servesOnePlace(places)) {
    return [];
  }
  const mode = places.reach === StoreReach.ONE_POD ? 'ReadWriteOncePod' : 'ReadWriteOnce';
  return [
    ...checkCount(mode, places.what, object, pods, starters),
    ...checkUpdate(mode, object),
    ...starters.rollouts.flatMap(rollout => checkRollout(mode, rollout)),
  ];
}

/** Workloads of one environment whose volume is for one pod: beside one that runs all the time, all others would wait for ever. */
export function checkRivals({ what, reach }: VolumePlaces, ofAll: () => readonly PodTargetPart[]): Problem[] {
  const workloads = reach === StoreReach.ONE_POD ? ofAll() : [];
  return workloads.length < 2 || !workloads.some(staysUp) ? [] : [{
    code: 'CDK8SNIX0206',
    prop: what,
    value: 'ReadWriteOncePod',
    problem: `Several workloads need it at once: ${workloads.map(({ kind, name }) => `${kind}/${name}`).join(', ')}.`,
    remedy: `Use an environment for each, ${REMEDIES[what]}.`,
  }];
}

/** What lets several pods be, by what lets only one. */
const REMEDIES: { readonly [what: string]: string } = {
  store: 'a store for each pod (NixStore.ephemeral(), NixStore.emptyDir(), or NixStore.perReplica() in a StatefulSet), or a shared one (READ_WRITE_MANY with shared: true)',
  home: 'a home for each pod (NixHome.ephemeral()), or a shared one (READ_WRITE_MANY)',
};

/** What counts pods beside their template, by the fields of kinds that are known and of custom resources that have become common. */
const COUNTS = Object.entries<readonly [several: string, one: string]>({
  replicas: ['Several replicas', 'one replica'],
  parallelism: ['Several pods of a run', 'one pod a run'],
  // A group of Ray's workers, and the runners of GitHub's controller.
  maxReplicas: ['Several replicas', 'one replica'],
  maxRunners: ['Several runners', 'one runner'],
});

function checkCount(mode: string, what: string, object: any, pods: PodManifest[], { autoscaledTo, rollouts }: Starters): Problem[] {
  const tooMany = (prop: string, value: unknown, problem: string, remedy = ''): Problem => ({
    code: 'CDK8SNIX0206',
    prop,
    value,
    problem: `${problem}, and the ${what} is ${mode}: the other pods would wait for its volume for ever.`,
    remedy: `Use ${remedy}${REMEDIES[what]}.`,
  });
  if (isKind(object, 'CronJob', 'batch') && object.spec?.concurrencyPolicy === 'Allow') {
    return [tooMany('concurrencyPolicy', object.spec.concurrencyPolicy, 'A run may start before the last one has ended', 'ConcurrencyPolicy.FORBID, ')];
  }
  if (isKind(object, 'DaemonSet', 'apps', 'extensions', 'apps.kruise.io')) {
    return [tooMany(what, mode, 'A DaemonSet runs a pod on every node')];
  }
  if (isKnative(object)) {
    return [tooMany(what, mode, 'Knative adds pods as requests come, and starts those of a new revision beside the old ones')];
  }
  if (isKind(object, 'ScaledJob', 'keda.sh') && (object.spec?.maxReplicaCount ?? KEDA_MOST_REPLICAS) > 1) {
    return [tooMany('maxReplicaCount', object.spec?.maxReplicaCount, 'KEDA starts Jobs beside each other', 'maxReplicaCount: 1, ')];
  }
  if (autoscaledTo > 1) {
    return [tooMany(what, mode, 'An autoscaler adds replicas', 'at most one replica, ')];
  }
  const own = rollouts.length === 0 ? 0 : ownReplicas(object);
  const all = rollouts.reduce((sum, { replicas }) => sum + replicas, own);
  if (all > 1) {
    const beside = own > 0 ? `, beside ${object.kind === 'Deployment' ? 'the Deployment\'s' : 'its'} own,` : ',';
    return [tooMany('replicas', all, `Several replicas, those of ${rollouts.map(({ name }) => `Rollout/${name}`).join(' and ')}${beside} need the ${what} at once`,
      own > 0 ? `replicas: 0 in ${object.kind}/${object.metadata?.name} and one replica in the Rollout, ` : 'one replica, ')];
  }
  if (pods.length > 1) {
    return [tooMany('podTemplates', pods.map(pod => pod.path), `The object starts several pods, which need the ${what} at once`)];
  }
  return pods.flatMap(({ beside = {} }) => COUNTS.filter(([field]) => beside[field] > 1)
    .map(([field, [several, one]]) => tooMany(field, beside[field], `${several} need the ${what} at once`, `${one}, `)));
}

/** How many pods a workload starts by itself, besides a Rollout that runs its pods. */
function ownReplicas(object: any): number {
  return isKind(object, 'PodTemplate', 'core') ? 0 : object.spec?.replicas ?? 1;
}

function checkUpdate(mode: string, object: any): Problem[] {
  const { strategy } = object.spec ?? {};
  if (isKind(object, 'Deployment', 'apps', 'extensions') && strategy?.type !== 'Recreate' && !isNone(strategy?.rollingUpdate?.maxSurge)) {
    return [waits(mode, strategy?.type ?? 'RollingUpdate', 'Use DeploymentStrategy.recreate(), or leave it out.')];
  }
  if (isKind(object, 'DeploymentConfig', 'apps.openshift.io') && strategy?.type !== 'Recreate'
    && !(strategy?.type === 'Rolling' && isNone(strategy.rollingParams?.maxSurge))) {
    return [waits(mode, strategy?.type, 'Use strategy: { type: "Recreate" }, or leave it out.')];
  }
  if (isKind(object, 'Rollout', 'argoproj.io') && !stopsOldFirst(strategy)) {
    return [waits(mode, asked(strategy), `Use ${STOPS_OLD_FIRST}, or leave it out.`)];
  }
  return [];
}

/** A Rollout that runs the pods of another workload: nothing is put right in that, since it does not get Nix. */
function checkRollout(mode: string, { name, strategy }: StartingRollout): Problem[] {
  return stopsOldFirst(strategy) ? [] : [waits(mode, asked(strategy), `In Rollout/${name} use ${STOPS_OLD_FIRST}.`)];
}

function waits(mode: string, value: unknown, remedy: string): Problem {
  return {
    code: 'CDK8SNIX0207',
    prop: 'strategy',
    value,
    problem: `The new pod would wait for the ${mode} volume of the old one, and the old one for the new one to be ready.`,
    remedy,
  };
}

const STOPS_OLD_FIRST = 'a canary with maxSurge: 0 and maxUnavailable: 1 that routes no traffic, which stops the old pod first';

function stopsOldFirst(strategy: any): boolean {
  return strategy?.canary !== undefined && isNone(strategy.canary?.maxSurge) && besideOldOnes(strategy) === undefined;
}

/** What of a canary starts pods beside the old ones, whatever its maxSurge. */
function besideOldOnes({ canary }: any): string | undefined {
  const step = listOf(canary?.steps).flatMap(each => ['setCanaryScale', 'experiment'].filter(name => each?.[name] !== undefined))[0];
  return canary?.trafficRouting === undefined ? step && `canary.steps.${step}` : 'canary.trafficRouting';
}

/** What a strategy asks for, as messages show it. */
function asked(strategy: any = {}): string | undefined {
  return besideOldOnes(strategy) ?? Object.keys(strategy)[0];
}
