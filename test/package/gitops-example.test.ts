import { execFileSync, spawnSync } from 'child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'fs';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');

describe('check-synth.sh of examples/gitops', () => {
  let folder: string;
  const run = (...command: string[]) => spawnSync(command[0], command.slice(1), { cwd: folder, encoding: 'utf-8' });

  beforeAll(() => {
    // Below the repository, where the package is found by its own name, with another dist/ than the one of a developer.
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    folder = mkdtempSync(join(ROOT, '.cache', 'gitops-'));
    cpSync(join(ROOT, 'examples', 'gitops'), folder, { recursive: true, filter: source => !source.includes('dist') });
    execFileSync('npx', ['cdk8s', 'synth', '--no-check-upgrade'], { cwd: folder, stdio: 'pipe' });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('accepts what is fresh, and refuses what is stale', () => {
    expect(run('sh', 'check-synth.sh').status).toBe(0);
    appendFileSync(join(folder, 'dist', 'staging.k8s.yaml'), '# by hand\n');
    const stale = run('sh', 'check-synth.sh');
    expect(stale.status).toBe(1);
    expect(stale.stderr).toContain('commit dist/');
  });
});
