import { folderOfFiles } from './mount-checks';
import { Problem } from '../base/problems';
import { isBelow, plainPath } from '../pod/folders-to-make';

/** Where Nix has something that one can work in. */
const IN_NIX = ['/nix/store', '/nix/var'];

/**
 * A working directory that no runtime can make, or that would be root's in the store.
 *
 * @param volumes those of the pod
 * @param usesNix whether the container sees the store
 */
export function checkWorkingDirectory(container: any, volumes: any[], usesNix: boolean): Problem[] {
  const { workingDir } = container;
  if (typeof workingDir !== 'string' || workingDir === '') {
    return [];
  }
  const refuse = (problem: string, remedy: string): Problem[] => [
    { code: 'CDK8SNIX0522', prop: `containers[${container.name}].workingDir`, value: workingDir, problem, remedy },
  ];
  if (!workingDir.startsWith('/')) {
    return refuse('A working directory is absolute.', `Use "/${workingDir}".`);
  }
  const path = plainPath(workingDir);
  const files = folderOfFiles(path, container, volumes);
  if (files !== undefined) {
    return refuse(`${files} holds the files of a ConfigMap or a Secret, and nothing else can be made there.`, `Use "${files}", or a folder elsewhere.`);
  }
  return usesNix && isBelow(path, '/nix') && !IN_NIX.some(folder => path === folder || isBelow(path, folder))
    ? refuse('The store volume holds what Nix has, and a folder made there would be root\'s.', 'Use a folder in the home, which is made for you.') : [];
}
