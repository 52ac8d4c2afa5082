import { NixImageKind } from '../../src/image/nix-image-recipe';
import { debianImage, seedImage } from '../support/images';
import { buildImage, derivedImage, imageConfig, removeBuiltImages } from './support/build-image';
import { generationFlake } from './support/generation-flake';
import { nixBuild, OFFLINE } from './support/nix-commands';
import { output, runImage } from './support/run-image';
import { Volumes } from './support/volumes';

const RESTRICTED = { restricted: true };

let portal: string;
let image: string;
let volumes: Volumes;

beforeAll(() => {
  // As the official image is: a user of its own, an entrypoint, a command with a configuration beside it.
  portal = derivedImage(debianImage(), [
    'RUN useradd --uid 1000 --create-home node && mkdir /app && echo "title: portal" >/app/app-config.yaml',
    'WORKDIR /app',
    'ENV NODE_ENV=production',
    'USER node',
    'ENTRYPOINT ["/usr/bin/env"]',
    'CMD ["cat", "app-config.yaml"]',
  ]);
  image = buildImage(NixImageKind.BACKSTAGE_NIX, { NIX_IMAGE: seedImage(), BACKSTAGE_IMAGE: portal },
    { 'nix/flake.nix': generationFlake('container-essential') });
});

afterAll(removeBuiltImages);

beforeEach(() => {
  volumes = new Volumes();
});

afterEach(() => {
  volumes.remove();
});

/** A volume that hides the HOME of the image. */
function emptyHome(): string[] {
  return [`${volumes.empty('home')}:/home/code`];
}

test('runs what its base runs, where it runs it, as user 1001', () => {
  const base = imageConfig(portal);
  const { user, entrypoint, command, workingDirectory, environment } = imageConfig(image);
  expect({ user, entrypoint, command, workingDirectory, mode: environment.NODE_ENV })
    .toEqual({ user: '1001:1001', entrypoint: base.entrypoint, command: base.command, workingDirectory: '/app', mode: 'production' });
  expect(output(runImage(image, [], RESTRICTED))).toBe('title: portal\n');
  expect(output(runImage(image, ['id', '-un'], RESTRICTED))).toBe('code\n');
});

test('has the profile active from the first moment, read-only, without rights and without a place to write', () => {
  expect(output(runImage(image, ['from-home'], RESTRICTED))).toBe('from code\n');
  expect(output(runImage(image, ['cat', '/home/code/.from-home'], RESTRICTED))).toBe('configured\n');
  expect(output(runImage(image, ['bash', '-lc', 'from-home'], RESTRICTED))).toBe('from code\n');
});

test('has the profile in PATH even if a volume hides HOME', () => {
  expect(output(runImage(image, ['from-home'], { ...RESTRICTED, volumes: emptyHome() }))).toBe('from code\n');
});

test('activates the built-in generation in an empty HOME without building or asking a network', () => {
  const script = 'sh /usr/local/lib/cdk8s-nix/install-container.sh essential && cat "$HOME/.from-home"';
  const outcome = runImage(image, ['sh', '-c', script], { ...RESTRICTED, tmp: true, volumes: emptyHome() });
  expect(output(outcome)).toBe('configured\n');
  expect(outcome.stderr).toContain('reused without evaluation');
  expect(outcome.stderr).not.toContain('building');
});

test('ships what the profile and Nix need, and nothing it was built from', () => {
  const script = 'nix-store --query --requisites /nix/var/nix/profiles/default /nix/var/nix/profiles/home-manager | sort -u; echo; ls -d /nix/store/*';
  const [closure, present] = output(runImage(image, ['sh', '-c', script])).trim().split('\n\n').map(text => text.split('\n'));
  const links = present.filter(path => !closure.includes(path));
  // Beyond the closure only the profiles of HOME, which home-manager makes.
  expect(links.filter(path => !/-(user-environment|env-manifest\.nix)$/.test(path))).toEqual([]);
  expect(present.filter(path => /\.drv$|-source$/.test(path))).toEqual([]);
});

test('keeps the profile when garbage is collected with HOME hidden', () => {
  const script = 'nix-collect-garbage --quiet && from-home';
  expect(output(runImage(image, ['sh', '-c', script], { environment: OFFLINE, volumes: emptyHome() }))).toContain('from code\n');
});

test('can be built upon, by its user and by root', () => {
  expect(output(runImage(image, nixBuild('by-code'), { environment: OFFLINE }))).toBe('built by-code\n');
  expect(output(runImage(image, nixBuild('by-root'), { user: '0:0', environment: { ...OFFLINE, HOME: '/root' } }))).toBe('built by-root\n');
});

test('carries a recording that is as new as its store and counts the profile', () => {
  const script = '[ ! /nix/var/nix/db/db.sqlite -nt /nix/.cdk8s-nix/image ] && cat /nix/.cdk8s-nix/image; ls /nix/store | wc -l';
  const recorded = output(runImage(image, ['sh', '-c', script]));
  const paths = Number(/^paths=(\d+)$/m.exec(recorded)?.[1]);
  expect(recorded).toMatch(/^id=[0-9a-f]{64}$/m);
  expect(paths).toBe(Number(recorded.trim().split('\n').at(-1)));
});

describe('the AI assistants', () => {
  const places = () => output(runImage(image, ['ls', '/usr/local/lib/cdk8s-nix/assistants'])).replace(/-[0-9].*/g, '').trim().split('\n');

  test.each(['claude', 'codex', 'gemini'])('%s is baked in: any user runs it, read-only, without a network or a place to write', command => {
    const home = emptyHome();
    for (const user of ['1001:1001', '1000670000:0', '4242:4242']) {
      expect(output(runImage(image, [command, '--version'], { ...RESTRICTED, user }))).toBe(`baked: ${command} --version\n`);
      expect(output(runImage(image, [command, '-p', 'hello'], { ...RESTRICTED, user, volumes: home }))).toBe(`baked: ${command} -p hello\n`);
    }
  });

  test('nothing but what the profile has and was asked for is there', () => {
    expect(places()).toEqual(['claude', 'codex', 'gemini']);
    const lean = buildImage(NixImageKind.BACKSTAGE_NIX, { NIX_IMAGE: seedImage(), BACKSTAGE_IMAGE: portal, AI_ASSISTANTS: 'gemini' },
      { 'nix/flake.nix': generationFlake('container-essential') });
    expect(output(runImage(lean, ['ls', '/usr/local/lib/cdk8s-nix/assistants']))).toMatch(/^gemini-\S+\n$/);
    // The home has what the configuration brings, and nothing of npm's or of the first run of an assistant.
    expect(output(runImage(lean, ['ls', '-A', '/home/code'])).split('\n').filter(Boolean).sort())
      .toEqual(output(runImage(image, ['ls', '-A', '/home/code'])).split('\n').filter(Boolean).sort());
    expect(output(runImage(lean, ['ls', '-A', '/home/code']))).not.toMatch(/npm|claude|codex|gemini|cache/);
  });

  test('one that is none of ours stops the build', () => {
    expect(() => buildImage(NixImageKind.BACKSTAGE_NIX, { NIX_IMAGE: seedImage(), BACKSTAGE_IMAGE: portal, AI_ASSISTANTS: 'claude,copilot' },
      { 'nix/flake.nix': generationFlake('container-essential') })).toThrow('AI_ASSISTANTS has \'copilot\'; it is a list of claude, codex and gemini with commas, or none');
  });
});

test('packages of the distribution can be asked for', () => {
  // No network here: that apt is asked for them is what can be seen.
  expect(() => buildImage(NixImageKind.BACKSTAGE_NIX, { NIX_IMAGE: seedImage(), BACKSTAGE_IMAGE: portal, APT_PACKAGES: 'no-such-package,git', AI_ASSISTANTS: 'none' },
    { 'nix/flake.nix': generationFlake('container-essential') })).toThrow(/no-such-package/);
});

test('a profile that cannot be built stops the build of the image', () => {
  expect(() => buildImage(NixImageKind.BACKSTAGE_NIX, { NIX_IMAGE: seedImage(), BACKSTAGE_IMAGE: portal, HOME_MANAGER_PROFILE: 'ai' },
    { 'nix/flake.nix': generationFlake('container-essential') })).toThrow('has no home configuration \'container-ai\'');
});
