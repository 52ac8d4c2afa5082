import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { lock } from '../support/lock';
import { CACHE } from '../support/podman';

const REPOSITORY = path.join(__dirname, '../..');

/** A package from npm as a wrapper of the flake pins it. */
interface Pinned {
  readonly command: string;
  readonly npmPackage: string;
  readonly version: string;
}

function pinned(command: string): Pinned {
  const text = fs.readFileSync(path.join(REPOSITORY, 'nix/ai-assistants', `${command}.nix`), 'utf8');
  const value = (name: string) => new RegExp(` ${name} = "([^"]+)"`).exec(text)![1];
  return { command, npmPackage: value('package'), version: value('version') };
}

const ASSISTANTS = ['claude', 'codex', 'gemini'].map(pinned);

/**
 * The real packages of the assistants that come from npm, in the versions that the flake pins. They are fetched once, and
 * none of their scripts is run but the one that puts a program in its place.
 *
 * @returns the folder whose node_modules has them
 */
function realPackages(): string {
  const wanted = ASSISTANTS.map(({ npmPackage, version }) => `${npmPackage}@${version}`);
  const folder = path.join(CACHE, 'assistants', ASSISTANTS.map(({ version }) => version).join('-'));
  const unlock = lock('assistants');
  try {
    if (!fs.existsSync(folder)) {
      const part = `${folder}.part`;
      fs.rmSync(path.dirname(folder), { recursive: true, force: true });
      fs.mkdirSync(part, { recursive: true });
      fs.writeFileSync(path.join(part, 'package.json'), '{"private":true}');
      execFileSync('npm', ['install', '--ignore-scripts', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error', ...wanted], { cwd: part, stdio: 'inherit' });
      execFileSync('node', ['install.cjs'], { cwd: path.join(part, 'node_modules/@anthropic-ai/claude-code'), stdio: 'inherit' });
      fs.renameSync(part, folder);
    }
  } finally {
    unlock();
  }
  return folder;
}

/** Where the wrappers look for them, in the container. */
export const ASSISTANTS_FOLDER = '/opt/assistants';

/**
 * Makes installations of the real packages, as the wrappers make them, in a container's folder.
 *
 * @returns commands that put them there, for each run
 */
export function installRealAssistants(root: string): string {
  const packages = realPackages();
  return ASSISTANTS.map(({ command, version }) => {
    const place = `${ASSISTANTS_FOLDER.slice(1)}/${command}-${version}-x86_64-linux`;
    const modules = 'npm/_npx/real/node_modules';
    fs.mkdirSync(path.join(root, place, modules), { recursive: true });
    const executable = fs.statSync(path.join(packages, 'node_modules/.bin', command));
    fs.writeFileSync(path.join(root, place, 'proven'), `${executable.size} ./${modules}/.bin/${command}\n`);
    return `mount --bind ${packages}/node_modules ${place}/${modules}; mount -o remount,ro,bind ${place}/${modules}`;
  }).join('\n');
}
