import * as fs from 'fs';
import * as http from 'http';
import { AddressInfo } from 'net';
import * as path from 'path';
import { host } from '../seed/support/container';
import { Cared, CareOptions, inWorkload } from '../store-care/support/care';
import { StoreWithFlake } from '../store-care/support/store-with-flake';

const SET = 'var/nix/gcroots/cdk8s-nix-programs/default';

/** Each of its programs prints the name that it was made with. */
const FLAKE = `{
  outputs = { self }: let
    make = name: script: extra: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/bash"; args = [ "-c" script ]; PATH = "/usr/bin:/bin"; } // extra;
    tool = name: extra: make name "mkdir -p $out/bin; printf '#!/bin/sh\\necho \${name}\\n' >$out/bin/run; chmod +x $out/bin/run; :" ({ meta.mainProgram = "run"; } // extra);
    app = name: { type = "app"; program = "\${tool name { }}/bin/run"; };
  in {
    defaultApp.x86_64-linux = app "default-app";
    defaultPackage.x86_64-linux = tool "default-package" { };
    packages.x86_64-linux = {
      default = tool "package" { };
      flagged = tool "flagged" { program = "flag"; };
      twice = tool "twice-package" { };
      broken = make "broken" "mkdir -p $out/bin; echo >$out/bin/broken" { meta.mainProgram = "broken"; };
      empty = make "empty" "mkdir $out; :" { };
    };
    legacyPackages.x86_64-linux = { legacy = tool "legacy" { }; twice = tool "twice-legacy" { }; set = { inner = tool "inner" { }; }; };
    apps.x86_64-linux = { named = app "named"; untyped.program = "x"; };
    twice = tool "twice-outside" { };
    outside = tool "outside" { };
  };
}`;

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  const store = StoreWithFlake.forEachTest(release, { 'flake.nix': FLAKE });

  const bring = async (args: string[], options: CareOptions = {}): Promise<Cared> =>
    store.care('bring-programs', args, { ...options, environment: { PROGRAMS_BUILD: 'yes', ...options.environment } });
  const run = async () => inWorkload(store.image, store.volume, `exec "$(readlink /nix/${SET}/main/k/program)"`);

  const brought = async (kind: string, reference: string) => {
    expect(await bring(['main', 'k', kind, reference])).toMatchObject({ code: 0, stderr: '' });
    return kind === 'flake' ? (await run())[0] : path.basename(fs.readlinkSync(path.join(store.volume.nix, SET, 'main/k/package'))).replace(/^[^-]*-/, '');
  };

  test.each<[string, string]>([
    ['', 'default-app'], ['#default', 'package'], ['#flagged', 'flagged'], ['#twice', 'twice-package'], ['#legacy', 'legacy'], ['#set.inner', 'inner'],
    ['#outside', 'outside'], ['#named', 'named'], ['#packages.x86_64-linux.twice', 'twice-package'],
  ])('path:/flake%s runs what nix run starts', async (attribute, expected) => {
    expect(await brought('flake', `path:/flake${attribute}`)).toBe(expected);
    // That version wants a package there.
    if (release !== '2.8' || attribute !== '') {
      expect(await inWorkload(store.image, store.volume, `nix run path:/flake${attribute}`, { mounts: { [store.flake]: '/flake' } })).toEqual([expected]);
    }
  });

  test('a name with a dot in front is looked for as it is', async () => {
    expect(await brought('flake', 'path:/flake#.twice')).toBe('twice-outside');
    expect(await bring(['other', 'k', 'flake', 'path:/flake#.legacy'])).toMatchObject({ code: 53, lastWords: expect.stringContaining('it has no app or package legacy') });
  });

  test.each<[string, string]>([['', 'package'], ['#flagged', 'flagged'], ['#named', 'named']])('for a command of the container\'s own, path:/flake%s is first a package', async (attribute, expected) => {
    expect(await brought('closure', `path:/flake${attribute}`)).toBe(expected);
  });

  test.each<[string, RegExp]>([
    ['missing', /it has no app or package missing for x86_64-linux; it has: named, untyped, broken, default, empty, flagged, twice$/],
    ['untyped', /untyped is neither an app nor a package$/],
    ['a"b${c}\\', /it has no app or package a"b\$\{c\}\\ for/],
  ])('what is not there is told with what is: %s', async (attribute, words) => {
    expect(await bring(['main', 'k', 'flake', `path:/flake#${attribute}`])).toMatchObject({ code: 53, lastWords: expect.stringMatching(words) });
  });

  test('a program that the container names is looked for before it starts, also in what is there already', async () => {
    const named = async (kind: string, reference = 'path:/flake#flagged') => bring(['main', 'k', kind, reference]);
    expect(await named('closure:bin/run')).toMatchObject({ code: 0, stdout: expect.stringContaining(', brought\n') });
    expect(await named('closure:bin/run')).toMatchObject({ code: 0, stdout: expect.stringContaining(', there already\n') });
    for (const kind of ['closure:bin/nope', 'package:bin/nope']) {
      const reference = kind.startsWith('closure') ? undefined : fs.readlinkSync(path.join(store.volume.nix, SET, 'main/k/package'));
      expect(await named(kind, reference)).toMatchObject({ code: 56, lastWords: expect.stringMatching(/has no program bin\/nope; its programs are: run: name one of them in command$/) });
    }
  });

  test('a remedy for a program that is none can be followed', async () => {
    const words = async (kind: string, reference: string) => (await bring(['main', 'k', kind, reference])).lastWords;
    expect(await words('flake', 'path:/flake#broken')).toMatch(/cannot run bin\/broken: it is not executable; there is none in its bin: command may name a file, as in libexec\/serve$/);
    expect(await words('flake', 'path:/flake#empty')).toMatch(/has no program bin\/empty; there is none in its bin: command may name a file, as in libexec\/serve$/);
    const made = fs.readlinkSync(path.join(store.volume.nix, SET, (await brought('closure', 'path:/flake#named')) && 'main/k/package'));
    expect(await bring(['other', 'k', 'package', `${made}/bin/nope`])).toMatchObject({
      code: 56, lastWords: expect.stringMatching(new RegExp(`its programs are: run: name one of them in the path, as in ${made}/bin/run$`)),
    });
  });

  describe('a flake that is not locked', () => {
    const DEPENDS = '{ inputs.dep.url = "path:/dep"; outputs = { self, dep }: { packages.x86_64-linux.default = dep.packages.x86_64-linux.default; }; }';
    const dep = () => path.join(path.dirname(store.volume.root), 'dep');
    const options = () => ({ mounts: { [dep()]: '/dep' } });
    const unlocked = { code: 53, lastWords: expect.stringMatching(/ is not pinned: its flake\.lock is missing or does not hold what its flake\.nix names \(dep\)\. Run nix flake lock in it/) };

    beforeEach(async () => {
      await host('cp', '-a', store.flake, dep());
      await store.write({ 'flake.nix': DEPENDS });
    });

    test('is refused, and stays as it is; with its lock it comes, and with one that lacks an input it does not', async () => {
      expect(await bring(['main', 'k', 'flake', 'path:/flake'], options())).toMatchObject(unlocked);
      expect(fs.readdirSync(store.flake)).toEqual(['flake.nix']);
      await inWorkload(store.image, store.volume, 'nix flake lock path:/flake', { mounts: { [store.flake]: '/flake', ...options().mounts } });
      const lock = fs.readFileSync(path.join(store.flake, 'flake.lock'), 'utf-8');
      expect(await bring(['main', 'k', 'flake', 'path:/flake'], options())).toMatchObject({ code: 0, stderr: '' });
      await store.write({ 'flake.nix': DEPENDS.replace('inputs.dep', 'inputs.more.url = "path:/dep"; inputs.dep').replace('dep }:', 'dep, more }:') });
      expect(await bring(['more', 'k', 'flake', 'path:/flake'], options())).toMatchObject({
        code: 53, lastWords: expect.stringContaining(' is not pinned: its flake.lock is missing or does not hold what its flake.nix names (more).'),
      });
      expect(fs.readFileSync(path.join(store.flake, 'flake.lock'), 'utf-8')).toBe(lock);
    });

    test('is refused where it is far away, too', async () => {
      await host('tar', '-czf', `${dep()}/far-1.2.3.tar.gz`, '-C', path.dirname(store.flake), 'flake');
      const server = http.createServer((_, response) => response.end(fs.readFileSync(`${dep()}/far-1.2.3.tar.gz`)));
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      try {
        const far = `http://127.0.0.1:${(server.address() as AddressInfo).port}/far-1.2.3.tar.gz`;
        expect(await bring(['main', 'k', 'flake', far], options())).toMatchObject(unlocked);
      } finally {
        server.close();
      }
    });
  });
});
