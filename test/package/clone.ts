import { execFileSync } from 'child_process';
import { cpSync, mkdtempSync, symlinkSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');

/**
 * What a clone of the repository would hold, uncommitted changes included: all files that git knows or would add, none that a build has made.
 * The packages that `npm ci` would install are those of this repository.
 */
export function cloneWithoutBuild(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `cdk8s-nix-${name}-`));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], { cwd: ROOT, encoding: 'utf-8' });
  for (const file of files.split('\0').filter(path => path !== '')) {
    cpSync(join(ROOT, file), join(folder, file), { recursive: true, force: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
}

/** Make that clone a repository with one commit, whose message is `message`. */
export function commitAll(folder: string, message: string): void {
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@cdk8s-nix.example', ...args], { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all', ':!node_modules');
  git('commit', '--quiet', '--message', message);
}
