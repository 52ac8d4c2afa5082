import * as fs from 'fs';
import * as path from 'path';
import { care, CareOptions, inWorkload } from './support/care';
import { StoreWithFlake } from './support/store-with-flake';
import { host, Running, USER_ID } from '../seed/support/container';
import { Image } from '../seed/support/image';
import { seedWell, SHELLS } from '../seed/support/seeder';
import { expectSound } from '../seed/support/soundness';
import { Volume } from '../seed/support/volume';

const ROOTS = 'var/nix/gcroots/cdk8s-nix-prefetch';

/** A flake with an input, a package and a development shell; the text of the package and the variable of the shell are the release. */
const FLAKE = (release: string) => `{
  inputs.data = { url = "path:/flake/data"; flake = false; };
  outputs = { self, data }: let
    make = name: script: extra: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/bash"; args = [ "-c" script ]; PATH = "/usr/bin:/bin"; } // extra);
  in {
    packages.x86_64-linux.default = make "package" "cat \${data}/text >$out; echo ${release} >>$out" { };
    devShells.x86_64-linux.default = make "shell" "exit 1" { outputs = [ "out" ]; TOOL = make "tool" "echo tool >$out" { }; RELEASE = "${release}"; };
  };
}`;

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  const store = StoreWithFlake.forEachTest(release, { 'flake.nix': FLAKE('one'), 'data/text': 'data\n' });
  const write = async (text: string) => store.write({ 'flake.nix': text });
  const prefetch = async (args: string[], options: CareOptions = {}) => store.care('prefetch-store', args, options);
  const prefetchWell = async (args: string[], options: CareOptions = {}) => (await store.careWell('prefetch-store', args, options)).lastWords;

  /** What the roots of a set stand for, by their names. */
  function rooted(name = 'default'): { [root: string]: string } {
    const folder = path.join(store.volume.nix, ROOTS, name);
    const links = fs.readdirSync(folder).filter(link => fs.lstatSync(path.join(folder, link)).isSymbolicLink());
    return Object.fromEntries(links.map(link => [link, fs.readlinkSync(path.join(folder, link))]));
  }

  test.each(SHELLS)('under %s a package of a flake and a development shell come, stay, and are there without the flake\'s sources', async shell => {
    expect(await prefetchWell(['package', 'path:/flake#default', 'shell', 'path:/flake'], { shell }))
      .toMatch(/^prefetch-store: 2 brought, \d roots in \/nix\/var\/nix\/gcroots\/cdk8s-nix-prefetch\/default; \d+ s$/);

    const roots = rooted();
    expect(Object.keys(roots)).toEqual(expect.arrayContaining(['1', '2', '2-1-link']));
    expect(Object.keys(roots).filter(name => name.startsWith('2-source-'))).toHaveLength(2);
    await store.collectGarbage();

    await expectSound(store.volume, store.image, { paths: Object.values(roots).filter(target => target.startsWith('/nix/store/')), links: {} });
    expect(store.volume.read(roots['1'].slice('/nix/'.length))).toBe('data\none\n');
    fs.rmSync(path.join(store.flake, 'data'), { recursive: true });
    const variables = await inWorkload(store.image, store.volume, 'nix print-dev-env path:/flake', { mounts: { [store.flake]: '/flake' } });
    expect(variables.join('\n')).toMatch(/RELEASE='?one'?/);
    const tool = /TOOL='?(\/nix\/store\/[^'\n]+)/.exec(variables.join('\n'))![1];
    expect(store.exists(tool)).toBe(true);
  });

  describe('assistants', () => {
    const ASSISTANTS = 'var/cdk8s-nix/assistants';

    /** A home configuration with a command in the place of an assistant's, which installs in no time. */
    async function configure(folder: string, script: string): Promise<void> {
      const bin = path.join(store.volume.root, 'nix', folder, 'home-path/bin');
      fs.mkdirSync(bin, { recursive: true });
      fs.writeFileSync(path.join(bin, 'claude'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      await host('chown', '-R', `${USER_ID}:${USER_ID}`, path.join(store.volume.root, 'nix', folder));
    }

    test('are installed by their own commands into the volume, beside packages', async () => {
      await configure('var/nix/gcroots/cdk8s-nix/home-manager-container-essential-0', 'mkdir -p "$CDK8S_NIX_ASSISTANTS/claude-1-$CDK8S_NIX_INSTALL_ONLY"');
      expect(await prefetchWell(['assistant', 'claude'])).toMatch(/^prefetch-store: 1 assistants are in \/nix\/var\/cdk8s-nix\/assistants; \d+ s$/);
      expect(fs.readdirSync(path.join(store.volume.root, 'nix', ASSISTANTS))).toEqual(['claude-1-1']);
      expect(await prefetchWell(['package', 'path:/flake#default', 'assistant', 'claude'])).toContain('1 brought');
    });

    test('so is another package than that of the configuration', async () => {
      await configure('var/nix/profiles/home-manager', 'mkdir -p "$CDK8S_NIX_ASSISTANTS/$CDK8S_NIX_PACKAGE_CLAUDE"');
      await prefetchWell(['assistant', 'claude'], { environment: { CDK8S_NIX_PACKAGE_CLAUDE: 'claude-code@2' } });
      expect(fs.readdirSync(path.join(store.volume.root, 'nix', ASSISTANTS))).toEqual(['claude-code@2']);
    });

    test('one that no configuration has, or that cannot be installed, is told', async () => {
      expect(await prefetch(['assistant', 'claude'])).toMatchObject({ code: 53, lastWords: expect.stringContaining('no home configuration on this store has the assistant claude') });
      await configure('var/nix/profiles/home-manager', 'echo "claude: the registry does not answer" >&2; exit 1');
      expect(await prefetch(['assistant', 'claude']))
        .toMatchObject({ code: 53, lastWords: expect.stringContaining('the assistant claude cannot be installed: claude: the registry does not answer') });
    });
  });

  test('a store path comes from a binary cache; what is there already is not looked at again', async () => {
    const { wanted, cache } = await store.cached('nix-build --no-out-link /support/thing.nix --argstr name wanted');
    expect(await prefetchWell(['package', wanted], cache.pod)).toContain('1 brought, 1 roots');
    expect(rooted()).toEqual({ 1: wanted });
    await store.collectGarbage();
    await expectSound(store.volume, store.image, { paths: [wanted], links: {} });

    // No cache to ask.
    expect(await prefetchWell(['package', wanted])).toBe('prefetch-store: everything is there already');

    await host('rm', '-rf', `${store.volume.root}${wanted}`);
    expect(await prefetch(['package', wanted])).toMatchObject({ code: 53, lastWords: expect.stringContaining(`has lost ${wanted}`) });
  });

  test('another set replaces the first, and sets of other names do not meddle', async () => {
    await prefetchWell(['package', 'path:/flake#default'], { environment: { PREFETCH_NAME: 'mine' } });
    await prefetchWell(['package', 'path:/flake#default']);
    const before = rooted()['1'];
    await write(FLAKE('two'));

    expect(await prefetchWell(['package', 'path:/flake#default'])).toContain('there already');
    await prefetchWell(['package', 'path:/flake#packages.x86_64-linux.default']);

    expect(rooted()['1']).not.toBe(before);
    expect(rooted('mine')['1']).toBe(before);
    await store.collectGarbage();
    expect(store.exists(before)).toBe(true);
    expect(fs.readdirSync(path.join(store.volume.nix, ROOTS)).sort()).toEqual(['default', 'mine']);
  });

  test('references that move are looked at again if asked for, and what is there stays if that fails', async () => {
    const environment = { PREFETCH_REFRESH: 'always' };
    await prefetchWell(['package', 'path:/flake#default'], { environment });
    await write(FLAKE('two'));
    await prefetchWell(['package', 'path:/flake#default'], { environment });
    const brought = rooted()['1'];
    expect(store.volume.read(brought.slice('/nix/'.length))).toBe('data\ntwo\n');

    await write('not Nix at all');
    expect(await prefetch(['package', 'path:/flake#default'], { environment })).toMatchObject({
      code: 0, lastWords: expect.stringMatching(/^prefetch-store: warning: path:\/flake#default cannot be brought: .*; what was brought earlier stays$/),
    });
    expect(rooted()['1']).toBe(brought);
    expect(fs.readdirSync(path.join(store.volume.nix, ROOTS))).toEqual(['default']);
  });

  test('what cannot be brought is an error, or a warning where a pod is to start all the same; no roots are left', async () => {
    const missing = '/nix/store/00000000000000000000000000000000-missing';
    expect(await prefetch(['package', missing])).toMatchObject({ code: 53, lastWords: expect.stringContaining(`${missing} cannot be brought: error`) });
    expect(await prefetch(['package', missing], { environment: { CARE_ON_FAILURE: 'go-on' } })).toMatchObject({ code: 0, lastWords: expect.stringContaining('going on; code 53') });
    expect(fs.readdirSync(path.join(store.volume.nix, ROOTS))).toEqual([]);
  });

  test('it stops at the deadline', async () => {
    const slow = 'derivation { name = "slow"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "sleep 600" ]; PATH = "/usr/bin:/bin"; }';
    await write(`{ outputs = _: { packages.x86_64-linux.default = ${slow}; }; }`);
    const stopped = await prefetch(['package', 'path:/flake#default'], { environment: { CARE_TIMEOUT: '3' } });
    expect(stopped).toMatchObject({ code: 43 });
    expect(stopped.milliseconds).toBeLessThan(120000);
  });

  // A build in another pod has process numbers of its own, and notes what it uses under its number.
  test('the notes of builds in other pods are left alone', async () => {
    const numbers = Array.from({ length: 150 }, (_, i) => i + 2);
    const notes = path.join(store.volume.nix, 'var/nix/temproots');
    const holding = new Running({
      mounts: { [store.volume.nix]: '/nix' },
      command: ['bash', '-c', `cd /nix/var/nix; mkdir -p temproots; cd temproots; for n in ${numbers.join(' ')}; do echo mine >$n; exec {fd}>>$n; flock -s $fd; done; trap exit TERM; echo held; sleep 600 & wait`],
    });
    try {
      await holding.until(/held/);
      await prefetchWell(['package', 'path:/flake#default']);
      expect(numbers.filter(number => fs.readFileSync(path.join(notes, String(number)), 'utf-8') !== 'mine\n')).toEqual([]);
    } finally {
      await holding.signal('SIGTERM');
      await holding.finished;
    }
  });
});

describe('bad arguments', () => {
  let image: Image;
  let volume: Volume;
  beforeAll(async () => {
    image = await Image.build({ version: '1', release: '2.26' });
    volume = await Volume.create();
    await seedWell(image, volume);
  });
  afterAll(async () => volume.dispose());

  test.each<[string, string[], { [name: string]: string }]>([
    ['nothing to bring', [], {}],
    ['no pair', ['package'], {}],
    ['an unknown kind', ['programme', 'x'], {}],
    ['a name that leaves the folder', ['package', 'x'], { PREFETCH_NAME: '../x' }],
    ['an unknown policy', ['package', 'x'], { PREFETCH_REFRESH: 'sometimes' }],
  ])('%s is refused', async (_, args, environment) => {
    expect(await care('prefetch-store', image, volume, { args, environment })).toMatchObject({ code: 10 });
  });

  test('a reference is never an option or a command', async () => {
    for (const reference of ['--impure', '$(touch /tmp/x)', '"; touch /tmp/x; "', '-x']) {
      expect(await care('prefetch-store', image, volume, { args: ['package', reference] })).toMatchObject({ code: 53, lastWords: expect.stringContaining(`${reference} cannot be brought`) });
    }
  });
});
