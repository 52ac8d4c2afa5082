import { Problem } from '../base/problems';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { BoundStore } from '../pod/bound-store';
import { isKind } from '../pod/object-kind';
import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';

/** Capabilities that Pod Security `restricted` lets a container add. */
const ALLOWED_CAPABILITIES: readonly string[] = ['NET_BIND_SERVICE'];

/** Those that keep their pods running, of Kubernetes' own. */
const STAYING_UP = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'];

/** Whether the pods of an object end by themselves. */
export function endsByItself(object: { readonly kind: string; readonly apiVersion?: string }): boolean {
  return isKind(object, 'Job', 'batch', 'batch.volcano.sh') || isKind(object, 'CronJob', 'batch');
}

/** What is wrong with a pod that gets Nix, as its own manifest says it: not with what is added. */
export function checkPod(pod: PodManifest, additions: PodAdditions, user: NixUser): Problem[] {
  return [
    ...checkRestart(pod),
    ...checkIds('securityContext', pod.spec.securityContext, user, additions),
    ...checkNames(pod, additions),
    ...containersOf(pod).flatMap(({ container }) => [
      ...checkPrivileges(container, user),
      ...(additions.containerNames?.has(container.name) ?? true
        ? [...checkIds(`containers[${container.name}].securityContext`, container.securityContext, user), ...checkMounts(container, additions)]
        : []),
    ]),
  ];
}

/** A store for each replica is one that only a StatefulSet can make. */
export function checkKind(store: BoundStore, object: any): Problem[] {
  return !store.claimTemplate || isKind(object, 'StatefulSet', 'apps') ? [] : [{
    code: 'CDK8SNIX0209',
    prop: 'store',
    value: 'perReplica',
    problem: 'Only a StatefulSet makes a claim for each of its pods.',
    remedy: 'Use NixStatefulSet, or NixStore.ephemeral() for a volume that dies with its pod.',
  }];
}

/** A workload without any container, which cdk8s-plus does not even render. */
export function noContainer(object: { readonly kind: string; readonly apiVersion?: string }): Problem {
  return {
    code: 'CDK8SNIX0507',
    prop: 'containers',
    value: [],
    problem: endsByItself(object) ? 'What a Job runs has no default.' : 'A pod without any is refused.',
    remedy: 'Give it a container.',
  };
}

function checkRestart({ owner, spec: { restartPolicy } }: PodManifest): Problem[] {
  const ends = isKind(owner, 'Job', 'batch') || isKind(owner, 'CronJob', 'batch');
  const staysUp = STAYING_UP.some(kind => isKind(owner, kind, 'apps', 'extensions')) || isKind(owner, 'ReplicationController', 'core');
  const isFine = ends ? ['Never', 'OnFailure'].includes(restartPolicy) : [undefined, 'Always'].includes(restartPolicy);
  return (!ends && !staysUp) || isFine ? [] : [{
    code: 'CDK8SNIX0508',
    prop: 'restartPolicy',
    value: restartPolicy,
    problem: `${ends ? 'A Job ends' : 'This workload stays up'}, and Kubernetes refuses this policy for it.`,
    remedy: ends ? 'Use NEVER or ON_FAILURE.' : 'Leave it out.',
  }];
}

/** A ready-made store at /nix hides the one of the image, and is not ours to write to. */
export function checkServedStore(pod: PodManifest, store: BoundStore, home: NixHome): Problem[] {
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
  if (store.runtime) {
    return listOf(pod.spec.containers).some(container => container.image === upstream) ? [...problems, {
      code: 'CDK8SNIX1206',
      prop: 'containers',
      value: upstream,
      problem: 'The runtime of the node brings the programs, and a workspace to install others in is nothing it can run.',
      remedy: 'Give the workload a program (programs), or use NixStore.persistent().',
    }] : problems;
  }
  if (listOf(pod.spec.containers).some(container => container.image === upstream)) {
    problems.push({
      code: 'CDK8SNIX0212',
      prop: 'image',
      value: upstream,
      problem: 'All programs of this image are in its /nix, the shell too, and the volume of the driver hides them.',
      remedy: 'Give the workload an image of an ordinary distribution.',
    });
  }
  return problems;
}

/** Prop and field of the ids that decide who owns a file. */
const IDS = [['user', 'runAsUser'], ['group', 'runAsGroup'], ['fsGroup', 'fsGroup']] as const;

function checkIds(prop: string, context: any = {}, user: NixUser, pod?: PodAdditions): Problem[] {
  const wanted = { user: user.uid, group: user.gid, fsGroup: pod && user.fsGroup };
  const differ = IDS.filter(([name, field]) => wanted[name] !== undefined && context[field] !== undefined && context[field] !== wanted[name]);
  return differ.map(([name, field]): Problem => ({
    code: 'CDK8SNIX0403',
    prop: `${prop}.${name}`,
    value: context[field],
    problem: `The store belongs to ${name} ${wanted[name]}, and Nix works only for its owner.`,
    remedy: `Leave it out, give the environment that user (NixUser.of({ uid: ${context[field]} })), or name only the other containers when enabling.`,
  }));
}

function checkPrivileges({ name: container, securityContext: context = {} }: any, user: NixUser): Problem[] {
  const prop = `containers[${container}].securityContext`;
  const refuse = (name: string, value: unknown, remedy: string): Problem =>
    ({ code: 'CDK8SNIX0404', prop: `${prop}.${name}`, value, problem: 'Pod Security `restricted` refuses this.', remedy });
  const forbidden = listOf(context.capabilities?.add).filter(capability => !ALLOWED_CAPABILITIES.includes(capability));
  return [
    ...(context.privileged ? [refuse('privileged', true, 'Leave it out.')] : []),
    // A privileged container has to allow escalation; one message is enough then.
    ...(context.allowPrivilegeEscalation && !context.privileged ? [refuse('allowPrivilegeEscalation', true, 'Leave it out.')] : []),
    ...(forbidden.length > 0 ? [refuse('capabilities.add', forbidden, 'Add none, or NET_BIND_SERVICE.')] : []),
    ...(context.runAsUser === 0 && !user.isRoot ? [refuse('user', 0, 'Use a user id above 0.')] : []),
    ...(context.runAsNonRoot === false && !user.isRoot ? [refuse('ensureNonRoot', false, 'Leave it out.')] : []),
    ...(context.seccompProfile?.type === 'Unconfined' ? [refuse('seccompProfile.type', 'Unconfined', 'Leave it out.')] : []),
  ];
}

/** Volumes and init containers that have a name of ours. */
function checkNames(pod: PodManifest, additions: PodAdditions): Problem[] {
  const taken = (prop: string, name: string): Problem => ({
    code: 'CDK8SNIX0504', prop, value: name, problem: 'The environment uses this name.', remedy: 'Give yours another name.',
  });
  const ourVolumes = new Set([...additions.volumes, ...additions.mounts].map(({ name }) => name));
  const ourContainers = new Set([...additions.initContainers, ...additions.nixInitContainers].map(container => container.name));
  const claims = listOf(pod.owner.spec?.volumeClaimTemplates).map(template => template.metadata?.name);
  const volumes: string[] = [...listOf(pod.spec.volumes).map(volume => volume.name), ...claims];
  return [
    ...volumes.filter(name => ourVolumes.has(name)).map(name => taken('volumes', name)),
    ...containersOf(pod).filter(({ container }) => ourContainers.has(container.name)).map(({ container }) => taken('containers', container.name)),
  ];
}

function checkMounts(container: any, additions: PodAdditions): Problem[] {
  const ours = additions.mounts.map(mount => mount.mountPath);
  return listOf(container.volumeMounts).flatMap(({ mountPath = '' }): Problem[] => {
    const prop = `containers[${container.name}].volumeMounts`;
    if (!mountPath.startsWith('/')) {
      return [{ code: 'CDK8SNIX0503', prop, value: mountPath, problem: 'A mount path is absolute.', remedy: `Use "/${mountPath}".` }];
    }
    const path = mountPath.replace(/\/+$/, '');
    const clash = ours.find(our => our === path || path.startsWith('/nix/') || path === '');
    return clash === undefined ? [] : [{
      code: 'CDK8SNIX0503', prop, value: mountPath, problem: `The environment mounts ${clash} itself.`, remedy: 'Mount your volume elsewhere.',
    }];
  });
}
