import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host, REPOSITORY, run, USER_ID } from './support/container';
import { Shell, SHELLS } from './support/seeder';

const IN_PROFILE = '/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt';

/** A store on a volume, seen elsewhere than at /nix, and what the image has in /etc/ssl and /etc/pki. */
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'link-certificates-'));
  ['nix/var/nix/profiles', 'nix/store', 'system', 'pki'].forEach(name => fs.mkdirSync(path.join(folder, name), { recursive: true }));
});
afterEach(async () => { await host('rm', '-rf', folder); });

/** A profile as `nix-env` makes it: links all the way, each of which is one of another kind. */
function profile(...files: string[]) {
  const nix = path.join(folder, 'nix');
  for (const file of files) {
    fs.mkdirSync(path.join(nix, 'store/cacert', path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(nix, 'store/cacert', file), 'of the profile');
  }
  fs.mkdirSync(path.join(nix, 'store/user-environment'));
  fs.symlinkSync('/nix/store/cacert/etc', path.join(nix, 'store/user-environment/etc'));
  fs.symlinkSync('/nix/store/user-environment', path.join(nix, 'var/nix/profiles/default-1-link'));
  fs.symlinkSync('default-1-link', path.join(nix, 'var/nix/profiles/default'));
}

function system(content: string) {
  fs.writeFileSync(path.join(folder, 'system/ca-certificates.crt'), content);
}

async function link(shell: Shell): Promise<Finished> {
  await host('chown', '-hR', `${USER_ID}:${USER_ID}`, path.join(folder, 'nix'));
  return run({
    mounts: {
      [path.join(folder, 'nix')]: '/mnt/nix-store',
      [path.join(folder, 'system')]: '/etc/ssl/certs:ro',
      [path.join(folder, 'pki')]: '/etc/pki:ro',
      [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro',
    },
    command: [...shell.split(' '), '/opt/cdk8s-nix/link-certificates.sh', '/mnt/nix-store'],
  });
}

const file = () => path.join(folder, 'nix/.cdk8s-nix/ca-bundle.crt');

describe.each(SHELLS)('in %s', shell => {
  test('those of the default profile, as it will be', async () => {
    profile('etc/ssl/certs/ca-bundle.crt');
    system('of the system');
    for (let start = 0; start < 2; start++) {
      expect(await link(shell)).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(fs.readlinkSync(file())).toBe(IN_PROFILE);
    }
    expect(fs.readdirSync(path.dirname(file()))).toEqual(['ca-bundle.crt']);
  });

  test('a copy of the system\'s, where the profile has none', async () => {
    profile('etc/nothing');
    system('of the system');
    expect(await link(shell)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(fs.lstatSync(file()).isFile()).toBe(true);
    expect(fs.readFileSync(file(), 'utf-8')).toBe('of the system');
    system('of the system, newer');
    await link(shell);
    expect(fs.readFileSync(file(), 'utf-8')).toBe('of the system, newer');
  });

  test('those of the profile as soon as it has some', async () => {
    system('of the system');
    await link(shell);
    profile('etc/ssl/certs/ca-bundle.crt');
    await link(shell);
    expect(fs.readlinkSync(file())).toBe(IN_PROFILE);
  });

  test('none at all is told, and leaves it to the image of the workload', async () => {
    profile('etc/nothing');
    expect(await link(shell)).toMatchObject({ code: 0, stdout: expect.stringContaining('the seed image has no certificates'), stderr: '' });
    expect(fs.readlinkSync(file())).toBe('/etc/ssl/certs/ca-certificates.crt');
    system('of the system');
    await link(shell);
    expect(fs.readFileSync(file(), 'utf-8')).toBe('of the system');
  });

  test('links that go round in circles lead nowhere', async () => {
    fs.symlinkSync('default', path.join(folder, 'nix/var/nix/profiles/default'));
    expect(await link(shell)).toMatchObject({ code: 0, stdout: expect.stringContaining('no certificates') });
  });
});
