import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { NixImageKind } from '../../src/image/nix-image-recipe';
import { nodeImage, seedImage } from '../support/images';
import { buildImage, removeBuiltImages } from './support/build-image';
import { generationFlake } from './support/generation-flake';
import { NpmRegistry } from './support/npm-registry';
import { output, runImage } from './support/run-image';

const REPOSITORY = path.join(__dirname, '../..');
const COMMANDS = ['claude', 'codex', 'gemini'];
const PLACE = '/usr/local/lib/cdk8s-nix/assistants';

/** From the one place where it is written. */
function pinned(command: string): string {
  return /version = "([^"]*)"/.exec(readFileSync(path.join(REPOSITORY, 'nix/ai-assistants', `${command}.nix`), 'utf8'))![1];
}

/** What the page promises, in MB. */
function promisedSize(command: string): number {
  const text = readFileSync(path.join(REPOSITORY, 'docs/home-manager.md'), 'utf8').replace(/\s+/g, ' ');
  return Number(new RegExp(`${command} (\\d+) MB`).exec(text)![1]);
}

/** The real packages, by the real npm, in the image as it is built of them. */
describe('the real assistants in backstage-nix', () => {
  let registry: NpmRegistry;
  let image: string;

  beforeAll(() => {
    registry = new NpmRegistry(COMMANDS.map(pinned).join('-'));
    try {
      image = buildImage(NixImageKind.BACKSTAGE_NIX,
        { NIX_IMAGE: seedImage(), BACKSTAGE_IMAGE: nodeImage(), NPM_CONFIG_REGISTRY: registry.address },
        { 'nix/flake.nix': generationFlake('container-essential', '/usr') }, 'host');
    } catch (error) {
      throw new Error(`${registry.problems() || 'The registry has answered all.'}\n${(error as Error).message}`);
    }
  });

  afterAll(() => {
    registry?.stop();
    removeBuiltImages();
  });

  test.each(COMMANDS)('%s runs for any user, on a root that can only be read, without a network', command => {
    for (const user of ['1001:1001', '4242:0', '1000680000:0']) {
      const { code, stdout, stderr } = runImage(image, [command, '--version'], { restricted: true, user, environment: { HOME: '/tmp' } });
      expect({ user, code, stderr, named: stdout.includes(pinned(command)) }).toMatchObject({ user, code: 0, named: true });
      expect(stderr).not.toContain('install');
    }
  });

  test.each(COMMANDS)('%s is as big as the page says, and has nothing of npm\'s beside it', command => {
    const installed = `${PLACE}/${command}-${pinned(command)}-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux`;
    const [size, ...names] = output(runImage(image, ['sh', '-c', `du -sm --apparent-size ${installed} | cut -f 1; ls -A ${installed} ${installed}/npm`])).split('\n');
    expect(Math.abs(Number(size) / promisedSize(command) - 1)).toBeLessThan(0.15);
    expect(names.filter(Boolean)).toEqual([`${installed}:`, 'npm', 'proven', 'sums', `${installed}/npm:`, '_npx']);
  });

  // One line for each of those that drive a browser, with the variables that it is to find the one of the profile by.
  test.each([
    ['puppeteer@24.43.1', ['PUPPETEER_EXECUTABLE_PATH', 'PUPPETEER_SKIP_DOWNLOAD']],
    ['playwright-core@1.65.1', ['PLAYWRIGHT_MCP_EXECUTABLE_PATH', 'PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD']],
    ['chrome-launcher@1.2.1', ['CHROME_PATH']],
  ])('the browser profile sets what %s reads: %p', (npmPackage, variables) => {
    const module = readFileSync(path.join(REPOSITORY, 'nix/modules/browser.nix'), 'utf8');
    const folder = mkdtempSync(path.join(tmpdir(), 'cdk8s-nix-package-'));
    try {
      const settings = [`--registry=${registry.address}`, `--cache=${folder}/cache`, '--fetch-timeout=600000'];
      const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', npmPackage, '--json', ...settings], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
      const code = execFileSync('tar', ['-xOzf', path.join(folder, filename), '--wildcards', '*.js'], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
      expect(variables.filter(variable => !code.includes(variable))).toEqual([]);
      expect(variables.filter(variable => !module.includes(`    ${variable} = `))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('all of what was installed is what was noted', () => {
    const script = `for folder in ${PLACE}/*/; do cd "$folder" && sha256sum --check --status sums && [ "$(wc -l <sums)" = "$(find npm -type f -o -type l | wc -l)" ] && basename "$folder"; done`;
    expect(output(runImage(image, ['sh', '-c', script])).trim().split('\n').map(name => name.replace(/-.*/, ''))).toEqual(COMMANDS);
  });
});
