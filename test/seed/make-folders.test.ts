import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host, modeOf, REPOSITORY, run, USER_ID } from './support/container';
import { Shell, SHELLS } from './support/seeder';

/** A home on a volume as the kubelet leaves it: the volume is root's and the group's, the home the user's. */
let volume: string;
let home: string;
beforeEach(async () => {
  volume = fs.mkdtempSync(path.join(os.tmpdir(), 'make-folders-'));
  await host('chown', `0:${USER_ID}`, volume);
  fs.chmodSync(volume, 0o2775);
  home = path.join(volume, 'home');
  fs.mkdirSync(home);
  await host('chown', `${USER_ID}:${USER_ID}`, home);
});
afterEach(async () => { await host('rm', '-rf', volume); });

async function make(shell: Shell, ...folders: string[]): Promise<Finished> {
  return run({
    mounts: { [volume]: '/mnt/nix-home', [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro' },
    command: [...shell.split(' '), '/opt/cdk8s-nix/make-folders.sh', '/mnt/nix-home/home', ...folders],
  });
}

/** What the runtime of containers makes for a mount or a working directory, and leaves. */
function asRoot(folder: string, file?: string) {
  fs.mkdirSync(path.join(home, folder), { recursive: true, mode: 0o755 });
  if (file) {
    fs.writeFileSync(path.join(home, folder, file), '', { mode: 0o644 });
  }
}

const owner = (name: string) => fs.statSync(path.join(home, name)).uid;

describe.each(SHELLS)('in %s', shell => {
  test('each folder, and those above it, belong to the user', async () => {
    expect(await make(shell, '.config/gh', 'with space/a', 'app')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    ['.config', '.config/gh', 'with space', 'with space/a', 'app'].forEach(name => expect(owner(name)).toBe(USER_ID));
  });

  test('what is there already stays', async () => {
    fs.mkdirSync(path.join(home, 'app'));
    fs.writeFileSync(path.join(home, 'app/file'), 'content');
    await host('chown', '-R', `${USER_ID}:${USER_ID}`, home);
    const { ino } = fs.statSync(path.join(home, 'app'));
    expect(await make(shell, 'app', 'app')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(fs.statSync(path.join(home, 'app')).ino).toBe(ino);
    expect(fs.readFileSync(path.join(home, 'app/file'), 'utf-8')).toBe('content');
  });

  test('an empty folder of root is replaced, without a trace', async () => {
    asRoot('app');
    expect(await make(shell, 'app')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(owner('app')).toBe(USER_ID);
    expect(fs.readdirSync(home)).toEqual(['app']);
  });

  test('what root left in its folder is copied; the old one is out of the way, and it is said', async () => {
    asRoot('.config/gh', 'hosts.yml');
    fs.writeFileSync(path.join(home, '.config/run'), '#!/bin/sh\n', { mode: 0o755 });
    expect(await make(shell, '.config/gh')).toMatchObject({
      code: 0, stdout: '/mnt/nix-home/home/.config belonged to another user and is a copy now; what it was is /mnt/nix-home/home/.config.of-0\n', stderr: '',
    });
    ['.config', '.config/gh', '.config/gh/hosts.yml', '.config/run'].forEach(name => expect(owner(name)).toBe(USER_ID));
    expect(modeOf(path.join(home, '.config/run'))).toBe('755');
    expect(fs.readdirSync(home).sort()).toEqual(['.config', '.config.of-0']);

    // A second time, with the name of the old one taken.
    await host('rm', '-rf', path.join(home, '.config'));
    asRoot('.config/gh', 'hosts.yml');
    expect(await make(shell, '.config/gh')).toMatchObject({ code: 0, stdout: expect.stringContaining('.config.of-0-1') });
    expect(owner('.config/gh')).toBe(USER_ID);
  });

  test('a folder of root in one of the user is taken over where it is', async () => {
    fs.mkdirSync(path.join(home, '.config'));
    await host('chown', `${USER_ID}:${USER_ID}`, path.join(home, '.config'));
    asRoot('.config/gh');
    expect(await make(shell, '.config/gh')).toMatchObject({ code: 0, stdout: '' });
    expect(owner('.config/gh')).toBe(USER_ID);
  });

  test('what was killed in the middle is finished', async () => {
    // While it copied.
    asRoot('.config/gh', 'hosts.yml');
    fs.mkdirSync(path.join(home, '.config.new/gh'), { recursive: true });
    // Between the two renames.
    fs.mkdirSync(path.join(home, 'app.new'));
    fs.writeFileSync(path.join(home, 'app.new/file'), 'content');
    await host('chown', '-R', `${USER_ID}:${USER_ID}`, path.join(home, '.config.new'), path.join(home, 'app.new'));
    expect(await make(shell, '.config/gh', 'app')).toMatchObject({ code: 0, stderr: '' });
    expect(owner('.config/gh/hosts.yml')).toBe(USER_ID);
    expect(fs.readFileSync(path.join(home, 'app/file'), 'utf-8')).toBe('content');
    expect(fs.readdirSync(home).sort()).toEqual(['.config', '.config.of-0', 'app']);
  });

  test('what cannot be read is named, and stays', async () => {
    asRoot('.config', 'secret');
    fs.chmodSync(path.join(home, '.config/secret'), 0o600);
    expect(await make(shell, '.config/gh')).toMatchObject({
      code: 1,
      stderr: `/mnt/nix-home/home/.config belongs to user 0, and user ${USER_ID} can neither write to it nor read all that it holds: have root give it to ${USER_ID}\n`,
    });
    expect(fs.existsSync(path.join(home, '.config/secret'))).toBe(true);
  });

  test('a file in the way is named', async () => {
    fs.writeFileSync(path.join(home, 'app'), '');
    expect(await make(shell, 'app/data')).toMatchObject({ code: 1, stderr: '/mnt/nix-home/home/app is no folder, and the pod needs one there: move it away\n' });
  });

  test('a link is followed where it leads to a folder, and left alone where only the workload sees what it leads to', async () => {
    fs.mkdirSync(path.join(home, 'real'));
    fs.symlinkSync('real', path.join(home, 'link'));
    fs.symlinkSync('/nix/store/some-path', path.join(home, '.config'));
    await host('chown', '-hR', `${USER_ID}:${USER_ID}`, home);
    expect(await make(shell, '.config/gh', 'link/a')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(owner('real/a')).toBe(USER_ID);
    expect(fs.readlinkSync(path.join(home, '.config'))).toBe('/nix/store/some-path');
  });
});
