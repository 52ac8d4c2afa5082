import * as kplus from 'cdk8s-plus-28';
import { describe, Problem } from '../base/problems';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { BoundStore, StoreReach } from '../pod/bound-store';
import { checkPlainKubernetes } from '../pod/container-checks';
import { PodAdditions } from '../pod/pod-spec';

/** Capabilities that Pod Security `restricted` lets a container add. */
const ALLOWED_CAPABILITIES: readonly string[] = ['NET_BIND_SERVICE'];

/**
 * What is wrong with a workload that has Nix: asked at synth, when all its containers are known.
 */
export function checkWorkload(workload: kplus.AbstractPod, additions: PodAdditions, user: NixUser, store: BoundStore): string[] {
  const containers = [...workload.initContainers, ...workload.containers];
  return [
    ...checkPlainKubernetes(workload),
    ...checkKind(store, workload),
    ...checkPlaces(store, workload),
    ...checkIds('securityContext', workload.securityContext, user, additions),
    ...checkNames(workload, additions),
    ...containers.flatMap(container => [
      ...checkPrivileges(container, user),
      ...(additions.containerNames?.has(container.name) ?? true
        ? [...checkIds(`containers[${container.name}].securityContext`, container.securityContext, user), ...checkMounts(container, additions)]
        : []),
    ]),
  ].map(describe);
}

/** What only some kinds of workload can have, or cannot do without. */
function checkKind(store: BoundStore, workload: kplus.AbstractPod): Problem[] {
  const problems: Problem[] = [];
  if (store.claimTemplate && !(workload instanceof kplus.StatefulSet)) {
    problems.push({
      code: 'CDK8SNIX0209',
      prop: 'store',
      value: 'perReplica',
      problem: 'Only a StatefulSet makes a claim for each of its pods.',
      remedy: 'Use NixStatefulSet, or NixStore.ephemeral() for a volume that dies with its pod.',
    });
  }
  const ends = workload instanceof kplus.Job || workload instanceof kplus.CronJob;
  if (ends && workload.containers.length === 0) {
    problems.push({
      code: 'CDK8SNIX0507', prop: 'containers', value: [], problem: 'What a Job runs has no default.', remedy: 'Give it a container.',
    });
  }
  if (!(workload instanceof kplus.Pod) && ends === (workload.restartPolicy === kplus.RestartPolicy.ALWAYS)) {
    problems.push({
      code: 'CDK8SNIX0508',
      prop: 'restartPolicy',
      value: workload.restartPolicy,
      problem: `${ends ? 'A Job ends' : 'This workload stays up'}, and Kubernetes refuses this policy for it.`,
      remedy: ends ? 'Use NEVER or ON_FAILURE.' : 'Leave it out.',
    });
  }
  return problems;
}

/** How many pods there may be, and whether old and new ones may meet. */
function checkPlaces(store: BoundStore, workload: kplus.AbstractPod): Problem[] {
  if (store.reach === StoreReach.EACH_POD || store.reach === StoreReach.MANY_NODES) {
    return [];
  }
  const problems: Problem[] = [];
  const mode = store.reach === StoreReach.ONE_POD ? 'ReadWriteOncePod' : 'ReadWriteOnce';
  const tooMany = (prop: string, value: unknown, problem: string): number => problems.push({
    code: 'CDK8SNIX0206',
    prop,
    value,
    problem: `${problem}, and the store is ${mode}: the other pods would wait for its volume for ever.`,
    remedy: 'Use one replica, a store for each pod (NixStore.ephemeral(), NixStore.emptyDir(), or NixStore.perReplica() in a StatefulSet), or a shared one (READ_WRITE_MANY with shared: true).',
  });

  if (workload instanceof kplus.CronJob && workload.concurrencyPolicy === kplus.ConcurrencyPolicy.ALLOW) {
    tooMany('concurrencyPolicy', workload.concurrencyPolicy, 'A run may start before the last one has ended');
  }
  if (workload instanceof kplus.DaemonSet) {
    tooMany('store', mode, 'A DaemonSet runs a pod on every node');
  }
  if (workload instanceof kplus.Deployment || workload instanceof kplus.StatefulSet) {
    if (workload.hasAutoscaler) {
      tooMany('store', mode, 'An autoscaler adds replicas');
    } else if ((workload.replicas ?? 1) > 1) {
      tooMany('replicas', workload.replicas, 'Several replicas need the store at once');
    }
  }
  if (workload instanceof kplus.Deployment && isRolling(workload.strategy)) {
    problems.push({
      code: 'CDK8SNIX0207',
      prop: 'strategy',
      value: 'RollingUpdate',
      problem: `The new pod would wait for the ${mode} volume of the old one, and the old one for the new one to be ready.`,
      remedy: 'Use DeploymentStrategy.recreate(), or leave it out.',
    });
  }
  return problems;
}

/** A ready-made store at /nix hides the one of the image, and is not ours to write to. */
export function checkServedStore(workload: kplus.AbstractPod, store: BoundStore, image: NixImage, home: NixHome): string[] {
  if (!store.served) {
    return [];
  }
  const problems: Problem[] = [];
  if (home.isOnStoreVolume) {
    problems.push({
      code: 'CDK8SNIX0212',
      prop: 'home',
      value: 'onStoreVolume',
      problem: 'The volume belongs to the driver that serves it.',
      remedy: 'Use NixHome.ephemeral(), or mount a volume of yours.',
    });
  }
  const upstream = NixImage.upstream().reference;
  const images = workload.containers.length > 0 ? workload.containers.map(container => container.image) : [image.reference];
  if (images.includes(upstream)) {
    problems.push({
      code: 'CDK8SNIX0212',
      prop: 'image',
      value: upstream,
      problem: 'All programs of this image are in its /nix, the shell too, and the volume of the driver hides them.',
      remedy: 'Give the workload an image of an ordinary distribution.',
    });
  }
  return problems.map(describe);
}

export function isRolling(strategy: kplus.DeploymentStrategy): boolean {
  return (strategy as unknown as { _toKube(): { type?: string } })._toKube().type === 'RollingUpdate';
}

function checkIds(
  prop: string, context: { readonly user?: number; readonly group?: number; readonly fsGroup?: number }, user: NixUser, pod?: PodAdditions,
): Problem[] {
  const wanted: Array<['user' | 'group' | 'fsGroup', number | undefined]> = [
    ['user', user.uid], ['group', user.gid], ['fsGroup', pod && user.fsGroup],
  ];
  return wanted.filter(([name, id]) => id !== undefined && context[name] !== undefined && context[name] !== id).map(([name, id]) => ({
    code: 'CDK8SNIX0403',
    prop: `${prop}.${name}`,
    value: context[name],
    problem: `The store belongs to ${name} ${id}, and Nix works only for its owner.`,
    remedy: `Leave it out, give the environment that user (NixUser.of({ uid: ${context[name]} })), or name only the other containers when enabling.`,
  }));
}

function checkPrivileges(container: kplus.Container, user: NixUser): Problem[] {
  const context = container.securityContext;
  const prop = `containers[${container.name}].securityContext`;
  const refuse = (name: string, value: unknown, remedy: string): Problem =>
    ({ code: 'CDK8SNIX0404', prop: `${prop}.${name}`, value, problem: 'Pod Security `restricted` refuses this.', remedy });
  const forbidden = (context.capabilities?.add ?? []).filter(capability => !ALLOWED_CAPABILITIES.includes(capability));
  return [
    ...(context.privileged ? [refuse('privileged', true, 'Leave it out.')] : []),
    // kplus insists on escalation for privileged containers; one message is enough then.
    ...(context.allowPrivilegeEscalation && !context.privileged ? [refuse('allowPrivilegeEscalation', true, 'Leave it out.')] : []),
    ...(forbidden.length > 0 ? [refuse('capabilities.add', forbidden, 'Add none, or NET_BIND_SERVICE.')] : []),
    ...(context.user === 0 && !user.isRoot ? [refuse('user', 0, 'Use a user id above 0.')] : []),
    ...(!context.ensureNonRoot && !user.isRoot ? [refuse('ensureNonRoot', false, 'Leave it out.')] : []),
    ...(context.seccompProfile?.type === kplus.SeccompProfileType.UNCONFINED ? [refuse('seccompProfile.type', 'Unconfined', 'Leave it out.')] : []),
  ];
}

/** Volumes and init containers that have a name of ours. */
function checkNames(workload: kplus.AbstractPod, additions: PodAdditions): Problem[] {
  const taken = (prop: string, name: string): Problem => ({
    code: 'CDK8SNIX0504', prop, value: name, problem: 'The environment uses this name.', remedy: 'Give yours another name.',
  });
  const ourVolumes = new Set(additions.volumes.map(volume => volume.name));
  const ourContainers = new Set([...additions.initContainers, ...additions.nixInitContainers].map(container => container.name));
  const mounted = [...workload.initContainers, ...workload.containers].flatMap(container => container.mounts.map(mount => mount.volume));
  const volumes = new Set([...workload.volumes, ...mounted].map(volume => volume.name));
  return [
    ...[...volumes].filter(name => ourVolumes.has(name)).map(name => taken('volumes', name)),
    ...[...workload.initContainers, ...workload.containers].filter(c => ourContainers.has(c.name)).map(c => taken('containers', c.name)),
  ];
}

function checkMounts(container: kplus.Container, additions: PodAdditions): Problem[] {
  const ours = additions.mounts.map(mount => mount.mountPath);
  return container.mounts.flatMap((mount): Problem[] => {
    const prop = `containers[${container.name}].volumeMounts`;
    if (!mount.path.startsWith('/')) {
      return [{ code: 'CDK8SNIX0503', prop, value: mount.path, problem: 'A mount path is absolute.', remedy: `Use "/${mount.path}".` }];
    }
    const path = mount.path.replace(/\/+$/, '');
    const clash = ours.find(our => our === path || path.startsWith('/nix/') || path === '');
    return clash === undefined ? [] : [{
      code: 'CDK8SNIX0503', prop, value: mount.path, problem: `The environment mounts ${clash} itself.`, remedy: 'Mount your volume elsewhere.',
    }];
  });
}
