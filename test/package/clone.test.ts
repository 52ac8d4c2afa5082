import { execFileSync } from 'child_process';
import { existsSync, rmSync } from 'fs';
import { join } from 'path';
import { cloneWithoutBuild } from './clone';

describe('a clone of the repository, not built yet', () => {
  let folder: string;

  beforeAll(() => {
    folder = cloneWithoutBuild('clone');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is not compiled by npm ci, which is followed by a command that does so', () => {
    execFileSync('node', ['build-tools/prepare.js'], { cwd: folder, env: { ...process.env, npm_command: 'ci' } });
    expect(existsSync(join(folder, 'lib'))).toBe(false);
  });

  // What npm does with `npm install GIT-URL`, once it has the clone and its packages.
  test('is compiled when it is packed', () => {
    const output = execFileSync('npm', ['pack', '--json'], { cwd: folder, encoding: 'utf-8', stdio: ['ignore', 'pipe', 'pipe'] });
    const [{ files }] = JSON.parse(output.slice(output.indexOf('[')));
    expect(files.map((file: { path: string }) => file.path)).toEqual(expect.arrayContaining(['.jsii', 'lib/index.js', 'lib/index.d.ts', 'scripts/seed-nix-store.sh']));
  });
});
