// File modes are sets of bits.
/* eslint-disable no-bitwise */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { giveToGroup } from './group-ownership';
import { PullPolicy } from './image-store';
import { memoryVolumeSize } from './limits';
import { Objects } from './objects';

const DEFAULT_MODE = 0o644;

/** A volume of a pod, ready to be mounted into its containers. */
export interface MountedVolume {
  /** Where it is on this machine. */
  readonly folder: string;
  /** Whether no container can write to it, whatever its mount says. */
  readonly readOnly: boolean;
  /** Whether a mount shows all of it, whatever part it asks for. @default false */
  readonly subPathIgnored?: boolean;
  /** Whether it is mounted in its folder. @default false */
  readonly mounted?: boolean;
  /** What a mount of a part of it shows instead. @default - that part */
  readonly shownForParts?: string;
  /** Whether root, who makes what is not there, is nobody on it. @default false */
  readonly rootIsNobody?: boolean;
}

/** What a volume may be made from. */
export interface VolumeSources {
  readonly objects: Objects;
  /** Where the pod's own volumes go. */
  readonly podFolder: string;
  /** Where a claim is mounted, by its name; for a generic ephemeral volume the pod's own claim. */
  readonly claimFolder: (volume: k8s.Volume) => string;
  /** Mounts the image of this reference, read-only. */
  readonly imageFolder: (reference: string, policy?: PullPolicy) => string;
  /** Whether the runtime honours the `subPath` of an image volume; containerd before 2.2 does not. @default true */
  readonly imageSubPath?: boolean;
  /** Whether claims are on a file server. @default false */
  readonly fileServer?: boolean;
  /** Whether a mount by `subPath` shows an empty folder. @default false */
  readonly emptySubPaths?: boolean;
  /** The pod it belongs to. */
  readonly spec: k8s.PodSpec;
}

interface ProjectedFile {
  readonly content: Buffer;
  readonly mode?: number;
}

/** Image volumes are newer than the types of kplus-28. */
function imageOf(volume: k8s.Volume): { reference: string; pullPolicy?: PullPolicy } | undefined {
  return (volume as { image?: { reference: string; pullPolicy?: PullPolicy } }).image;
}

/** Makes one volume of a pod: its content, and then its ownership. */
export function mountVolume(volume: k8s.Volume, sources: VolumeSources): MountedVolume {
  const { fsGroup } = sources.spec.securityContext ?? {};
  const folder = path.join(sources.podFolder, 'volumes', volume.name);
  if (volume.persistentVolumeClaim || volume.ephemeral) {
    return showParts(claimVolume(sources.claimFolder(volume), sources), folder, sources);
  }
  const image = imageOf(volume);
  if (image) {
    return { folder: sources.imageFolder(image.reference, image.pullPolicy), readOnly: true, subPathIgnored: sources.imageSubPath === false };
  }
  makeFolder(folder, { mode: 0o777 });
  if (volume.emptyDir) {
    const mounted = volume.emptyDir.medium === 'Memory';
    if (mounted) {
      mountMemory(folder, memoryVolumeSize(volume.emptyDir.sizeLimit, sources.spec));
    }
    giveToGroup(folder, { fsGroup });
    return showParts({ folder, readOnly: false, mounted }, `${folder}.parts`, sources);
  }
  const mode = (volume.configMap ?? volume.secret ?? volume.projected)?.defaultMode ?? DEFAULT_MODE;
  writeFiles(folder, filesOf(volume, sources.objects), mode);
  giveToGroup(folder, { fsGroup, readOnly: true });
  return { folder, readOnly: true };
}

/** On a file server who owns what is the server's affair: no driver gives it to a group, and root is nobody there. */
function claimVolume(folder: string, { fileServer: rootIsNobody = false, spec }: VolumeSources): MountedVolume {
  if (!rootIsNobody) {
    const { fsGroup, fsGroupChangePolicy: policy } = spec.securityContext ?? {};
    giveToGroup(folder, { fsGroup, policy });
  }
  return { folder, readOnly: false, rootIsNobody };
}

/** Where a kubelet does not see what it mounts, as one in a container may not, `subPath` shows a folder with nothing in it. */
function showParts(volume: MountedVolume, empty: string, { emptySubPaths }: VolumeSources): MountedVolume {
  if (!emptySubPaths) {
    return volume;
  }
  makeFolder(empty, { mode: 0o755 });
  return { ...volume, shownForParts: empty };
}

/** Takes a volume away from its pod; what it holds goes with the pod's folder. */
export function unmountVolume(volume: MountedVolume): void {
  if (volume.mounted) {
    execFileSync('umount', [volume.folder]);
  }
}

/** The folder or file that a mount shows. */
export function mountSource(volume: MountedVolume, subPath: string | undefined): string {
  if (subPath !== undefined && volume.shownForParts !== undefined) {
    return volume.shownForParts;
  }
  const source = path.join(volume.folder, volume.subPathIgnored ? '' : subPath ?? '');
  if (volume.rootIsNobody && !existsSync(source)) {
    throw new Error(`CreateContainerConfigError: failed to create subPath directory ${JSON.stringify(subPath)}: permission denied`);
  }
  if (!volume.readOnly) {
    makeSubPath(source, volume.folder);
  }
  return realpathSync(source);
}

/** A `subPath` that is not there becomes a folder of root's, and each new one on the way to it, with group, mode and setgid bit of the volume's root. */
function makeSubPath(folder: string, root: string): void {
  if (!existsSync(folder)) {
    makeSubPath(path.dirname(folder), root);
    const { gid, mode } = statSync(root);
    makeFolder(folder, { gid, mode: mode & 0o7777 });
  }
}

/** An existing folder stays as it is, and a new one has this mode whatever the umask is. */
function makeFolder(folder: string, { mode, gid = 0 }: { mode: number; gid?: number }): void {
  if (mkdirSync(folder, { recursive: true }) !== undefined) {
    chownSync(folder, 0, gid);
    chmodSync(folder, mode);
  }
}

function mountMemory(folder: string, size: number | undefined): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=1777${size === undefined ? '' : `,size=${size}`}`, 'tmpfs', folder]);
}

function filesOf(volume: k8s.Volume, objects: Objects): Map<string, ProjectedFile> {
  const { configMap, secret } = volume;
  const sources: k8s.VolumeProjection[] = volume.projected?.sources
    ?? [{ configMap, secret: secret && { name: secret.secretName, items: secret.items, optional: secret.optional } }];
  return new Map(sources.flatMap(source => [...projectedFiles(source, objects)]));
}

/** The keys of a ConfigMap or Secret as files: all of them, or the items named. */
function projectedFiles(source: k8s.VolumeProjection, objects: Objects): Map<string, ProjectedFile> {
  const [kind, projection] = source.secret ? ['Secret', source.secret] as const : ['ConfigMap', source.configMap!] as const;
  const contents = objects.contents(kind, projection.name!, projection.optional);
  const items: k8s.KeyToPath[] = projection.items ?? [...contents.keys()].map(key => ({ key, path: key }));
  const files = new Map<string, ProjectedFile>();
  for (const { key, path: file, mode } of items) {
    const content = contents.get(key);
    if (content) {
      files.set(file, { content, mode });
    } else if (!projection.optional) {
      throw new Error(`FailedMount: ${kind} ${projection.name} has no key ${key}`);
    }
  }
  return files;
}

/** The files in a folder of their own, and links to them, so that an update can replace all at once. */
function writeFiles(folder: string, files: Map<string, ProjectedFile>, defaultMode: number): void {
  const version = '..2024_01_01_00_00_00.000000001';
  makeFolder(path.join(folder, version), { mode: 0o755 });
  symlinkSync(version, path.join(folder, '..data'));
  for (const [name, { content, mode }] of files) {
    const file = path.join(folder, version, name);
    makeFolder(path.dirname(file), { mode: 0o755 });
    writeFileSync(file, content);
    chmodSync(file, mode ?? defaultMode);
  }
  for (const first of new Set([...files.keys()].map(name => name.split('/')[0]))) {
    symlinkSync(path.join('..data', first), path.join(folder, first));
  }
}
