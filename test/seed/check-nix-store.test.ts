import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host, modeOf, REPOSITORY, run, USER_ID } from './support/container';
import { Shell, SHELLS } from './support/seeder';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'check-nix-store-'));
  for (const place of ['nix/store/some-nix/libexec', 'nix/store/some-path', 'nix/var/nix/db', 'nix/var/nix/profiles', 'nix/.cdk8s-nix', 'volume']) {
    fs.mkdirSync(path.join(folder, place), { recursive: true });
  }
  fs.writeFileSync(path.join(folder, 'nix/var/nix/db/db.sqlite'), 'SQLite format 3');
  fs.writeFileSync(path.join(folder, 'nix/.cdk8s-nix/seed'), '');
  // As Nix makes them, and worse.
  link('nix/var/nix/profiles/default', 'default-1-link');
  link('nix/var/nix/profiles/default-1-link', '/nix/store/some-path');
  link('nix/store/some-path/bin', '/nix/store/some-nix/bin');
  link('nix/store/some-nix/bin', 'libexec');
  link('nix/store/some-nix/libexec/nix-store', '../libexec/nix');
  fs.writeFileSync(path.join(folder, 'nix/store/some-nix/libexec/nix'), '#!/bin/sh', { mode: 0o555 });
  fs.chownSync(path.join(folder, 'volume'), 0, USER_ID);
  fs.chmodSync(path.join(folder, 'volume'), 0o2775);
  fs.chownSync(path.join(folder, 'nix/.cdk8s-nix'), USER_ID, USER_ID);
});
afterEach(async () => { await host('rm', '-rf', folder); });

async function check(shell: Shell, environment: { [name: string]: string } = {}, scripts = path.join(REPOSITORY, 'scripts')): Promise<Finished> {
  return run({
    mounts: { [path.join(folder, 'nix')]: environment.NIX_FOLDER ?? '/nix', [path.join(folder, 'volume')]: '/mnt/nix-home', [scripts]: '/opt/cdk8s-nix:ro' },
    environment: { NIX_HOME_FOLDER: '/mnt/nix-home/home', ...environment },
    command: [...shell.split(' '), '/opt/cdk8s-nix/check-nix-store.sh'],
  });
}

function link(place: string, target: string) {
  fs.symlinkSync(target, path.join(folder, place));
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

  test.each([
    'nix/var/nix/profiles/default', 'nix/store/some-path', 'nix/store/some-nix', 'nix/store/some-nix/libexec/nix',
  ])('a default profile that leads to no Nix, for want of %s, fails in words', async place => {
    remove(place);
    expect(await check(shell)).toMatchObject({ code: 62, stderr: expect.stringMatching(/^check-nix-store: error: the default profile leads to no Nix: [^\n]*\n$/) });
  });

  describe.each(['/nix', '/mnt/nix-store'])('where the store is at %s', store => {
    const NIX = 'nix/store/some-nix/libexec/nix';
    const broken = async (reason: string) => expect(await check(shell, { NIX_FOLDER: store })).toMatchObject({
      code: 62,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(
        `^check-nix-store: error: the default profile leads to no Nix: /nix/var/nix/profiles/default/bin/nix-store is /nix/store/some-nix/libexec/../libexec/nix, which ${reason}\n$`)),
    });

    test('a Nix that may not be executed, is empty or no file fails in words, also one that was there before', async () => {
      expect(await check(shell, { NIX_FOLDER: store })).toMatchObject({ code: 0 });
      fs.chmodSync(path.join(folder, NIX), 0o444);
      await broken('may not be executed');
      fs.chmodSync(path.join(folder, NIX), 0o755);
      fs.truncateSync(path.join(folder, NIX));
      await broken('is empty');
      remove(NIX);
      fs.mkdirSync(path.join(folder, NIX));
      await broken('is no file');
    });

    test('a link that no longer leads where it did is not to blame, if it leads to a Nix', async () => {
      expect(await check(shell, { NIX_FOLDER: store })).toMatchObject({ code: 0 });
      fs.truncateSync(path.join(folder, NIX));
      fs.writeFileSync(path.join(folder, 'nix/store/some-nix/libexec/other'), '#!/bin/sh', { mode: 0o555 });
      remove('nix/store/some-nix/libexec/nix-store');
      link('nix/store/some-nix/libexec/nix-store', 'other');
      expect(await check(shell, { NIX_FOLDER: store })).toMatchObject({ code: 0, stderr: '' });
    });

    test('an empty database fails in words', async () => {
      fs.truncateSync(path.join(folder, 'nix/var/nix/db/db.sqlite'));
      expect(await check(shell, { NIX_FOLDER: store })).toMatchObject({
        code: 60, stderr: `check-nix-store: error: ${store}/var/nix/db/db.sqlite is empty: restore it from a snapshot\n`,
      });
    });

    test('a folder in the place of what is remembered of links harms nobody', async () => {
      fs.mkdirSync(path.join(folder, 'nix/.cdk8s-nix/links'));
      expect(await check(shell, { NIX_FOLDER: store })).toMatchObject({ code: 0, stderr: '' });
      expect(fs.readdirSync(path.join(folder, 'nix/.cdk8s-nix/links'))).toEqual([]);
    });
  });

  test('a Nix that leads to the workload\'s own image is looked at there', async () => {
    remove('nix/store/some-nix/libexec/nix-store');
    link('nix/store/some-nix/libexec/nix-store', '/nowhere/nix-store');
    expect(await check(shell)).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([['NIX_SERVED', 'true', 'yes or no'], ['NIX_SERVED', 'No', 'yes or no'], ['SEED_LOG', 'JSON', 'text or json']])('%s is not %s', async (name, value, choices) => {
    expect(await check(shell, { [name]: value })).toMatchObject({
      code: 10, stdout: '', stderr: `check-nix-store: error: ${name} is '${value}'; it must be ${choices}\n`,
    });
  });

  test('a store that cannot be read, as served, fails in one line', async () => {
    fs.chmodSync(path.join(folder, 'nix/store'), 0o700);
    expect(await check(shell, { NIX_SERVED: 'yes' })).toMatchObject({
      code: 60, stderr: 'check-nix-store: error: /nix/store cannot be read: Permission denied\n',
    });
  });

  test('links are followed as the workload will, wherever the store is mounted here', async () => {
    const elsewhere = { NIX_FOLDER: '/mnt/nix-store' };
    expect(await check(shell, elsewhere)).toMatchObject({ code: 0, stderr: '' });
    remove('nix/store/some-nix/libexec/nix');
    expect(await check(shell, elsewhere)).toMatchObject({ code: 62 });
    link('nix/store/some-nix/libexec/nix', '/nix/store/some-nix/libexec/nix');
    expect(await check(shell, elsewhere)).toMatchObject({ code: 62 });
  });

  test('a store that a driver serves needs no mark of a seed, but something in it', async () => {
    remove('nix/.cdk8s-nix', 'nix/var');
    expect(await check(shell)).toMatchObject({ code: 60 });
    expect(await check(shell, { NIX_SERVED: 'yes' })).toMatchObject({ code: 0, stderr: '' });
    remove('nix/store/some-path', 'nix/store/some-nix');
    expect(await check(shell, { NIX_SERVED: 'yes' })).toMatchObject({ code: 60, stderr: 'check-nix-store: error: /nix/store is empty\n' });
  });

  test('what nobody foresaw is told as the last word, in the termination log too', async () => {
    const scripts = path.join(folder, 'scripts');
    fs.cpSync(path.join(REPOSITORY, 'scripts'), scripts, { recursive: true });
    fs.writeFileSync(path.join(scripts, 'link-certificates.sh'), 'false\n');
    const log = path.join(folder, 'volume/last-words');
    fs.writeFileSync(log, '');
    fs.chownSync(log, USER_ID, USER_ID);
    const { code, stderr } = await check(shell, { SEED_TERMINATION_LOG: '/mnt/nix-home/last-words' }, scripts);
    const word = 'check-nix-store: error: a command failed unexpectedly: this is a bug in the script\n';
    expect(code).toBe(70);
    expect(stderr.slice(-word.length)).toBe(word);
    expect(fs.readFileSync(log, 'utf-8')).toBe(word);
  });

  test('without a home to make, nothing is made', async () => {
    expect(await check(shell, { NIX_HOME_FOLDER: '' })).toMatchObject({ code: 0 });
    expect(fs.readdirSync(path.join(folder, 'volume'))).toEqual([]);
  });

  test('certificates are there for programs of the store, or it is said that there are none', async () => {
    expect(await check(shell)).toMatchObject({ code: 0, stderr: '' });
    // Those of this machine, which is the root file system here.
    expect(fs.existsSync(path.join(folder, 'nix/.cdk8s-nix/ca-bundle.crt'))).toBe(true);
    fs.chownSync(path.join(folder, 'nix/.cdk8s-nix'), 0, 0);
    fs.rmSync(path.join(folder, 'nix/.cdk8s-nix/ca-bundle.crt'));
    expect(await check(shell)).toMatchObject({ code: 0, stderr: expect.stringContaining('check-nix-store: the certificates cannot be linked: ') });
  });

  test('folders are made in the home and in /tmp, as the user, whatever their names', async () => {
    expect(await check(shell, {
      NIX_HOME_FOLDERS: 'with space/a\n*\n.config/gh', NIX_TMP_FOLDERS: 'work',
    })).toMatchObject({ code: 0, stdout: 'check-nix-store: /nix holds a store\n', stderr: '' });
    expect(fs.readdirSync(path.join(folder, 'volume/home')).sort()).toEqual(['*', '.config', 'with space']);
    expect(fs.statSync(path.join(folder, 'volume/home/with space/a')).uid).toBe(USER_ID);
  });

  test('a home on a read-only volume is told as that', async () => {
    expect(await check(shell, { NIX_HOME_FOLDER: '/opt/cdk8s-nix/home' }))
      .toMatchObject({ code: 12, stderr: expect.stringMatching(/^check-nix-store: error: the home [^\n]*Read-only file system\n$/) });
  });

  test('a folder that cannot be made fails in words', async () => {
    expect(await check(shell)).toMatchObject({ code: 0 });
    fs.writeFileSync(path.join(folder, 'volume/home/app'), '');
    expect(await check(shell, { NIX_HOME_FOLDERS: 'app/data' })).toMatchObject({
      code: 61, stderr: 'check-nix-store: error: /mnt/nix-home/home/app is no folder, and the pod needs one there: move it away\n',
    });
  });

  test('files for the home are placed', async () => {
    ['from/0', 'to'].forEach(name => fs.mkdirSync(path.join(folder, 'volume', name), { recursive: true }));
    fs.writeFileSync(path.join(folder, 'volume/from/0/netrc'), 'secret');
    fs.chownSync(path.join(folder, 'volume/to'), USER_ID, USER_ID);
    const places = { NIX_HOME_FILES_FROM: '/mnt/nix-home/from', NIX_HOME_FILES_TO: '/mnt/nix-home/to' };
    expect(await check(shell, { NIX_HOME_FILES: '0640', ...places })).toMatchObject({ code: 0, stderr: '' });
    expect(modeOf(path.join(folder, 'volume/to/0/netrc'))).toBe('640');
    await host('chown', '-R', '0:0', path.join(folder, 'volume/to'));
    expect(await check(shell, { NIX_HOME_FILES: '0640', ...places }))
      .toMatchObject({ code: 61, stderr: expect.stringContaining('error: the files for the home cannot be placed: ') });
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
        code: 61,
        stderr: expect.stringMatching(new RegExp(
          `^check-nix-store: error: the home on the volume cannot be made or taken over by user ${USER_ID}, group ${USER_ID}: [^\n]+\n$`)),
      });
    });
  });
});
