import { folderOfFiles } from './mount-checks';
import { Problem } from '../base/problems';
import { isHomeFile } from '../home/home-files';
import { isAtOrBelow, isBelow, plainPath } from '../pod/folders-to-make';
import { listOf } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';
import { holdsFiles } from '../pod/volume-kind';

/** Where Nix has something that one can work in: in the store that is a path of it. Anything else there would be root's, and no garbage collector could delete it. */
const IN_NIX = /^\/nix\/(?:store(?:\/[0-9a-z]{32}-.*)?|var(?:\/.*)?)$/;

/** The home, as a shell would understand it. */
const SHELL_HOME = /^(?:~|\$HOME|\$\{HOME\}|\$\(HOME\))(?=\/|$)/;

/**
 * A working directory that no runtime can make, or that would be root's in the store.
 *
 * @param podVolumes those of the pod
 * @param additions what the container gets, if it uses Nix
 */
export function checkWorkingDirectory(container: any, podVolumes: any[], additions?: PodAdditions): Problem[] {
  const { workingDir } = container;
  if (typeof workingDir !== 'string' || workingDir === '') {
    return [];
  }
  const refuse = (problem: string, remedy: string): Problem[] => [
    { code: 'CDK8SNIX0522', prop: `containers[${container.name}].workingDir`, value: workingDir, problem, remedy },
  ];
  const home = additions?.variables.find(variable => variable.name === 'HOME')?.value;
  if (!workingDir.startsWith('/')) {
    return SHELL_HOME.test(workingDir)
      ? refuse('A working directory is absolute, and no shell reads it.', `Use "${workingDir.replace(SHELL_HOME, home ?? '/home/code')}".`)
      : refuse('A working directory is absolute.', `Use "/${workingDir}".`);
  }
  const path = plainPath(workingDir);
  const volumes = [...podVolumes, ...additions?.volumes ?? []];
  const volumeMounts = [...listOf(container.volumeMounts), ...additions?.mounts ?? []];
  const file = volumeMounts.find(mount => isFile(mount, volumes) && isAtOrBelow(path, plainPath(mount.mountPath)));
  if (file !== undefined) {
    return refuse(`${file.mountPath} is a file of a ConfigMap or a Secret.`, 'Use a folder elsewhere.');
  }
  const files = folderOfFiles(path, { volumeMounts }, volumes);
  if (files !== undefined) {
    return refuse(`${files} holds the files of a ConfigMap or a Secret, and nothing else can be made there.`, `Use "${files}", or a folder elsewhere.`);
  }
  if (home !== undefined && isAtOrBelow(path, `${home}/.nix-profile`)) {
    return refuse('Nix has a link to what is installed there, which it could not make where a folder is.', 'Use a folder elsewhere in the home.');
  }
  return additions !== undefined && isBelow(path, '/nix') && !IN_NIX.test(path)
    ? refuse('The store volume holds what Nix has, and a folder made there would be root\'s.', 'Use a folder in the home, which is made for you.') : [];
}

/** What is mounted of such a volume by its path in it, which is a file in all but name. */
function isFile(mount: any, volumes: any[]): boolean {
  return isHomeFile(mount) || (mount.subPath !== undefined && holdsFiles(volumes.find(volume => volume.name === mount.name)));
}
