import { execFileSync } from 'child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'fs';
import { join } from 'path';

export const ROOT = join(__dirname, '..', '..');

/** Survives a run: what is generated and compiled for peers that a registry does not have takes a minute. */
export const CACHE = join(ROOT, '.cache', 'languages');

export const versionOf = (name: string): string => JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf-8')).version;

/** Run a command, for its standard output; what it says otherwise is in the error if it fails. */
export function run(folder: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    return execFileSync(command, args, {
      cwd: folder,
      encoding: 'utf-8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 256 * 1024 * 1024,
      // The kernel's banner about the age of Node goes to standard error, and would hide what is wrong.
      env: { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20', ...env },
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed in ${folder}:\n${`${stdout}${stderr}`.slice(-6000)}`);
  }
}

/** The source of the packages of this library, as a release builds them, in a folder for each language below `folder`. */
export function generatePackages(folder: string, ...targets: string[]): void {
  rmSync(folder, { recursive: true, force: true });
  run(ROOT, 'npx', ['jsii-pacmak', '--code-only', ...targets.flatMap(target => ['--target', target]), '--outdir', folder, ROOT]);
}

/**
 * The source of a peer's package, for a registry that does not have it: made from the npm package of the same version by the same generator
 * as the published one.
 */
export function generatePeer(name: string, target: string): string {
  const folder = join(CACHE, 'peers', `${name}-${versionOf(name)}-${target}`);
  if (!existsSync(join(folder, target))) {
    mkdirSync(folder, { recursive: true });
    run(ROOT, 'npx', ['jsii-pacmak', '--code-only', '--target', target, '--outdir', folder, join(ROOT, 'node_modules', name)]);
  }
  return join(folder, target);
}

export function copy(source: string, target: string): void {
  cpSync(source, target, { recursive: true });
}
