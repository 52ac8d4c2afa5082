import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host, REPOSITORY, run, USER_ID } from './support/container';
import { Shell, SHELLS } from './support/seeder';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'check-nix-store-'));
  for (const place of ['nix/store/some-path', 'nix/var/nix/db', 'nix/.cdk8s-nix', 'volume']) {
    fs.mkdirSync(path.join(folder, place), { recursive: true });
  }
  fs.writeFileSync(path.join(folder, 'nix/var/nix/db/db.sqlite'), '');
  fs.writeFileSync(path.join(folder, 'nix/.cdk8s-nix/seed'), '');
  fs.chownSync(path.join(folder, 'volume'), 0, USER_ID);
  fs.chmodSync(path.join(folder, 'volume'), 0o2775);
});
afterEach(async () => { await host('rm', '-rf', folder); });

async function check(shell: Shell, environment: { [name: string]: string } = {}): Promise<Finished> {
  return run({
    mounts: { [path.join(folder, 'nix')]: '/nix:ro', [path.join(folder, 'volume')]: '/mnt/nix-home', [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro' },
    environment: { NIX_HOME_FOLDER: '/mnt/nix-home/home', ...environment },
    command: [...shell.split(' '), '/opt/cdk8s-nix/check-nix-store.sh'],
  });
}

function remove(...places: string[]) {
  places.forEach(place => fs.rmSync(path.join(folder, place), { recursive: true }));
}

describe.each(SHELLS)('in %s', shell => {
  test('a seeded store passes, and the home is made for the user', async () => {
    expect(await check(shell)).toMatchObject({ code: 0, stdout: 'check-nix-store: /nix holds a store\n', stderr: '' });
    expect(fs.statSync(path.join(folder, 'volume/home')).uid).toBe(USER_ID);
  });

  test.each(['nix/store', 'nix/var/nix/db/db.sqlite', 'nix/.cdk8s-nix/seed'])('%s missing fails in words', async place => {
    remove(place);
    expect(await check(shell)).toMatchObject({ code: 60, stderr: expect.stringContaining(`error: /${place} does not exist: the store volume is not mounted`) });
  });

  test('a store that a driver serves needs no mark of a seed, but something in it', async () => {
    remove('nix/.cdk8s-nix', 'nix/var');
    expect(await check(shell)).toMatchObject({ code: 60 });
    expect(await check(shell, { NIX_SERVED: 'yes' })).toMatchObject({ code: 0, stderr: '' });
    remove('nix/store/some-path');
    expect(await check(shell, { NIX_SERVED: 'yes' })).toMatchObject({ code: 60, stderr: 'check-nix-store: error: /nix/store is empty\n' });
  });

  test('without a home to make, nothing is made', async () => {
    expect(await check(shell, { NIX_HOME_FOLDER: '' })).toMatchObject({ code: 0 });
    expect(fs.readdirSync(path.join(folder, 'volume'))).toEqual([]);
  });

  describe('a home of a former user', () => {
    const FORMER = 2002;
    const entries = ['.config', '..odd', '.profile', 'link', 'with space'];

    beforeEach(async () => {
      const home = path.join(folder, 'volume/home');
      fs.mkdirSync(path.join(home, '.config/deep'), { recursive: true });
      ['..odd', '.profile', 'with space'].forEach(name => fs.writeFileSync(path.join(home, name), name));
      fs.symlinkSync('/nowhere', path.join(home, 'link'));
      await host('chown', '-hR', `${FORMER}:${USER_ID}`, home);
      await host('chmod', '-R', 'g+rwX', home);
    });

    async function expectAdopted() {
      expect(await check(shell)).toMatchObject({ code: 0, stderr: '' });
      expect(fs.readdirSync(path.join(folder, 'volume'))).toEqual(['home']);
      expect(fs.readdirSync(path.join(folder, 'volume/home')).sort()).toEqual([...entries].sort());
      expect(fs.statSync(path.join(folder, 'volume/home')).uid).toBe(USER_ID);
      // Renamed, not copied.
      expect(fs.statSync(path.join(folder, 'volume/home/with space')).uid).toBe(FORMER);
    }

    test('is taken over with all that is in it', expectAdopted);

    test('is taken over to the end after a kill in the middle', async () => {
      fs.mkdirSync(path.join(folder, 'volume/home.new'));
      fs.chownSync(path.join(folder, 'volume/home.new'), USER_ID, USER_ID);
      fs.renameSync(path.join(folder, 'volume/home/.profile'), path.join(folder, 'volume/home.new/.profile'));
      await expectAdopted();
    });

    test('is found after a kill just before the end', async () => {
      fs.renameSync(path.join(folder, 'volume/home'), path.join(folder, 'volume/home.new'));
      fs.chownSync(path.join(folder, 'volume/home.new'), USER_ID, USER_ID);
      await expectAdopted();
    });

    test('that is closed to the group fails in words', async () => {
      fs.chmodSync(path.join(folder, 'volume/home'), 0o700);
      expect(await check(shell)).toMatchObject({
        code: 61, stderr: expect.stringContaining(`error: the home on the volume cannot be made or taken over by user ${USER_ID}, group ${USER_ID}`),
      });
    });
  });
});
