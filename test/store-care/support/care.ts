import * as fs from 'fs';
import * as path from 'path';
import { Finished, REPOSITORY, Running, USER_ID } from '../../seed/support/container';
import { Image } from '../../seed/support/image';
import { Shell } from '../../seed/support/seeder';
import { Volume } from '../../seed/support/volume';

export const HOME = '/home/code';
const TERMINATION_LOG = '/mnt/termination-log';

/** What a pod on the volume sees: the store at /nix, and the home of the user unless it is left out. */
export interface PodOptions {
  /** @default true */
  readonly home?: boolean;
  /** Where the store is instead of /nix, where the image's own is then. @default - at /nix */
  readonly storeAt?: string;
  readonly environment?: { [name: string]: string };
  /** Further folders to mount. */
  readonly mounts?: { [source: string]: string };
}

export interface CareOptions extends PodOptions {
  /** @default dash */
  readonly shell?: Shell;
  readonly args?: string[];
}

/** How a script of ours ended, and its last words. */
export interface Cared extends Finished {
  readonly lastWords: string;
}

/** Starts one of our scripts in a pod of its own on the volume. */
export function startCaring(script: string, image: Image, volume: Volume, options: CareOptions = {}): Running {
  fs.writeFileSync(terminationLog(volume), '');
  fs.chownSync(terminationLog(volume), USER_ID, USER_ID);
  return start(image, volume, {
    ...options,
    mounts: { [path.join(REPOSITORY, 'scripts')]: '/opt/care:ro', [terminationLog(volume)]: TERMINATION_LOG, ...options.mounts },
    environment: { CARE_TERMINATION_LOG: TERMINATION_LOG, ...options.environment },
  }, [...(options.shell ?? 'dash').split(' '), `/opt/care/${script}.sh`, ...options.args ?? []]);
}

/** Runs one of our scripts to its end, however that is. */
export async function care(script: string, image: Image, volume: Volume, options: CareOptions = {}): Promise<Cared> {
  const finished = await startCaring(script, image, volume, options).finished;
  return { ...finished, lastWords: fs.readFileSync(terminationLog(volume), 'utf-8').trimEnd() };
}

/** Starts a command in the workload. */
export function startWorkload(image: Image, volume: Volume, script: string, options: PodOptions = {}): Running {
  return start(image, volume, options, ['sh', '-ec', script]);
}

/** Lines that a shell script prints in the workload, which must succeed. */
export async function inWorkload(image: Image, volume: Volume, script: string, options: PodOptions = {}): Promise<string[]> {
  const { code, stdout, stderr } = await startWorkload(image, volume, script, options).finished;
  if (code !== 0) {
    throw new Error(`in the workload, \`${script}\` ended with ${code}: ${stderr}${stdout}`);
  }
  return stdout.split('\n').filter(line => line !== '');
}

function start(image: Image, volume: Volume, options: PodOptions, command: string[]): Running {
  const home = path.join(volume.root, 'home');
  fs.mkdirSync(home, { recursive: true });
  fs.chownSync(home, USER_ID, USER_ID);
  return new Running({
    rootfs: image.rootfs,
    mounts: {
      [volume.nix]: options.storeAt ?? '/nix',
      ...(options.storeAt ? { [image.nix]: '/nix:ro' } : {}),
      [path.join(REPOSITORY, 'test/seed/support')]: '/support:ro',
      ...(options.home ?? true ? { [home]: HOME } : {}),
      ...options.mounts,
    },
    environment: {
      HOME,
      USER: 'code',
      ...(options.storeAt ? { NIX_FOLDER: options.storeAt } : {}),
      NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =\nexperimental-features = nix-command flakes',
      ...options.environment,
    },
    command,
  });
}

function terminationLog(volume: Volume): string {
  return path.join(path.dirname(volume.root), 'termination-log');
}
