import { execFileSync, spawnSync, SpawnSyncReturns } from 'child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');
const APP = `
  import { App, Chart } from 'cdk8s';
  import { HomeManager, HomeManagerProfile, NixDeployment } from 'cdk8s-nix';
  const app = new App();
  new NixDeployment(new Chart(app, 'chart'), 'workspace', { homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) });
  process.stdout.write(app.synthYaml());
`;

/** The packages a user installs beside ours, in the versions of our own lock file. */
function peers(): string[] {
  return ['cdk8s', 'cdk8s-plus-28', 'constructs'].map(name => `${name}@${JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf-8')).version}`);
}

let folder: string;
let tarball: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-bundles-'));
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf-8' }));
  tarball = join(folder, packed.filename);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an app that is bundled', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    writeFileSync(join(folder, 'main.mjs'), APP);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', tarball, ...peers(), 'esbuild@0.25.12'], { cwd: folder });
  });

  function bundled(...options: string[]): SpawnSyncReturns<string> {
    execFileSync('npx', ['esbuild', 'main.mjs', '--bundle', '--platform=node', '--log-level=error', '--outfile=dist/app/bundle.js', ...options], { cwd: folder });
    return spawnSync('node', ['dist/app/bundle.js'], { cwd: folder, encoding: 'utf-8' });
  }

  test('is told why the files are missing, and what to do', () => {
    const { status, stdout, stderr } = bundled();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/CDK8SNIX1301 (?:scripts|images|nix)\/\S+: not found in \S+ \(there is no package cdk8s-nix\)/);
    expect(stderr).toContain('bundled');
    expect(stderr).toContain('--packages=external');
  });

  test('takes no files of its own for ours', () => {
    // Where the package's own would be, seen from the bundle.
    mkdirSync(join(folder, 'scripts'));
    ['check-nix-store.sh', 'seed-nix-store.sh'].forEach(script => writeFileSync(join(folder, 'scripts', script), 'echo theirs\n'));
    expect(bundled().stderr).toContain('there is no package cdk8s-nix');
  });

  test('synthesizes if it does what it was told', () => {
    const { status, stdout } = bundled('--packages=external');
    expect(status).toBe(0);
    expect(stdout).toContain('kind: Deployment');
  });
});

describe("Yarn's Plug'n'Play", () => {
  let app: string;
  let yarn: string;

  const run = (...args: string[]): string => execFileSync('node', [yarn, ...args], { cwd: app, encoding: 'utf-8', stdio: ['ignore', 'pipe', 'pipe'] });

  beforeAll(() => {
    app = mkdtempSync(join(tmpdir(), 'cdk8s-nix-pnp-'));
    const tool = join(folder, 'yarn');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', tool, '@yarnpkg/cli-dist@4.18.1']);
    yarn = join(tool, 'node_modules', '@yarnpkg', 'cli-dist', 'bin', 'yarn.js');
    const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf-8' }).trim();
    writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true }');
    writeFileSync(join(app, '.yarnrc.yml'), ['nodeLinker: pnp', 'enableTelemetry: false', 'enableGlobalCache: false', 'enableImmutableInstalls: false',
      `npmRegistryServer: ${JSON.stringify(registry)}`, ''].join('\n'));
    writeFileSync(join(app, 'main.js'), APP.replace(/import (\{.*\}) from ('.*')/g, 'const $1 = require($2)'));
    run('add', `cdk8s-nix@file:${tarball}`, ...peers());
  });

  afterAll(() => rmSync(app, { recursive: true, force: true }));

  test('runs every command', () => {
    expect(run('cdk8s-nix', 'images')).toContain('add-nix');
    expect(run('cdk8s-nix', 'dockerfile', 'ubuntu-nix')).toContain('FROM');
    run('cdk8s-nix', 'eject', 'add-nix', 'mine');
    expect(readFileSync(join(app, 'mine/images/add-nix/Dockerfile'), 'utf-8')).toBe(readFileSync(join(ROOT, 'images/add-nix/Dockerfile'), 'utf-8'));
  });

  test('synthesizes, and explains what comes out', () => {
    writeFileSync(join(app, 'app.yaml'), run('node', 'main.js'));
    expect(run('cdk8s-nix', 'explain', 'app.yaml')).toContain('Deployment');
  });
});
