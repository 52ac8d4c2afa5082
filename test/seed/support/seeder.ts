import * as path from 'path';
import { Finished, REPOSITORY, Running } from './container';
import { Image } from './image';
import { Volume } from './volume';
import { Cgroup } from '../../support/run/cgroup';

export type Shell = 'dash' | 'bash' | 'busybox sh';
export const SHELLS: Shell[] = ['dash', 'bash', 'busybox sh'];

export interface SeedOptions {
  /** @default dash */
  readonly shell?: Shell;
  readonly environment?: { [name: string]: string };
  /** Further folders to mount. */
  readonly mounts?: { [source: string]: string };
  readonly user?: number;
  readonly group?: number;
  readonly groups?: number[];
  /** @default all of the machine */
  readonly cgroup?: Cgroup;
}

/** Starts the init container seed-nix-store. */
export function startSeeding(image: Image, volume: Volume, options: SeedOptions = {}): Running {
  return new Running({
    rootfs: image.rootfs,
    user: options.user,
    group: options.group,
    groups: options.groups,
    cgroup: options.cgroup,
    mounts: {
      [image.nix]: '/nix:ro',
      [volume.root]: '/mnt/nix-volume',
      [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro',
      ...options.mounts,
    },
    environment: options.environment,
    command: [...(options.shell ?? 'dash').split(' '), '/opt/cdk8s-nix/seed-nix-store.sh'],
  });
}

/** Runs the init container seed-nix-store, however it ends. */
export async function seed(image: Image, volume: Volume, options: SeedOptions = {}): Promise<Finished> {
  return startSeeding(image, volume, options).finished;
}

/** Runs the init container seed-nix-store, which must succeed; its log. */
export async function seedWell(image: Image, volume: Volume, options: SeedOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await seed(image, volume, options);
  if (code !== 0 || stderr !== '') {
    throw new Error(`seeding ended with ${code}:\n${stdout}${stderr}`);
  }
  return stdout;
}
