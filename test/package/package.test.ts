import { execFileSync, spawnSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { parseAllDocuments } from 'yaml';

const ROOT = join(__dirname, '..', '..');

/** The packages a user installs beside ours, in the versions of our own lock file. */
const PEERS = ['cdk8s', 'cdk8s-plus-28', 'constructs'];

/**
 * The package as its users get it: packed, installed into an empty project, and used from there. Only this notices
 * an asset that is in the repository and not in the package.
 */
describe('the packed package', () => {
  let folder: string;
  let tarball: string;
  let files: string[];

  const run = (command: string, ...args: string[]): string => execFileSync(command, args, { cwd: folder, encoding: 'utf-8' });
  const versionOf = (name: string): string => JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf-8')).version;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-package-'));
    const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf-8' }));
    tarball = join(folder, packed.filename);
    files = packed.files.map((file: { path: string }) => file.path);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    run('npm', 'install', '--no-audit', '--no-fund', tarball, ...PEERS.map(name => `${name}@${versionOf(name)}`),
      `typescript@${versionOf('typescript')}`, `@types/node@${versionOf('@types/node')}`);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds what is needed and nothing else', () => {
    const allowed = /^(\.jsii|API\.md|CHANGELOG\.md|LICENSE|NOTICE|README\.md|package\.json|(lib\/.+\.(js|d\.ts)|lib\/\.types-compat.*)|(scripts|images|nix)\/.+|bin\/cdk8s-nix)$/;
    expect(files.filter(file => !allowed.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining([
      '.jsii', 'API.md', 'LICENSE', 'README.md', 'lib/index.js', 'lib/index.d.ts', 'scripts/seed-nix-store.sh', 'scripts/check-nix-store.sh',
    ]));
  });

  test('is smaller than 1 MB', () => {
    expect(statSync(tarball).size).toBeLessThan(1_000_000);
  });

  test('synthesizes from plain JavaScript, scripts included', () => {
    writeFileSync(join(folder, 'main.js'), `
      const { App, Chart } = require('cdk8s');
      const { NixDeployment } = require('cdk8s-nix');
      const app = new App();
      new NixDeployment(new Chart(app, 'chart'), 'workspace');
      process.stdout.write(app.synthYaml());
    `);
    const manifests = parseAllDocuments(run('node', 'main.js')).map(document => document.toJS());
    expect(manifests).toBeValidKubernetes();
    const scripts = manifests.find(manifest => manifest.metadata.name.includes('nix-scripts'));
    for (const script of ['seed-nix-store.sh', 'check-nix-store.sh']) {
      expect(Buffer.from(scripts.binaryData[script], 'base64').toString()).toBe(readFileSync(join(ROOT, 'scripts', script), 'utf-8'));
    }
  });

  test('compiles strictly from TypeScript, and synthesizes', () => {
    writeFileSync(join(folder, 'main.ts'), `
      import { App, Chart, Size } from 'cdk8s';
      import { NixDeployment, NixDeploymentProps, NixStore } from 'cdk8s-nix';
      const app = new App();
      const props: NixDeploymentProps = { store: NixStore.persistent({ size: Size.gibibytes(5) }) };
      new NixDeployment(new Chart(app, 'chart'), 'workspace', props);
      process.stdout.write(app.synthYaml());
    `);
    run('npx', 'tsc', '--strict', '--module', 'node16', '--target', 'es2022', '--types', 'node', '--outDir', 'out', 'main.ts');
    expect(run('node', 'out/main.js')).toContain('storage: 5Gi');
  });

  test('has a command line, with the files it ejects', () => {
    expect(run('npx', '--no-install', 'cdk8s-nix', 'images', '--recommend', '--persistent-volume')).toMatch(/^Kubernetes with a persistent volume: ubuntu-nix\n/);
    run('npx', '--no-install', 'cdk8s-nix', 'eject', 'ubuntu-nix', 'image');
    for (const path of ['images/ubuntu-nix/Dockerfile', 'images/entrypoint.sh', 'scripts/record-seed-image.sh', 'nix/flake.nix']) {
      expect(readFileSync(join(folder, 'image', path), 'utf-8')).toBe(readFileSync(join(ROOT, path), 'utf-8'));
    }
  });

  test('exits with 2 where the command line makes no sense', () => {
    const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'cdk8s-nix', 'eject', 'debian', 'image'], { cwd: folder, encoding: 'utf-8' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain("cdk8s-nix eject: There is no image 'debian': use add-nix, backstage-nix, ubuntu-nix. Run 'cdk8s-nix eject --help'.\n");
  });
});
