import { execFileSync } from 'child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');

/** The examples that people are told to copy into a repository of their own, by the letter of their READMEs. */
describe.each([
  ['workspace', ['workspace.k8s.yaml']],
  ['gitops', ['development.k8s.yaml', 'production.k8s.yaml', 'staging.k8s.yaml']],
  ['backstage', ['applications.k8s.yaml', 'development.k8s.yaml', 'production.k8s.yaml', 'staging.k8s.yaml']],
])('examples/%s', (name, files) => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), `cdk8s-nix-${name}-`));
    cpSync(join(ROOT, 'examples', name), folder, { recursive: true, filter: source => !source.includes('dist') });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf-8' }));
    const packages = /`npm install (?<packages>[^`]+)`/.exec(readFileSync(join(folder, 'README.md'), 'utf-8'))!.groups!.packages.split(' ');
    // What is not published yet is installed from what would be.
    const wanted = packages.map(wish => wish === 'cdk8s-nix' ? join(folder, packed.filename) : wish);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', ...wanted], { cwd: folder, stdio: 'pipe' });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('synthesizes in a repository of its own', () => {
    execFileSync('npx', ['cdk8s', 'synth', '--no-check-upgrade'], { cwd: folder, stdio: 'pipe' });
    expect(readdirSync(join(folder, 'dist')).sort()).toEqual(files);
  });
});
