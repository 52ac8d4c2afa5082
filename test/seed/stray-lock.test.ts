import * as fs from 'fs';
import * as path from 'path';
import { host } from './support/container';
import { Image } from './support/image';
import { seed, seedWell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* Who holds the lock is named in it. What else is there is in nobody's way, and where nobody can take it, nobody waits for that. */

let v1: Image;
let v2: Image;
let volume: Volume;
let lock: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
beforeEach(async () => {
  volume = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, volume);
  lock = path.join(volume.nix, '.cdk8s-nix/lock');
});
afterEach(async () => {
  await host('chattr', '-R', '-i', path.join(volume.nix, '.cdk8s-nix'));
  await volume.dispose();
});

const strays: [what: string, make: (lock: string) => void][] = [
  ['a file', place => fs.writeFileSync(place, '')],
  ['a link to nowhere', place => fs.symlinkSync('/nowhere', place)],
  ['a link to a folder', place => fs.symlinkSync('/tmp', place)],
  ['a folder with a file of the file server in it', place => { fs.mkdirSync(place); fs.writeFileSync(path.join(place, '.nfs0001'), ''); }],
  ['a folder with a folder in it', place => fs.mkdirSync(path.join(place, 'some/thing'), { recursive: true })],
  ['a folder with a link in it that has a holder\'s name', place => { fs.mkdirSync(place); fs.symlinkSync('/nowhere', path.join(place, 'owner.nobody')); }],
];

describe.each(SHELLS)('in %s', shell => {
  test.each(strays)('where the lock should be, there is %s: it goes', async (_, make) => {
    make(lock);
    await host('chown', '-R', '-h', '1001:1001', lock);

    const { code, stdout, stderr } = await seed(v2, volume, { shell, environment: { SEED_LOCK_TIMEOUT: '20' } });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('waiting');
    expect(fs.readdirSync(path.dirname(lock)).filter(name => /^(lock|gone|dead)/.test(name))).toEqual([]);
    await expectSound(volume, v2);
  });

  test.each([
    ['the lock', lockPath => lockPath],
    ['a file in it', lockPath => path.join(lockPath, '.nfs0001')],
  ] as [string, (lockPath: string) => string][])('where %s cannot be moved, for another reason than a holder, that reason is told at once', async (what, immutable) => {
    fs.mkdirSync(lock);
    if (what !== 'the lock') {
      fs.writeFileSync(immutable(lock), '');
    }
    await host('chown', '-R', '1001:1001', lock);
    await host('chattr', '+i', immutable(lock));

    const { code, stdout, stderr } = await seed(v2, volume, { shell, environment: { SEED_LOCK_TIMEOUT: '20' } });

    expect({ code, stdout, stderr }).toEqual({
      code: 50,
      stdout: '',
      stderr: expect.stringMatching(/^seed-nix-store: error: cannot take the lock \S+, which nobody holds: mv: [^\n]*Operation not permitted\n$/),
    });
    await expectSound(volume, v1);
  });
});

test.each(SHELLS)('a dead holder whom this user cannot take away is not waited for, in %s', async shell => {
  const holder = path.join(lock, 'owner.dead');
  fs.mkdirSync(holder, { recursive: true });
  fs.writeFileSync(path.join(holder, 'facts'), 'boot=another\npod=\nhost=node\nholder=image\n');
  const longAgo = new Date(Date.now() - 7200000);
  fs.utimesSync(path.join(holder, 'facts'), longAgo, longAgo);

  const { code, stderr } = await seed(v2, volume, { shell, environment: { SEED_LOCK_TIMEOUT: '20' } });

  expect({ code, stderr }).toEqual({ code: 50, stderr: expect.stringMatching(/^seed-nix-store: error: cannot take the lock \S+, which nobody holds: mv: [^\n]*Permission denied\n$/) });
  await expectSound(volume, v1);
});

test.each(SHELLS)('facts that are a pipe are not read, in %s', async shell => {
  const holder = path.join(lock, 'owner.dead');
  fs.mkdirSync(holder, { recursive: true });
  await host('mkfifo', path.join(holder, 'facts'));
  await host('chown', '-R', '1001:1001', lock);
  await host('touch', '-d', '2 hours ago', holder);
  await seedWell(v2, volume, { shell });
  await expectSound(volume, v2);
});

test('a lock that none may look into is not waited for', async () => {
  fs.mkdirSync(path.join(lock, 'owner.somebody'), { recursive: true });
  fs.chmodSync(lock, 0o700);

  const { code, stderr } = await seed(v2, volume, { environment: { SEED_LOCK_TIMEOUT: '20' } });

  expect({ code, stderr }).toEqual({ code: 50, stderr: expect.stringMatching(/^seed-nix-store: error: cannot take the lock [^\n]*Permission denied\n$/) });
});
