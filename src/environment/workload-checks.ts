import { checkLevel } from './level-checks';
import { checkMountClashes, checkMountPaths } from './mount-checks';
import { checkNodes } from './node-checks';
import { checkIds, checkPrivileges } from './privilege-checks';
import { checkVariables } from './variable-checks';
import { checkMountedVolumes, checkVolumeNames, volumeNames } from './volume-checks';
import { checkWorkingDirectory } from './working-directory-checks';
import { Problem } from '../base/problems';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { BoundStore, ClaimTemplate } from '../pod/bound-store';
import { isKnownWord, oneOf, wordWanted } from '../pod/known-words';
import { isKind } from '../pod/object-kind';
import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions, usesNix } from '../pod/pod-merge';

/** Those that keep their pods running, of Kubernetes' own. */
const STAYING_UP = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'];

/** Whether the pods of an object end by themselves. */
export function endsByItself(object: { readonly kind: string; readonly apiVersion?: string }): boolean {
  return isKind(object, 'Job', 'batch', 'batch.volcano.sh') || isKind(object, 'CronJob', 'batch');
}

/** Whether the pods of an object are kept running, as far as its kind is known. */
export function staysUp(object: { readonly kind: string; readonly apiVersion?: string }): boolean {
  return STAYING_UP.some(kind => isKind(object, kind, 'apps', 'extensions')) || isKind(object, 'ReplicationController', 'core') || isKind(object, 'Rollout', 'argoproj.io')
    || isKind(object, 'DeploymentConfig', 'apps.openshift.io');
}

/** What is wrong with a pod that gets Nix, as its own manifest says it: not with what is added. */
export function checkPod(pod: PodManifest, additions: PodAdditions, user: NixUser): Problem[] {
  const volumes = volumeNames(pod);
  const isOurVolume = (name: string): boolean => isIn(additions.volumes, name) || isIn(additions.mounts, name);
  const nixContainers = containersOf(pod).filter(({ container }) => usesNix(container, additions)).map(({ container }) => container.name);
  return [
    ...checkRestart(pod),
    ...checkIds('securityContext', pod.spec.securityContext, user, true),
    ...checkLevel(pod, additions.level, name => !additions.leavesOthersAlone || nixContainers.includes(name)),
    ...checkNames(pod, additions, [...volumes.own, ...volumes.ofClaims].filter(isOurVolume)),
    ...checkVolumeNames(volumes),
    ...checkNodes(pod, additions),
    ...containersOf(pod).flatMap(({ container }) => [
      ...checkMountPaths(container, listOf(pod.spec.volumes)),
      ...checkMountedVolumes(container, pod, volumes, isOurVolume),
      ...checkWorkingDirectory(container, listOf(pod.spec.volumes), usesNix(container, additions) ? additions : undefined),
      ...(usesNix(container, additions) ? checkNixContainer(container, pod, additions, user) : []),
      ...(usesNix(container, additions) || !additions.leavesOthersAlone ? checkPrivileges(container, user, additions.level) : []),
    ]),
  ];
}

function checkNixContainer(container: any, pod: PodManifest, additions: PodAdditions, user: NixUser): Problem[] {
  return [
    ...checkIds(`containers[${container.name}].securityContext`, container.securityContext, user, false),
    ...checkMountClashes(container, listOf(pod.spec.volumes), additions),
    ...checkVariables(container, additions),
  ];
}

/** A store for each replica is one that only a StatefulSet can make. */
export function checkKind(store: BoundStore, object: any): Problem[] {
  return !store.claimTemplate ? [] : isKind(object, 'StatefulSet', 'apps') ? checkRetention(store.claimTemplate, object) : [{
    code: 'CDK8SNIX0209',
    prop: 'store',
    value: 'perReplica',
    problem: 'Only a StatefulSet makes a claim for each of its pods.',
    remedy: 'Use NixStatefulSet, or NixStore.ephemeral() for a volume that dies with its pod.',
  }];
}

/** There is one policy for all claims of a StatefulSet. */
function checkRetention({ retention = {} }: ClaimTemplate, object: any): Problem[] {
  const own = object.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const isOther = (field: 'whenDeleted' | 'whenScaled'): boolean => own[field] !== undefined && retention[field] !== undefined && own[field] !== retention[field];
  return (['whenDeleted', 'whenScaled'] as const).filter(isOther).map((field): Problem => ({
    code: 'CDK8SNIX0218',
    prop: `persistentVolumeClaimRetentionPolicy.${field}`,
    value: own[field],
    problem: `The store says ${field}: ${JSON.stringify(retention[field])}, and one policy holds for all claims.`,
    remedy: 'Say the same in both, or in one of them only.',
  }));
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

/** A workload whose pods are nowhere in its manifest, or in that of another object. */
export function noPod(object: any): Problem {
  const other = object.spec?.workloadRef;
  return !other ? noContainer(object) : {
    code: 'CDK8SNIX0516',
    prop: 'workload',
    value: `${object.kind}/${object.metadata?.name}`,
    problem: 'Its pods are those of another object, which spec.workloadRef names.',
    remedy: `Enable ${other.kind}/${other.name}.`,
  };
}

/** The fields of an `ApiObject` can be given in TypeScript alone; in other languages people add them by patches. */
export function podOfPatch(): Problem {
  return {
    code: 'CDK8SNIX0507',
    prop: 'containers',
    value: [],
    problem: 'The pod comes from a JSON patch, which has the last word: Nix is there before it.',
    remedy: 'Give its fields to the construct: a class of cdk8s import, or a file and Include.',
  };
}

const RESTARTS = { ...oneOf('Always', 'OnFailure', 'Never'), mayBeEmpty: true };

function checkRestart({ owner, spec: { restartPolicy } }: PodManifest): Problem[] {
  const ends = isKind(owner, 'Job', 'batch') || isKind(owner, 'CronJob', 'batch');
  const refused = (problem: string, remedy: string): Problem[] => [{ code: 'CDK8SNIX0508', prop: 'restartPolicy', value: restartPolicy, problem, remedy }];
  if (ends) {
    return ['Never', 'OnFailure'].includes(restartPolicy) ? [] : refused('A Job ends, and Kubernetes refuses this policy for it.', 'Use Never or OnFailure (NEVER, ON_FAILURE).');
  }
  if (staysUp(owner) && !isKind(owner, 'Rollout', 'argoproj.io')) {
    return [undefined, '', 'Always'].includes(restartPolicy) ? [] : refused('This workload stays up, and Kubernetes refuses this policy for it.', 'Leave it out.');
  }
  if (restartPolicy === undefined || restartPolicy === null || isKnownWord(restartPolicy, RESTARTS)) {
    return [];
  }
  const { problem, remedy } = wordWanted(restartPolicy, RESTARTS);
  return refused(problem, remedy);
}

/** A ready-made store at /nix hides the one of the image, and is not ours to write to. */
export function checkServedStore(pod: PodManifest, store: BoundStore, home: NixHome): Problem[] {
  if (!store.served) {
    return [];
  }
  const problems: Problem[] = [];
  // Where the node brings the programs, the environment has refused any home that has to be made.
  if (home.isOnStoreVolume && !store.runtime) {
    problems.push({
      code: 'CDK8SNIX0212',
      prop: 'home',
      value: 'onStoreVolume',
      problem: 'The volume belongs to the driver that serves it.',
      remedy: 'Use NixHome.ephemeral() or NixHome.persistent().',
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

/**
 * Volumes and init containers that have a name of ours.
 *
 * @param volumes those of ours that there are already
 */
function checkNames(pod: PodManifest, additions: PodAdditions, volumes: string[]): Problem[] {
  const taken = (prop: string, name: string): Problem => ({
    code: 'CDK8SNIX0504', prop, value: name, problem: 'The environment uses this name.', remedy: 'Give yours another name.',
  });
  return [
    ...volumes.map(name => taken('volumes', name)),
    ...containersOf(pod).filter(({ container: { name } }) => isIn(additions.initContainers, name) || isIn(additions.nixInitContainers, name))
      .map(({ container }) => taken('containers', container.name)),
  ];
}

function isIn(ours: ReadonlyArray<{ readonly name: string }>, name: string): boolean {
  return ours.some(our => our.name === name);
}
