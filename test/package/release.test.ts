import { execFileSync, spawnSync } from 'child_process';
import { readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { cloneWithoutBuild, commitAll } from './clone';

describe('a release', () => {
  let folder: string;
  const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf-8');
  const bump = () => spawnSync('npx', ['projen', 'bump'], { cwd: folder, encoding: 'utf-8' });

  beforeAll(() => {
    folder = cloneWithoutBuild('release');
    writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased: 0.1.0\n');
    commitAll(folder, 'The seed waits for a writer that is alive');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('has the version that the changelog announces, and notes made from its commits', () => {
    expect(bump().status).toBe(0);
    expect(read('dist', 'version.txt')).toBe('0.1.0');
    expect(read('dist', 'releasetag.txt')).toBe('v0.1.0');
    expect(JSON.parse(read('package.json')).version).toBe('0.1.0');
    expect(read('dist', 'changelog.md')).toMatch(/^## 0\.1\.0\n[^]*\n- The seed waits for a writer that is alive\n$/);
  });

  test('leaves the repository as it was', () => {
    execFileSync('npx', ['projen', 'unbump'], { cwd: folder, stdio: 'pipe' });
    expect(execFileSync('git', ['status', '--porcelain', '--', ':!node_modules'], { cwd: folder, encoding: 'utf-8' })).toBe('');
  });

  test('needs another version than the last one', () => {
    execFileSync('git', ['tag', 'v0.1.0'], { cwd: folder });
    const { status, stderr } = bump();
    expect(status).not.toBe(0);
    expect(stderr).toContain('0.1.0 is released already');
  });
});

test('the changelog of this repository announces a version', () => {
  expect(readFileSync(join(__dirname, '..', '..', 'CHANGELOG.md'), 'utf-8')).toMatch(/^## (Unreleased: )?\d+\.\d+\.\d+$/m);
});
