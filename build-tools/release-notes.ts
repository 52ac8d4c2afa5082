import { execFileSync } from 'child_process';
import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';

/**
 * The notes of a release, made from its commits, for projen's `bump`, which has just written `dist/version.txt`.
 * Subjects here are sentences that say why, which the tool that projen brings would drop: it knows `feat:` and `fix:` only.
 */
const [latestTag = ''] = process.argv.slice(2);
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf-8' }).trim();

const isTagged = latestTag !== '' && git('tag', '--list', latestTag) !== '';
const subjects = git('log', '--no-merges', '--format=%s', isTagged ? `${latestTag}..HEAD` : 'HEAD').split('\n').filter(subject => subject !== '');
const version = readFileSync(join('dist', 'version.txt'), 'utf-8').trim();

writeFileSync(join('dist', 'changelog.md'), [
  `## ${version}`,
  '',
  `What users notice is in [CHANGELOG.md](https://github.com/cdk8s-nix/cdk8s-nix/blob/v${version}/CHANGELOG.md). The commits:`,
  '',
  ...subjects.map(subject => `- ${subject}`),
  '',
].join('\n'));
