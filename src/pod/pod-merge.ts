import * as kplus from 'cdk8s-plus-28';
import { secure } from './container-security';
import { FolderMaker, withFolders } from './folder-maker';
import { plainPath } from './folders-to-make';
import { plainValue } from './plain-value';
import { HOSTNAME_LABEL, requiredTerms } from './pod-labels';
import { listOf, PodContent } from './pod-manifest';
import { PodSecurityLevel } from './pod-security-level';

type Container = kplus.k8s.Container;

/** What one part of an environment (the store, home-manager, a CA bundle …) brings into a pod. */
export interface PodPart {
  /** Init containers that run before the workload's own, in this order. Complete but for the security context. */
  readonly initContainers: Container[];
  /** Init containers after all of those, which use Nix as the workload does: what every part gives to such containers is added. */
  readonly nixInitContainers: Container[];
  readonly volumes: kplus.k8s.Volume[];
  /** Mounts of the containers that use Nix. */
  readonly mounts: kplus.k8s.VolumeMount[];
  /** Variables of the containers that use Nix. A later part overrides an earlier one, and the container itself both. */
  readonly variables: kplus.k8s.EnvVar[];
  /** The same for the workload's own containers alone: what none of our init containers is to see, such as keys. */
  readonly workloadVariables: kplus.k8s.EnvVar[];
}

/** What an environment adds to a pod. All of it is plain Kubernetes; `mergePod` is the one place that merges it. */
export interface PodAdditions extends PodPart {
  /** Security of the whole pod. */
  readonly podSecurityContext: kplus.k8s.PodSecurityContext;
  /** Mounts of every container of the pod, used Nix or not: what a read-only root file system needs to be writable. */
  readonly scratchMounts: kplus.k8s.VolumeMount[];
  /** The folders through which Nix and what was installed with it are found. */
  readonly profilePath: string[];
  /** Which containers use Nix: those with these names. @default - all, but for `firstContainers` */
  readonly containerNames?: ReadonlySet<string>;
  /** @default - that of the workload */
  readonly runtimeClassName?: string;
  readonly annotations: { readonly [name: string]: string };
  /** Items of annotations that are lists, separated by commas: they join those that are there. */
  readonly annotationLists: { readonly [name: string]: readonly string[] };
  readonly labels: { readonly [name: string]: string };
  /** The workload's init containers that run before ours, by name. */
  readonly firstContainers?: ReadonlySet<string>;
  /** Whether containers that do not use Nix stay as they are. */
  readonly leavesOthersAlone: boolean;
  /** What the containers may ask for. */
  readonly level: PodSecurityLevel;
  /** Labels of the nodes on which the pod can run. */
  readonly nodeSelector: { readonly [label: string]: string };
  /** Which pods it has to be with on one node. @default - none */
  readonly affinity?: kplus.k8s.PodAffinityTerm[];
  /** Which taints of nodes it has to tolerate beside its own, and Secrets to pull images with. @default - none */
  readonly tolerations?: readonly kplus.k8s.Toleration[];
  readonly imagePullSecrets?: readonly kplus.k8s.LocalObjectReference[];
  /** What becomes the command of a container that uses Nix, where the manifest names one. */
  readonly commandPrefix: string[];
  readonly folderMaker?: FolderMaker;
}

/**
 * The pod with Nix in it: a pure function of what somebody else has made, whoever that is, and the additions. It is asked as the object is
 * written, so that containers which were added late are treated like the first ones.
 */
export function mergePod({ metadata, spec }: PodContent, additions: PodAdditions): PodContent {
  // A profile that the pod names is one for its own containers: ours have the runtime's, for which they were tried.
  const theirProfile = defined({ seccompProfile: spec.securityContext?.seccompProfile });
  const podSecurityContext = { ...spec.securityContext, ...defined(podContext(additions)), ...theirProfile };
  const tight = (container: any): any => secure(container, podSecurityContext, additions.level);
  const ours = (container: any): any => secure(withIds(container, additions), { ...podSecurityContext, seccompProfile: undefined }, additions.level);
  const { workloadVariables } = additions;
  const variables = workloadVariables.length === 0 ? additions.variables : lastOfEach([...additions.variables, ...workloadVariables]);
  const theirs = (container: any): any => usesNix(container, additions)
    ? tight(withIds(wrapCommand(addNix(container, variables, additions), additions), additions))
    : additions.leavesOthersAlone ? container : tight(addScratch(container, additions));
  const isFirst = (container: any): boolean => additions.firstContainers?.has(container.name) ?? false;
  const initContainers = listOf(spec.initContainers);
  return plainValue({
    metadata: mergePodMetadata(metadata, additions),
    spec: withFolders({
      ...spec,
      ...(additions.affinity && !isPinned(spec) ? { affinity: withPods(spec.affinity, additions.affinity) } : {}),
      ...(additions.runtimeClassName === undefined ? {} : { runtimeClassName: spec.runtimeClassName ?? additions.runtimeClassName }),
      tolerations: withItems(spec.tolerations, additions.tolerations),
      imagePullSecrets: withItems(spec.imagePullSecrets, additions.imagePullSecrets),
      nodeSelector: undefinedIfEmpty({ ...spec.nodeSelector, ...additions.nodeSelector }),
      // `undefined` values must not hide what the workload set itself.
      securityContext: podSecurityContext,
      initContainers: [
        ...initContainers.filter(isFirst).map(theirs),
        ...additions.initContainers.map(ours),
        ...additions.nixInitContainers.map(container => ours(addNix(container, additions.variables, additions))),
        ...initContainers.filter(container => !isFirst(container)).map(theirs),
      ],
      containers: listOf(spec.containers).map(theirs),
      volumes: [...listOf(spec.volumes), ...additions.volumes],
    }, additions.folderMaker),
  });
}

/** Whether a pod says on which node it runs. */
function isPinned({ nodeName, nodeSelector }: any): boolean {
  return Boolean(nodeName) || nodeSelector?.[HOSTNAME_LABEL] !== undefined;
}

/** A list with what is not in it yet. */
function withItems(theirs: any, ours: readonly object[] = []): any {
  const texts = new Set(listOf(theirs).map(item => JSON.stringify(item)));
  const more = ours.filter(item => {
    const text = JSON.stringify(item);
    return !texts.has(text) && texts.add(text);
  });
  return more.length === 0 ? theirs : [...listOf(theirs), ...more];
}

/** Of several required terms only a pod counts that matches all: where somebody has written one, it is their word with whom theirs is. */
function withPods(affinity: any, ours: kplus.k8s.PodAffinityTerm[]): any {
  return requiredTerms(affinity).length > 0 ? affinity
    : { ...affinity, podAffinity: { ...affinity?.podAffinity, requiredDuringSchedulingIgnoredDuringExecution: ours } };
}

/** What pods are found and replaced by. */
export function mergePodMetadata(metadata: any, { annotations, annotationLists, labels }: PodAdditions): any {
  return {
    ...metadata,
    annotations: { ...metadata.annotations, ...annotations, ...joinItems(metadata.annotations, annotationLists) },
    labels: undefinedIfEmpty({ ...metadata.labels, ...labels }),
  };
}

function joinItems(theirs: any, ours: PodAdditions['annotationLists']): { readonly [name: string]: string } {
  const joined: { [name: string]: string } = {};
  for (const [name, items] of Object.entries(ours)) {
    const there: string[] = String(theirs?.[name] ?? '').split(',').map(item => item.trim()).filter(item => item !== '');
    joined[name] = there.length === 0 ? items.join(',') : [...new Set([...there, ...items])].join(',');
  }
  return joined;
}

/** Who runs in the pod; where others are left alone, that is said of each container instead. */
function podContext({ podSecurityContext, leavesOthersAlone }: PodAdditions): kplus.k8s.PodSecurityContext {
  const { fsGroup, fsGroupChangePolicy } = podSecurityContext;
  return leavesOthersAlone ? { fsGroup, fsGroupChangePolicy } : podSecurityContext;
}

function withIds(container: Container, { podSecurityContext, leavesOthersAlone }: PodAdditions): Container {
  const { runAsUser, runAsGroup } = podSecurityContext;
  return leavesOthersAlone ? { ...container, securityContext: { ...container.securityContext, ...defined({ runAsUser, runAsGroup }) } } : container;
}

/** What is set first, for a command that the manifest knows; that of an image nobody can wrap. */
function wrapCommand(container: Container, { commandPrefix }: PodAdditions): Container {
  return listOf(container.command).length === 0 || commandPrefix.length === 0
    ? container : { ...container, command: [...commandPrefix, ...container.command!] };
}

/** The parts of an environment as one: in order, and a variable that comes twice with its later value. */
export function joinParts(parts: Array<Partial<PodPart>>): PodPart {
  return {
    initContainers: joinLists(parts, 'initContainers'),
    nixInitContainers: joinLists(parts, 'nixInitContainers'),
    volumes: joinLists(parts, 'volumes'),
    mounts: joinLists(parts, 'mounts'),
    variables: lastOfEach(joinLists(parts, 'variables')),
    workloadVariables: lastOfEach(joinLists(parts, 'workloadVariables')),
  };
}

/** Nearly always one of them has anything, and serves as it is. */
function joinLists<T extends keyof PodPart>(parts: ReadonlyArray<Partial<PodPart>>, name: T): PodPart[T] {
  let joined: any[] = [];
  for (const part of parts) {
    const list: any[] = part[name] ?? [];
    if (list.length > 0) {
      joined = joined.length === 0 ? list : [...joined, ...list];
    }
  }
  return joined as PodPart[T];
}

/** Without what is done in preparation of the workload alone, such as activating a home, and what it alone is to see. */
export function withoutWorkloadSteps(additions: PodAdditions): PodAdditions {
  const theirs = new Set(additions.nixInitContainers.flatMap(container => container.volumeMounts ?? []).map(mount => mount.name));
  return { ...additions, nixInitContainers: [], workloadVariables: [], volumes: additions.volumes.filter(volume => !theirs.has(volume.name)) };
}

function lastOfEach(variables: kplus.k8s.EnvVar[]): kplus.k8s.EnvVar[] {
  return variables.length === 0 ? variables : [...new Map(variables.map(variable => [variable.name, variable])).values()];
}

/** Whether a container of the workload uses Nix. */
export function usesNix(container: Container, additions: PodAdditions): boolean {
  return additions.containerNames?.has(container.name) ?? !additions.firstContainers?.has(container.name);
}

/** @param ours the variables, each once */
function addNix(container: Container, ours: kplus.k8s.EnvVar[], additions: PodAdditions): Container {
  const env = (container.env ?? []).map(variable => variable.name === 'PATH' ? findsNix(variable, ours, additions.profilePath) : variable);
  const own = new Set(env.map(variable => variable.name));
  return {
    ...container,
    // Ours first: a variable of the container may refer to them as $(HOME).
    env: [...ours.filter(variable => !own.has(variable.name)), ...env],
    volumeMounts: withScratch([...(container.volumeMounts ?? []), ...additions.mounts], additions),
  };
}

/**
 * A PATH of the container's own keeps its folders and finds Nix all the same. `$(PATH)` in it stands for ours, which it takes the
 * place of; one that comes from a ConfigMap stays as it is, since nobody knows what it says.
 */
function findsNix(own: kplus.k8s.EnvVar, ours: kplus.k8s.EnvVar[], profilePath: string[]): kplus.k8s.EnvVar {
  if (typeof own.value !== 'string') {
    return own;
  }
  const path = ours.find(variable => variable.name === 'PATH')?.value ?? '';
  const folders = own.value.replace(/(?<!\$)\$\(PATH\)/g, () => path).split(':').filter(folder => folder !== '');
  return { ...own, value: [...profilePath.filter(folder => !folders.includes(folder)), ...folders].join(':') };
}

/** /tmp and the like, unless the container mounts something of its own there. */
function addScratch(container: Container, additions: PodAdditions): Container {
  return { ...container, volumeMounts: withScratch(container.volumeMounts ?? [], additions) };
}

function withScratch(mounts: kplus.k8s.VolumeMount[], { scratchMounts }: PodAdditions): kplus.k8s.VolumeMount[] {
  return [...mounts, ...scratchMounts.filter(scratch => !mounts.some(mount => plainPath(mount.mountPath) === scratch.mountPath))];
}

function undefinedIfEmpty(labels: { readonly [name: string]: string }): object | undefined {
  return Object.keys(labels).length === 0 ? undefined : labels;
}

function defined<T extends object>(object: T): T {
  const all: Partial<T> = {};
  for (const field of Object.keys(object) as Array<keyof T>) {
    if (object[field] !== undefined) {
      all[field] = object[field];
    }
  }
  return all as T;
}
