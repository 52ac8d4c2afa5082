import { foldersToMake } from '../../src/pod/folders-to-make';

const HOME = { volume: 'nix-home', path: '/home/code' };
const OURS = { name: 'nix-home', mountPath: '/home/code', subPath: 'home' };

/** What is to be made in the home for one container. */
function folders(container: any, volumes: any[] = []): string[] {
  return foldersToMake({ containers: [{ ...container, volumeMounts: [OURS, ...container.volumeMounts ?? []] }], volumes }, HOME);
}

test('a pod that mounts nothing below the home needs nothing', () => {
  expect(folders({})).toEqual([]);
  expect(folders({ workingDir: '/home/code' })).toEqual([]);
  expect(folders({ workingDir: '/srv', volumeMounts: [{ name: 'data', mountPath: '/data/home/code/app' }] })).toEqual([]);
});

test('a file of a Secret needs the folders above it', () => {
  expect(folders({ volumeMounts: [{ name: 'gh', mountPath: '/home/code/.config/gh/hosts.yml', subPath: 'hosts.yml' }] })).toEqual(['.config/gh']);
  expect(folders({ volumeMounts: [{ name: 'netrc', mountPath: '/home/code/.netrc', subPath: 'netrc' }] })).toEqual([]);
});

test('a volume needs its own folder too', () => {
  expect(folders({ volumeMounts: [{ name: 'data', mountPath: '/home/code/projects/data' }] })).toEqual(['projects/data']);
});

test('a hostPath that is a file needs those above it', () => {
  const volumes = [{ name: 'socket', hostPath: { path: '/run/x', type: 'Socket' } }, { name: 'folder', hostPath: { path: '/srv', type: '' } }];
  expect(folders({ volumeMounts: [{ name: 'socket', mountPath: '/home/code/run/x' }] }, volumes)).toEqual(['run']);
  expect(folders({ volumeMounts: [{ name: 'folder', mountPath: '/home/code/srv/x' }] }, volumes)).toEqual(['srv/x']);
});

test('a working directory', () => {
  expect(folders({ workingDir: '/home/code/workspaces/x' })).toEqual(['workspaces/x']);
  expect(folders({ workingDir: '/home/code//workspaces/./x/' })).toEqual(['workspaces/x']);
  expect(folders({ workingDir: '/home/codex' })).toEqual([]);
});

test('what lies on a volume of the user\'s is theirs', () => {
  const data = { name: 'data', mountPath: '/home/code/data' };
  expect(folders({ workingDir: '/home/code/data/app', volumeMounts: [data] })).toEqual(['data']);
  expect(folders({ workingDir: '/home/code/data', volumeMounts: [data, { name: 'more', mountPath: '/home/code/data/more/x' }] })).toEqual(['data']);
});

test('a container that does not see the home needs nothing in it', () => {
  expect(foldersToMake({ containers: [{ workingDir: '/home/code/app', volumeMounts: [{ name: 'x', mountPath: '/home/code/x' }] }] }, HOME)).toEqual([]);
  expect(foldersToMake({ containers: [{ workingDir: '/home/code/app' }] }, HOME)).toEqual([]);
});

test('init containers count, and nothing is named twice', () => {
  const at = (workingDir: string) => ({ workingDir, volumeMounts: [OURS] });
  expect(foldersToMake({ initContainers: [at('/home/code/b/c')], containers: [at('/home/code/a'), at('/home/code/b'), at('/home/code/a')] }, HOME)).toEqual(['a', 'b/c']);
});
