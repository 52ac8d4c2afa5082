import * as fs from 'fs';
import * as http from 'http';
import { AddressInfo } from 'net';
import * as path from 'path';
import { host } from '../seed/support/container';
import { Cared, CareOptions } from '../store-care/support/care';
import { StoreWithFlake } from '../store-care/support/store-with-flake';

/* Why a program does not come: what is told has to lead to what is wrong. */

const FLAKE = `{
  outputs = { self }: {
    packages.x86_64-linux.default = derivation {
      name = "tool"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "mkdir -p $out/bin; cp /bin/true $out/bin/tool; :" ]; PATH = "/usr/bin:/bin";
    };
  };
}`;

const MISSING = '/nix/store/00000000000000000000000000000000-missing';
const settings = (...more: string[]) => ['sandbox = false', 'build-users-group =', 'experimental-features = nix-command flakes', ...more].join('\n');

/** Serves a folder to who says that name and password, on an address of its own. */
async function servingTo(credentials: string, folder: string, use: (address: string) => Promise<void>): Promise<void> {
  const server = http.createServer((request, response) => {
    const file = path.join(folder, new URL(request.url!, 'http://x').pathname);
    if (request.headers.authorization !== `Basic ${Buffer.from(credentials).toString('base64')}`) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="private"' }).end();
    } else if (fs.existsSync(file) && fs.statSync(file).isFile()) {
      response.end(fs.readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  const store = StoreWithFlake.forEachTest(release, { 'flake.nix': FLAKE });
  const bring = async (kind: string, reference: string, options: CareOptions = {}): Promise<Cared> => store.care('bring-programs', ['main', 'k', kind, reference], options);
  const withConfig = (...more: string[]): CareOptions => ({ environment: { NIX_CONFIG: settings(...more) } });

  describe.each<[string, string]>([['flake', 'path:/flake'], ['package', MISSING]])('a %s', (kind, reference) => {
    test('that no cache has', async () => {
      const remedy = kind === 'flake' ? /whole, and building is not asked for: allow it/ : /whole, and a store path alone cannot be built: push it to one, or name its flake$/;
      expect(await bring(kind, reference)).toMatchObject({ code: 55, lastWords: expect.stringMatching(remedy) });
    });

    test('whose cache cannot be reached, without the password in its address', async () => {
      const { code, lastWords } = await bring(kind, reference, withConfig('substituters = http://user:hidden@127.0.0.1:1', 'connect-timeout = 1'));
      expect({ code, lastWords }).toEqual({ code: 55, lastWords: expect.stringMatching(/no cache that the pod reaches has .*unable to download 'http:\/\/127\.0\.0\.1:1\/nix-cache-info'.*[Cc]onnect.*Look at its address/) });
      expect(lastWords).not.toContain('allowBuilds');
      expect(lastWords).not.toMatch(/hidden|user/);
    });

    test('whose cache has a name that there is not', async () => {
      expect(await bring(kind, reference, withConfig('substituters = http://nowhere.invalid')))
        .toMatchObject({ code: 55, lastWords: expect.stringMatching(/unable to download 'http:\/\/nowhere\.invalid\/nix-cache-info'.*resolve host/) });
    });

    test('whose cache signs with a key that nobody trusts', async () => {
      const { wanted, cache } = await store.cached('nix build --no-link path:/flake; nix path-info path:/flake');
      const untrusting = { mounts: cache.pod.mounts, ...withConfig('substituters = file:///cache') };
      expect(await bring(kind, kind === 'flake' ? reference : wanted, untrusting)).toMatchObject({
        code: 55, lastWords: expect.stringMatching(/no cache that the pod trusts has .*not signed by any of the keys.*Give the cache with its public key \(trusted-public-keys\)$/),
      });
    });
  });

  test('a folder for what is temporary that is full, or cannot be written', async () => {
    expect(await bring('flake', 'path:/flake', { environment: { TMPDIR: '/usr' } })).toMatchObject({ code: 10, lastWords: 'bring-programs: error: cannot write to TMPDIR (/usr)' });
    const full = path.join(path.dirname(store.volume.root), 'full');
    fs.mkdirSync(full);
    await host('mount', '-t', 'tmpfs', '-o', 'size=4k,mode=1777', 'tmpfs', full);
    try {
      await host('sh', '-c', `head -c 100000 /dev/zero >${full}/all || true`);
      expect(await bring('flake', 'path:/flake', { environment: { TMPDIR: '/full' }, mounts: { [full]: '/full' } }))
        .toMatchObject({ code: 10, lastWords: 'bring-programs: error: cannot write to TMPDIR (/full) any more: is it full?' });
    } finally {
      await host('umount', full);
    }
  });
});

/* Of the images here one has git. */
describe('a private repository that git fetches', () => {
  const store = StoreWithFlake.forEachTest('2.8', { 'flake.nix': FLAKE });

  beforeEach(async () => {
    const git = async (...args: string[]) => host('git', '-C', store.flake, '-c', 'safe.directory=*', '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args);
    await git('init', '-q', '-b', 'main', '.');
    await git('add', '-A');
    await git('commit', '-qm', 'first');
    await git('tag', 'v1.2.3');
    await git('update-server-info');
  });

  const fetched = async (address: string, netrc: string, script = 'bring-programs', args = ['main', 'k', 'flake']) => {
    const file = path.join(path.dirname(store.volume.root), 'netrc');
    fs.writeFileSync(file, netrc);
    return store.care(script, [...args, `git+http://${address}/.git?ref=refs/tags/v1.2.3`], {
      environment: { PROGRAMS_BUILD: 'yes', NIX_CONFIG: settings('substituters =', 'netrc-file = /netrc') }, mounts: { [file]: '/netrc' },
    });
  };

  test.each<[string, string]>([
    ['one entry', 'machine 127.0.0.1 login some password se*cret\n'],
    ['several, over lines, without an end', '# ours\nmachine other.example.org login x password y\nmachine 127.0.0.1\n  login some\n  password se*cret'],
    ['one for all others', 'machine other.example.org login x password y\ndefault login some password se*cret\n'],
    ['quotes, an account and a macro', 'macdef init\nmachine 127.0.0.1 login x password y\n\nmachine 127.0.0.1 account z login some password "se*cret"\n'],
  ])('comes by the netrc file of Nix: %s', async (_, netrc) => {
    await servingTo('some:se*cret', store.flake, async address => {
      expect(await fetched(address, netrc)).toMatchObject({ code: 0, stdout: expect.stringContaining(', brought\n') });
    });
  });

  test('comes, or is told, for a prefetch as well', async () => {
    const prefetched = async (address: string, password: string) => fetched(address, `machine 127.0.0.1 login some password ${password}\n`, 'prefetch-store', ['package']);
    await servingTo('some:se*cret', store.flake, async address => {
      expect(await prefetched(address, 'wrong')).toMatchObject({ code: 53, lastWords: expect.stringMatching(/\(git says: fatal: Authentication failed for '.*'\)$/) });
      expect(await prefetched(address, 'se*cret')).toMatchObject({ code: 0 });
    });
  });

  test.each<[string, string, RegExp]>([
    ['none is for its host', 'machine other.example.org login x password y\n', /exit code 128 \(git says: fatal: could not read Username for 'http:\/\/127\.0\.0\.1:\d+': terminal prompts disabled\)$/],
    ['it is a wrong one', 'machine 127.0.0.1 login some password wrong\n', /exit code 128 \(git says: fatal: Authentication failed for 'http:\/\/127\.0\.0\.1:\d+\/\.git\/'\)$/],
  ])('is told in git\'s words if %s', async (_, netrc, words) => {
    await servingTo('some:se*cret', store.flake, async address => {
      const { code, lastWords } = await fetched(address, netrc);
      expect({ code, lastWords }).toEqual({ code: 53, lastWords: expect.stringMatching(words) });
      expect(lastWords).not.toMatch(/wrong|password/);
    });
  });
});
