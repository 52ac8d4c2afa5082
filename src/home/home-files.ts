import * as kplus from 'cdk8s-plus-28';
import { NixHomeFile } from './nix-home-file';

/** In memory: what is secret in these files reaches no volume that lasts. */
const PLACED = 'nix-home-files';

/** The volumes of the files in a home: what they come from, one for each, and what they are copied to. */
export function homeFileVolumes(files: NixHomeFile[]): kplus.k8s.Volume[] {
  return files.length === 0 ? [] : [
    ...files.map((file, i) => file._volume(sourceName(i))),
    { name: PLACED, emptyDir: { medium: 'Memory' } },
  ];
}

/** How containers that use Nix see them. */
export function homeFileMounts(files: NixHomeFile[], home: string): kplus.k8s.VolumeMount[] {
  return files.map((file, i) => ({ name: PLACED, mountPath: `${home}/${file.path}`, subPath: [i, ...file._name === undefined ? [] : [file._name]].join('/') }));
}

/** How the container that copies them sees them, and what it is told: see scripts/place-files.sh. */
export function homeFilePlacing(files: NixHomeFile[], from: string, to: string): Pick<kplus.k8s.Container, 'env' | 'volumeMounts'> {
  return files.length === 0 ? {} : {
    env: [{ name: 'NIX_HOME_FILES', value: files.map(file => file._mode).join('\n') }],
    volumeMounts: [
      ...files.map((_, i) => ({ name: sourceName(i), mountPath: `${from}/${i}`, readOnly: true })),
      { name: PLACED, mountPath: to },
    ],
  };
}

/** Whether a mount is one file, rather than all that is in a Secret. */
export function isHomeFile({ name, subPath }: kplus.k8s.VolumeMount): boolean {
  return name === PLACED && subPath !== undefined && subPath.includes('/');
}

function sourceName(index: number): string {
  return `nix-home-file-${index}`;
}
