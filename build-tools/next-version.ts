import { execFileSync } from 'child_process';
import { readFileSync } from 'fs';
import { join } from 'path';

/**
 * The version of the next release, for projen's `bump`: the one that the changelog's first heading announces, `## Unreleased: 1.2.3`.
 * Whether users notice a change is known to who writes the changelog, not to a rule about commit messages.
 */
const ROOT = process.cwd();
const announced = /^## Unreleased: (?<version>\d+\.\d+\.\d+)$/m.exec(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf-8'))?.groups?.version;
if (!announced) {
  throw new Error('CHANGELOG.md announces no version: its first heading is to be "## Unreleased: 1.2.3".');
}
const tags = execFileSync('git', ['tag', '--list', `v${announced}`], { cwd: ROOT, encoding: 'utf-8' });
if (tags.trim() !== '') {
  throw new Error(`${announced} is released already: say in the first heading of CHANGELOG.md which version is next.`);
}
process.stdout.write(announced);
