import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { runOfThisProcess } from './run/run-folder';

/** The repository's folder for what is expensive to make; git ignores it. */
export const CACHE = path.resolve(__dirname, '../../.cache');

/** On each container: the run that made it. */
export const RUN_LABEL = 'cdk8s-nix-test-run';

/** How a program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run podman once. */
export interface PodmanOptions {
  /** Text for its standard input. */
  readonly input?: string;
  /** Seconds after which it is killed and counts as failed. @default 300 */
  readonly timeout?: number;
}

let environment: NodeJS.ProcessEnv | undefined;

/** Where images and containers of the tests lie. A run that counts all there is takes a storage of its own. */
export function storageFolder(): string {
  return process.env.CDK8S_NIX_TEST_STORAGE ?? path.join(CACHE, 'podman');
}

/**
 * The environment that gives podman and buildah storage and settings of these tests, apart from those of the machine.
 */
export function containerEnvironment(): NodeJS.ProcessEnv {
  return environment ??= configure();
}

/** Runs podman and says how it ended, well or not. */
export function tryPodman(args: string[], options: PodmanOptions = {}): Outcome {
  const labelled = args[0] === 'run' ? ['run', '--label', `${RUN_LABEL}=${runOfThisProcess()}`, ...args.slice(1)] : args;
  const { status, signal, error, stdout, stderr } = spawnSync('podman', labelled, {
    env: containerEnvironment(),
    // It notes there that a container ran out of memory.
    cwd: storageFolder(),
    input: options.input,
    encoding: 'utf8',
    timeout: (options.timeout ?? 300) * 1000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) {
    throw new Error(`podman ${args.join(' ')}: ${error.message}`);
  }
  return { code: status ?? 1, stdout, stderr: signal ? `${stderr}\nkilled by ${signal}` : stderr };
}

/**
 * Runs podman.
 *
 * @returns its standard output, without the last line break
 * @throws with all it printed, if it fails
 */
export function podman(args: string[], options: PodmanOptions = {}): string {
  const outcome = tryPodman(args, options);
  if (outcome.code !== 0) {
    throw new Error(`podman ${args.join(' ')} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
  }
  return outcome.stdout.trimEnd();
}

function configure(): NodeJS.ProcessEnv {
  const folder = storageFolder();
  // State that must not outlive a reboot, or podman takes dead containers for running ones.
  const run = path.join('/run', `cdk8s-nix-test-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`);
  const engine = path.join(folder, 'containers.conf');
  const storage = path.join(folder, 'storage.conf');
  mkdirSync(folder, { recursive: true });

  writeFileSync(engine, [
    '[containers]',
    // Soft equal to hard: raising a limit needs rights that containers in containers lack.
    'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]',
    '[engine]',
    // No systemd or journal needed, and crun refuses machines that mix cgroup versions.
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    'runtime = "runc"',
    // The default, shared memory, is one for all podmans of the machine whatever their storage.
    'lock_type = "file"',
    `tmp_dir = "${run}/libpod"`,
    '',
  ].join('\n'));
  writeFileSync(storage, [
    '[storage]',
    'driver = "overlay"',
    `graphroot = "${folder}/storage"`,
    `runroot = "${run}/storage"`,
    '',
  ].join('\n'));
  // What a run of the tests keeps for itself may be small.
  return { ...process.env, TMPDIR: folder, CONTAINERS_CONF: engine, CONTAINERS_STORAGE_CONF: storage };
}
