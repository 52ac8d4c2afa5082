import { posix } from 'path';
import { listOf } from './pod-manifest';

/** A volume where containers see it. */
export interface VolumePlace {
  readonly volume: string;
  readonly path: string;
}

/**
 * The folders on a volume that the container runtime would make as root: those above what a container mounts below it, and those that
 * containers work in. Relative to the place, each with those above it understood.
 *
 * @param spec the pod's, as it will be written
 */
export function foldersToMake(spec: any, place: VolumePlace): string[] {
  const volumes = listOf(spec.volumes);
  const folders = new Set<string>();
  for (const container of [...listOf(spec.initContainers), ...listOf(spec.containers)]) {
    foldersOf(container, place, volumes).forEach(folder => folders.add(folder));
  }
  const all = [...folders].sort();
  return all.filter(folder => !all.some(other => other.startsWith(`${folder}/`)));
}

function foldersOf(container: any, place: VolumePlace, volumes: any[]): string[] {
  const { workingDir, volumeMounts } = container;
  const working = workingDir === undefined ? undefined : plainPath(workingDir);
  // Most containers have nothing there.
  const isThere = (path: string): boolean => isBelow(path, place.path);
  if (!(working !== undefined && isThere(working)) && !listOf(volumeMounts).some(mount => isThere(plainPath(mount.mountPath)))) {
    return [];
  }
  const mounts = listOf(volumeMounts).map(mount => ({ ...mount, path: plainPath(mount.mountPath) }));
  const isOurs = (mount: any): boolean => mount?.name === place.volume && mount.path === place.path;
  /** On which volume a path lies that is no mount itself. */
  const volumeOf = (path: string): any => mounts.filter(mount => isBelow(path, mount.path)).sort((a, b) => b.path.length - a.path.length)[0];

  const below = mounts.filter(mount => isOurs(volumeOf(mount.path)));
  const mounted = below.map(mount => isFolder(mount, volumes) ? mount.path : posix.dirname(mount.path));
  const works = working !== undefined && !mounts.some(mount => mount.path === working) && isOurs(volumeOf(working)) ? [working] : [];
  return [...mounted, ...works].filter(path => path !== place.path).map(path => path.slice(place.path.length + 1));
}

/** A path as it is seen after the kernel has had it: `/a//b/` is `/a/b`. */
export function plainPath(path: unknown): string {
  // What is plain already needs no work, which is nearly always.
  if (typeof path === 'string' && path.startsWith('/') && !/\/\/|\/\.|.\/$/.test(path)) {
    return path;
  }
  const normal = posix.normalize(String(path));
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}

/** Whether a path lies in a folder, and is not the folder itself. */
export function isBelow(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Whether a path is a folder, or lies in it. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}

/** Whether a mount is surely a folder. A part of a volume may be a file, and what is made in its place must not be a folder then. */
function isFolder(mount: any, volumes: any[]): boolean {
  const type = volumes.find(volume => volume.name === mount.name)?.hostPath?.type;
  return mount.subPath === undefined && mount.subPathExpr === undefined && (type === undefined || /^(Directory|DirectoryOrCreate)?$/.test(type));
}
