import * as fs from 'fs';
import * as path from 'path';
import { host } from '../seed/support/container';
import { Image } from '../seed/support/image';
import { seedWell, Shell, SHELLS } from '../seed/support/seeder';
import { expectSound } from '../seed/support/soundness';
import { Volume } from '../seed/support/volume';
import { care, CareOptions, inWorkload } from '../store-care/support/care';
import { StoreWithFlake } from '../store-care/support/store-with-flake';

const SET = 'var/nix/gcroots/cdk8s-nix-programs/default';

/** What a flake's programs print is the release. */
const FLAKE = (release: string) => `{
  outputs = { self }: let
    make = name: script: extra: (derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/bash"; args = [ "-c" script ]; PATH = "/usr/bin:/bin"; })) // extra;
    tool = program: make "tool-${release}" ''
      mkdir -p $out/bin; printf '#!/bin/sh\\necho ${release} "$0" "$@"\\n' >$out/bin/\${program}; chmod +x $out/bin/\${program}; :
    '';
  in {
    packages.x86_64-linux = {
      default = tool "serve" { meta.mainProgram = "serve"; };
      by-name = tool "tool" { };
      nameless = tool "other" { };
      both = tool "other" { };
      several = derivation {
        name = "several"; system = "x86_64-linux"; builder = "/bin/bash"; outputs = [ "out" "man" ]; PATH = "/usr/bin:/bin";
        args = [ "-c" "mkdir -p $out/bin $man/bin; cp /bin/true $out/bin/several; cp /bin/true $man/bin/inman; :" ];
      };
      "dotted.name" = tool "dotted" { meta.mainProgram = "dotted"; };
      broken = make "broken" "exit 1" { };
      generated = make "generated" "echo 1 >$out" { };
      imported = tool (if import (make "generated" "echo 1 >$out" { }) == 1 then "serve" else "other") { meta.mainProgram = "serve"; };
      linked = make "linked" "mkdir -p $out/bin; ln -s \${tool "serve" { }}/bin/serve $out/bin/linked; ln -s nowhere $out/bin/broken; :" { };
    };
    apps.x86_64-linux.app = { type = "app"; program = "\${tool "from-app" { }}/bin/from-app"; };
    apps.x86_64-linux.both = { type = "app"; program = "\${tool "wrapper" { }}/bin/wrapper"; };
  };
}`;

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  const store = StoreWithFlake.forEachTest(release, { 'flake.nix': FLAKE('1') });
  const write = async (version: string) => store.write({ 'flake.nix': FLAKE(version) });

  const withBuilds = (options: CareOptions): CareOptions => ({ ...options, environment: { PROGRAMS_BUILD: 'yes', ...options.environment } });
  const bring = async (args: string[], options: CareOptions = {}) => store.care('bring-programs', args, withBuilds(options));
  const bringWell = async (args: string[], options: CareOptions = {}) => (await store.careWell('bring-programs', args, withBuilds(options))).stdout;

  /** A PATH of nothing but a Nix that does not run. */
  function onlyNix(): string {
    const folder = path.join(store.volume.root, 'one');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'nix-store'), '#!/bin/false\n', { mode: 0o755 });
    return folder;
  }

  /** What a link of a program on the volume leads to. */
  const link = (name: string, key: string, which: 'package' | 'program') => fs.readlinkSync(path.join(store.volume.nix, SET, name, key, which));
  const keys = (name: string) => fs.readdirSync(path.join(store.volume.nix, SET, name)).sort();
  const run = async (name: string, key: string) =>
    inWorkload(store.image, store.volume, `exec "$(readlink "/nix/${SET}/${name}/${key}/program")" argument`);

  test.each(SHELLS)('under %s a program comes, runs, and stays; asked for again it needs neither its flake nor any program', async shell => {
    const log = await bringWell(['echo', 'k1', 'flake', 'path:/flake'], { shell });
    const storePath = link('echo', 'k1', 'package');
    expect(log).toContain('bring-programs: echo: bringing path:/flake\n');
    expect(log).toMatch(new RegExp(`bring-programs: echo is ${storePath} \\(path:/flake\\?.*narHash=sha256-.*\\), brought\n`));
    expect(await run('echo', 'k1')).toEqual([`1 ${storePath}/bin/serve argument`]);

    await store.collectGarbage();
    await expectSound(store.volume, store.image, { paths: [storePath], links: {} });
    fs.rmSync(path.join(store.flake, 'flake.nix'));
    const warm = await bringWell(['echo', 'k1', 'flake', 'path:/flake'], {
      shell: `env PATH=/one /usr/bin/${shell}` as Shell, mounts: { [onlyNix()]: '/one:ro' }, environment: { NIX_CONF_DIR: '/nowhere' },
    });
    expect(warm).toMatch(/^bring-programs: echo is \S+ \(.*\), there already\n/);
    expect(await run('echo', 'k1')).toEqual([`1 ${storePath}/bin/serve argument`]);
  });

  test('what runs is what nix run would run: an app, the main program, or that of the package\'s name', async () => {
    await bringWell(['a', 'k', 'flake', 'path:/flake#app', 'b', 'k', 'flake', 'path:/flake#by-name', 'c', 'k', 'flake', 'path:/flake#packages.x86_64-linux.default',
      'd', 'k', 'flake', 'path:/flake#apps.x86_64-linux.app']);
    expect(['a', 'b', 'c', 'd'].map(name => path.basename(link(name, 'k', 'program')))).toEqual(['from-app', 'tool', 'serve', 'from-app']);
  });

  test.each(['nameless', 'both'])('a package whose program the container names needs no main one, and no app of its name is taken for it: %s', async name => {
    await bringWell(['echo', 'k', 'closure', `path:/flake#${name}`]);
    expect(fs.readdirSync(path.join(store.volume.root, link('echo', 'k', 'package'), 'bin'))).toEqual(['other']);
    expect(store.volume.exists(`${SET}/echo/k/program`)).toBe(false);
  });

  test('a name of several parts may have dots in quotes, and one output of a package may be named', async () => {
    await bringWell(['a', 'k', 'flake', 'path:/flake#packages.x86_64-linux."dotted.name"', 'b', 'k', 'closure', 'path:/flake#several^man', 'c', 'k', 'closure', 'path:/flake#several',
      'd', 'k', 'flake', 'path:/flake#several^*', 'e', 'k', 'closure', 'path:/flake#several^man,out']);
    expect(path.basename(link('a', 'k', 'program'))).toBe('dotted');
    const programs = (name: string) => fs.readdirSync(path.join(store.volume.root, link(name, 'k', 'package'), 'bin'));
    expect(['b', 'c', 'd', 'e'].map(programs)).toEqual([['inman'], ['several'], ['several'], ['inman']]);
    expect(await bring(['f', 'k', 'closure', 'path:/flake#several^doc'])).toMatchObject({ code: 53, lastWords: expect.stringContaining('the package has no output doc') });
  });

  test('an app that is no package comes whole for a container with a command of its own', async () => {
    await bringWell(['echo', 'k', 'closure', 'path:/flake#app']);
    expect(fs.readdirSync(path.join(store.volume.root, link('echo', 'k', 'package'), 'bin'))).toEqual(['from-app']);
  });

  test('another reference is another program; the former ones stay for a rollback, and no more of them than asked for', async () => {
    for (const version of ['1', '2', '3', '4']) {
      await write(version);
      await bringWell(['echo', version, 'flake', 'path:/flake'], { environment: { PROGRAMS_KEEP: '2', PROGRAMS_GRACE: '0' } });
    }
    expect(keys('echo')).toEqual(['2', '3', '4']);
    await store.collectGarbage();
    fs.rmSync(path.join(store.flake, 'flake.nix'));
    expect(await bringWell(['echo', '2', 'flake', 'path:/flake'])).toContain('there already');
    expect((await run('echo', '2'))[0]).toMatch(/^2 /);
    expect(await run('echo', '3')).toEqual([expect.stringMatching(/^3 /)]);
  });

  test('workloads do not meddle with each other\'s programs, and share the store paths', async () => {
    await bringWell(['echo', 'k', 'flake', 'path:/flake'], { environment: { PROGRAMS_SET: 'other' } });
    await bringWell(['echo', 'k', 'flake', 'path:/flake']);
    expect(fs.readlinkSync(path.join(store.volume.nix, SET, '../other/echo/k/package'))).toBe(link('echo', 'k', 'package'));
  });

  test('a store path comes from a binary cache, and is not asked for again when the cache is gone', async () => {
    const { wanted, cache } = await store.cached('nix build --no-link path:/flake; nix path-info path:/flake');
    const options = { ...cache.pod, environment: { ...cache.pod.environment, PROGRAMS_BUILD: 'no' } };
    await bringWell(['echo', 'k', 'package', `${wanted}/bin/serve`, 'alone', 'k', 'package', wanted], options);
    expect(await run('echo', 'k')).toEqual([`1 ${wanted}/bin/serve argument`]);
    expect(link('alone', 'k', 'package')).toBe(wanted);
    expect(store.volume.exists(`${SET}/alone/k/program`)).toBe(false);
    fs.readdirSync(cache.folder).forEach(entry => fs.rmSync(path.join(cache.folder, entry), { recursive: true }));
    expect(await bringWell(['echo', 'k', 'package', `${wanted}/bin/serve`], options)).toContain('there already');
  });

  test('a flake comes from a binary cache without being built, and is not built unless asked', async () => {
    const refused = await bring(['echo', 'k', 'flake', 'path:/flake'], { environment: { PROGRAMS_BUILD: 'no' } });
    expect(refused).toMatchObject({ code: 55, lastWords: expect.stringMatching(/no cache has path:\/flake whole, and building is not asked for/) });

    const { wanted, cache } = await store.cached('nix build --no-link path:/flake; nix path-info path:/flake');
    expect(await bringWell(['echo', 'k', 'flake', 'path:/flake'], { ...cache.pod, environment: { ...cache.pod.environment, PROGRAMS_BUILD: 'no' } })).toContain(`echo is ${wanted}`);
  });

  describe('at the end of the seed, where the store is elsewhere than at /nix', () => {
    const away = { storeAt: '/mnt/nix-store', home: false } as const;
    const withoutBuilds = (options: CareOptions = {}): CareOptions => ({ ...away, ...options, environment: { HOME: '/tmp', ...options.environment } });
    const bringAway = async (args: string[], options: CareOptions = {}) => (await store.careWell('bring-programs', args, withoutBuilds(options))).stdout;

    test.each(SHELLS)('under %s programs come from a cache, run at /nix, and stay', async shell => {
      const { wanted, cache } = await store.cached('nix build --no-link path:/flake path:/flake#linked; nix path-info path:/flake path:/flake#linked');
      const log = await bringAway(['echo', 'k', 'flake', 'path:/flake', 'tool', 'k', 'package', wanted, 'linked', 'k', 'flake', 'path:/flake#linked'], { ...cache.pod, shell });
      expect(log).toMatch(/echo is \S+ \(path:\/flake\?.*narHash=sha256-.*\), brought\n/);
      await store.collectGarbage();
      await expectSound(store.volume, store.image, { paths: [wanted, link('echo', 'k', 'package'), link('linked', 'k', 'package')], links: {} });
      expect(await run('echo', 'k')).toEqual([`1 ${link('echo', 'k', 'package')}/bin/serve argument`]);
      expect((await run('linked', 'k'))[0]).toMatch(/^1 /);

      fs.rmSync(path.join(store.flake, 'flake.nix'));
      expect(await bringAway(['echo', 'k', 'flake', 'path:/flake', 'linked', 'k', 'flake', 'path:/flake#linked'], { shell, environment: { NIX_CONF_DIR: '/nowhere' } }))
        .toMatch(/^bring-programs: echo is \S+ \(.*\), there already\nbring-programs: linked is \S+ \(.*\), there already\n/);
    });

    test('a flake may read what a cache has, and nothing is built for it', async () => {
      const refused = await store.care('bring-programs', ['echo', 'k', 'flake', 'path:/flake#imported'], withoutBuilds());
      expect(refused).toMatchObject({ code: 55, lastWords: expect.stringContaining('no cache has path:/flake#imported whole') });
      const { cache } = await store.cached('nix build --no-link path:/flake#imported; nix path-info path:/flake#imported path:/flake#generated');
      expect(await bringAway(['echo', 'k', 'flake', 'path:/flake#imported'], cache.pod)).toContain(', brought');
      expect((await run('echo', 'k'))[0]).toMatch(/^1 /);
    });

    test('what is wrong is told in the same words', async () => {
      const { cache } = await store.cached('nix build --no-link path:/flake#nameless path:/flake#linked; nix path-info path:/flake#nameless path:/flake#linked');
      expect(await store.care('bring-programs', ['echo', 'k', 'flake', 'path:/flake#nameless'], withoutBuilds(cache.pod)))
        .toMatchObject({ code: 56, lastWords: expect.stringMatching(/has no program bin\/tool; its programs are: other: name one with command/) });
      expect(await store.care('bring-programs', ['echo', 'k', 'flake', 'path:/flake#missing'], withoutBuilds())).toMatchObject({ code: 53 });
      expect(await store.care('bring-programs', ['echo', 'k', 'flake', 'path:/flake'], withoutBuilds({ environment: { PROGRAMS_BUILD: 'yes' } })))
        .toMatchObject({ code: 10, lastWords: expect.stringContaining('nothing can be built while the store is at /mnt/nix-store') });
    });
  });

  test.each<[string, string, number, RegExp]>([
    ['an attribute that is not there', 'path:/flake#missing', 53, /path:\/flake#missing cannot be evaluated: error: .*missing/],
    ['a flake that is not there', 'path:/nowhere', 53, /path:\/nowhere cannot be evaluated: error/],
    ['a build that fails', 'path:/flake#broken', 53, /path:\/flake#broken cannot be brought: error/],
    ['a package without its main program', 'path:/flake#nameless', 56, /has no program bin\/tool; its programs are: other: name one with command/],
    ['a command', '$(touch /tmp/x)', 53, /cannot be evaluated/],
    ['an option', '--version', 53, /--version cannot be evaluated/],
  ])('%s is told, and leaves nothing', async (_, reference, code, words) => {
    expect(await bring(['echo', 'k', 'flake', reference])).toMatchObject({ code, lastWords: expect.stringMatching(words) });
    expect(keys('echo')).toEqual([]);
  });

  test('a program that was lost is brought again', async () => {
    await bringWell(['echo', 'k', 'flake', 'path:/flake']);
    const lost = link('echo', 'k', 'package');
    await host('rm', '-rf', path.join(store.volume.root, lost));
    const damaged = await bring(['echo', 'k', 'flake', 'path:/flake']);
    // Nix believes its database; a store that is repaired is whole again.
    expect(damaged).toMatchObject({ code: 53, lastWords: expect.stringContaining(`the store has lost ${lost}, which its database lists: verify and repair it`) });
    await inWorkload(store.image, store.volume, `nix-store --realise --repair ${lost} || nix-store --delete --ignore-liveness ${lost}`);
    expect(await bringWell(['echo', 'k', 'flake', 'path:/flake'])).toContain(', brought');
  });

  test.each(['', 'reference=path:/flake\nresolved=path:/flake\npackage=\nprogram=\n'])('a note of what was brought that was lost half-way is no proof of it: %j', async left => {
    await bringWell(['echo', 'k', 'flake', 'path:/flake']);
    fs.writeFileSync(path.join(store.volume.nix, SET, 'echo/k/brought'), left);
    expect(await bringWell(['echo', 'k', 'flake', 'path:/flake'])).toMatch(/echo is \/nix\/store\/\S+ \(path:\/flake\?.*\), brought\n/);
    expect((await run('echo', 'k'))[0]).toMatch(/^1 /);
  });

  test('killed while it brings, it leaves nothing that looks whole, and the next one brings it', async () => {
    await store.write({ 'flake.nix': FLAKE('7').replace('mkdir -p', 'sleep 2; mkdir -p') });
    const stopped = await bring(['echo', 'k', 'flake', 'path:/flake'], { environment: { CARE_TIMEOUT: '1' } });
    expect(stopped.code).toBe(43);
    expect(keys('echo')).toEqual([]);
    expect(await bringWell(['echo', 'k', 'flake', 'path:/flake'])).toContain(', brought');
    expect((await run('echo', 'k'))[0]).toMatch(/^7 /);
  });
});

test.each<[string, string[], { [name: string]: string }]>([
  ['nothing to bring', [], {}],
  ['half a program', ['echo', 'k', 'flake'], {}],
  ['an unknown kind', ['echo', 'k', 'programme', 'x'], {}],
  ['a name that leaves the folder', ['../echo', 'k', 'flake', 'x'], {}],
  ['a key that leaves the folder', ['echo', '..', 'flake', 'x'], {}],
  ['a set that leaves the folder', ['echo', 'k', 'flake', 'x'], { PROGRAMS_SET: '../x' }],
  ['no number', ['echo', 'k', 'flake', 'x'], { PROGRAMS_KEEP: 'all' }],
  ['no store path', ['echo', 'k', 'package', '/etc/passwd'], {}],
])('%s is refused', async (_, args, environment) => {
  const image = await Image.build({ version: '1', release: '2.26' });
  const volume = await Volume.create();
  try {
    await seedWell(image, volume);
    expect(await care('bring-programs', image, volume, { args, environment })).toMatchObject({ code: 10 });
  } finally {
    await volume.dispose();
  }
});
