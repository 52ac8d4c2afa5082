import { Problem } from '../base/problems';
import { ACTIVATE_HOME } from '../home/home-activation';
import { isAtOrBelow, isBelow, plainPath } from '../pod/folders-to-make';
import { listOf } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';
import { holdsFiles, isReadOnlyVolume } from '../pod/volume-kind';

/** Where Nix looks for its settings unless it is told of another folder, as it is here. */
const UNREAD = '/etc/nix';

/** Where Nix keeps what its user has installed and what it has downloaded: it makes what is missing of that. */
const WRITTEN_IN_HOME = ['.local', '.local/state', '.local/state/nix', '.local/state/nix/profiles', '.cache', '.cache/nix'];

/** Where a home configuration has its links, and with them all that is installed: in the folder that is hidden, for this container alone. */
const LINKED_IN_HOME = ['.local', '.local/state', '.local/state/nix', '.local/state/nix/profiles', '.local/state/home-manager', '.config'];

/**
 * What is wrong with the mounts of any container of the pod by themselves.
 *
 * @param volumes those of the pod
 */
export function checkMountPaths(container: any, volumes: any[]): Problem[] {
  const prop = `containers[${container.name}].volumeMounts`;
  const paths: string[] = listOf(container.volumeMounts).map(({ mountPath = '' }) => mountPath);
  const absolute = paths.filter(path => path.startsWith('/'));
  const twice = absolute.filter((path, i) => absolute.findIndex(other => plainPath(other) === plainPath(path)) < i);
  return [
    ...paths.filter(path => !path.startsWith('/')).map((path): Problem => ({
      code: 'CDK8SNIX0503', prop, value: path, problem: 'A mount path is absolute.', remedy: `Use "/${path}".`,
    })),
    ...twice.map((path): Problem => ({
      code: 'CDK8SNIX0519', prop, value: path, problem: 'Something is mounted there already.', remedy: 'Mount one of the two elsewhere, or leave it out.',
    })),
    ...absolute.flatMap((path): Problem[] => {
      const files = folderOfFiles(plainPath(path), container, volumes);
      return files === undefined ? [] : [{
        code: 'CDK8SNIX0519',
        prop,
        value: path,
        problem: `${files} holds the files of a ConfigMap or a Secret, and nothing else can be made there.`,
        remedy: 'Mount one of the two elsewhere.',
      }];
    }),
  ];
}

/**
 * Mounts of a container that uses Nix which would hide something of the environment's, or keep the container from being made.
 *
 * @param volumes those of the pod
 */
export function checkMountClashes(container: any, volumes: any[], additions: PodAdditions): Problem[] {
  const ours = additions.mounts.map(mount => ({ path: plainPath(mount.mountPath), readOnly: mount.readOnly ?? false }));
  const home = additions.variables.find(variable => variable.name === 'HOME')?.value;
  const absolute = listOf(container.volumeMounts).filter(({ mountPath = '' }) => mountPath.startsWith('/'));
  const devices = listOf(container.volumeDevices).map(({ name, devicePath }) => ({ name, mountPath: devicePath }));
  return [...absolute, ...devices.filter(({ mountPath = '' }) => mountPath.startsWith('/'))].flatMap((mount): Problem[] => {
    const path = plainPath(mount.mountPath);
    const refuse = (problem: string, remedy: string, code: Problem['code'] = 'CDK8SNIX0503'): Problem[] => [
      { code, prop: `containers[${container.name}].volumeMounts`, value: mount.mountPath, problem, remedy },
    ];
    const same = path === '/' || isBelow(path, '/nix') ? ours[0] : ours.find(our => our.path === path);
    if (same) {
      return refuse(`The environment mounts ${same.path} itself.`,
        path === home ? atHome(volumes.find(({ name }) => name === mount.name)) : 'Mount your volume elsewhere.');
    }
    if (home !== undefined && isAtOrBelow(path, `${home}/.nix-profile`)) {
      return refuse('Nix has a link to what is installed there.', 'Mount your volume elsewhere.');
    }
    const written = ['/tmp', ...home === undefined ? [] : WRITTEN_IN_HOME.map(folder => `${home}/${folder}`)];
    if (written.includes(path) && isReadOnly(mount, volumes)) {
      return refuse('Nix writes there, and the volume is read-only.', 'Mount single files of it, by subPath, or mount it elsewhere.');
    }
    const hidden = home === undefined || !activatesHome(additions) ? undefined : LINKED_IN_HOME.find(folder => path === `${home}/${folder}`);
    if (hidden !== undefined) {
      return refuse(`The home configuration has links in ${hidden}, which the volume would hide from this container: what it installs would not be found.`,
        'Mount it on a folder in it that is yours alone, as .local/share/app or .config/app, or give the home a volume: NixHome.fromVolume(volume).');
    }
    const below = ours.find(our => isBelow(our.path, path));
    if (below && isReadOnly(mount, volumes)) {
      return refuse(`The environment mounts ${below.path} in it, for which nothing can be made there: the volume is read-only.`,
        'Mount single files of it, by subPath, or mount it elsewhere.');
    }
    const above = ours.find(our => our.readOnly && isBelow(path, our.path));
    if (above) {
      return refuse(`The environment mounts ${above.path} read-only, so nothing can be made in it.`, 'Mount your volume elsewhere.');
    }
    return isAtOrBelow(path, UNREAD)
      ? refuse('Nix reads the nix.conf of the environment, and no other.', 'Use config.settings or config.extraLines.', 'CDK8SNIX0518')
      : [];
  });
}

/** What to do with a volume that is mounted at the home. That of a claim template is none of the pod's own. */
function atHome(volume: any): string {
  const claim = volume?.persistentVolumeClaim?.claimName;
  return volume === undefined ? 'Mount it elsewhere, in a folder of the home for example: the home has a volume already.'
    : `Give the volume to the environment, home: ${claim === undefined ? 'NixHome.fromVolume(volume)' : `NixHome.existing(${JSON.stringify(claim)})`}, and leave this mount out. `
      + 'The home is its folder home/ then: move there what is at its root.';
}

/** The mount that a path lies in, if that is a folder of files which the kubelet writes: a runtime can make nothing there. */
export function folderOfFiles(path: string, container: any, volumes: any[]): string | undefined {
  const mounts = listOf(container.volumeMounts).map(({ name, mountPath = '' }) => ({ name, folder: plainPath(mountPath) }));
  const [above] = mounts.filter(({ folder }) => isBelow(path, folder)).sort((a, b) => b.folder.length - a.folder.length);
  return above !== undefined && holdsFiles(volumes.find(volume => volume.name === above.name)) ? above.folder : undefined;
}

function activatesHome({ nixInitContainers = [] }: PodAdditions): boolean {
  return nixInitContainers.some(({ name }) => name === ACTIVATE_HOME);
}

function isReadOnly(mount: any, volumes: any[]): boolean {
  return mount.readOnly === true || isReadOnlyVolume(volumes.find(volume => volume.name === mount.name));
}
