import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, USER_ID } from './support/container';
import { Image } from './support/image';
import { seedWell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

let v1: Image;
let v2: Image;
let volume: Volume;
beforeAll(async () => {
  v1 = await Image.build({ version: '1' });
  v2 = await Image.build({ version: '2' });
});
beforeEach(async () => { volume = await Volume.create(); });
afterEach(async () => volume.dispose());

/** A path of both images, as a file on the volume. */
async function sharedPath(name: string): Promise<string> {
  const found = (await v1.paths()).find(candidate => candidate.endsWith(`-${name}`))!;
  expect(await v2.paths()).toContain(found);
  return path.join(volume.nix, found.slice('/nix/'.length));
}

test('what lies in the store unregistered is replaced', async () => {
  const target = await sharedPath('package-20');
  fs.mkdirSync(target, { recursive: true });
  fs.writeFileSync(path.join(target, 'half'), 'a copy somebody never finished');
  await host('chown', '-R', '1001:1001', volume.nix);
  fs.mkdirSync(path.join(volume.nix, '.cdk8s-nix'));
  fs.chownSync(path.join(volume.nix, '.cdk8s-nix'), 1001, 1001);

  await seedWell(v1, volume);

  await expectSound(volume, v1);
});

describe('an upgrade does not take for granted for good', () => {
  test.each(SHELLS)('that what lies in the store is registered, in %s', async shell => {
    await seedWell(v1, volume);
    const shared = new Set(await v1.paths());
    const [fresh] = (await v2.paths()).filter(name => !shared.has(name));
    const target = path.join(volume.nix, fresh.slice('/nix/'.length));
    fs.mkdirSync(target);
    fs.writeFileSync(path.join(target, 'half'), 'a copy somebody never finished');
    await host('chown', '-R', '1001:1001', target);

    expect(await seedWell(v2, volume, { shell })).toContain('Nix does not know all that lies in the store; comparing once more');

    await expectSound(volume, v2);
  });

  test('nor that what lies in the image has a name of Nix', async () => {
    await seedWell(v1, volume);
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-repair-'));
    try {
      const spoilt = await v2.copyTo(path.join(scratch, 'nix'));
      ['left by somebody', 'half-built', '*'].forEach(name => fs.writeFileSync(path.join(spoilt.nix, 'store', name), 'what no database knows'));

      await seedWell(spoilt, volume);

      expect((await volume.list('store')).filter(name => !/^(\.links$|[0-9a-z]{32}-)/.test(name))).toEqual([]);
      await expectSound(volume, v2);
    } finally {
      await host('rm', '-rf', scratch);
    }
  });

  test('that what lies in the image is registered there', async () => {
    await seedWell(v1, volume);
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-repair-'));
    try {
      const spoilt = await v2.copyTo(path.join(scratch, 'nix'));
      const name = `${'a'.repeat(32)}-half-built`;
      fs.writeFileSync(path.join(spoilt.nix, 'store', name), 'what no database knows');

      const log = await seedWell(spoilt, volume);

      expect(log).toContain('Nix does not know all that lies in the image; comparing once more');
      // What was copied for nothing is all that is not used.
      expect(log).toMatch(/bringing 15 of 85 paths[^]*bringing 0 of 84 paths/);
      expect(log).not.toContain('signatures were not brought');
      expect(await volume.list('store')).not.toContain(name);
      await expectSound(volume, v2);
    } finally {
      await host('rm', '-rf', scratch);
    }
  });

  test('but asks once where all is as it should be', async () => {
    await seedWell(v1, volume);
    expect(await seedWell(v2, volume)).not.toContain('comparing once more');
    await expectSound(volume, v2);
  });
});

test('what is registered but missing comes back with the next image', async () => {
  await seedWell(v1, volume);
  await host('rm', '-rf', await sharedPath('package-20'), await sharedPath('package-1'));

  expect(await seedWell(v2, volume)).toContain('bringing');

  await expectSound(volume, v2);
});

describe('what is damaged', () => {
  beforeEach(async () => {
    await seedWell(v1, volume);
    const text = path.join(await sharedPath('package-20'), 'share/text');
    fs.writeFileSync(text, 'something else');
    fs.writeFileSync(await sharedPath('package-1'), 'another file');
    await host('rm', '-rf', path.join(await sharedPath('package-30'), 'bin'));
  });

  test('is replaced with SEED_REPAIR=yes', async () => {
    expect(await seedWell(v1, volume, { environment: { SEED_REPAIR: 'yes' } })).toContain('bringing 3 of ');
    await expectSound(volume, v1);
  });

  test('is replaced once after `touch /nix/.cdk8s-nix/repair` in the workload', async () => {
    await volume.inWorkload(v1, 'touch /nix/.cdk8s-nix/repair');
    await seedWell(v2, volume);
    await expectSound(volume, v2);
    expect(await seedWell(v2, volume)).toContain('holds this image already');
  });
});

test('a seed whose marker is gone finds everything in place', async () => {
  await seedWell(v1, volume);
  fs.rmSync(path.join(volume.nix, '.cdk8s-nix/seed'));
  expect(await seedWell(v1, volume)).toContain('bringing 0 of ');
  await expectSound(volume, v1);
});

test('a store that somebody else has seeded is taken over as it is', async () => {
  fs.mkdirSync(volume.nix);
  await host('cp', '-a', path.join(v1.nix, 'store'), path.join(v1.nix, 'var'), volume.nix);
  await host('chown', '1001:1001', volume.nix);

  expect(await seedWell(v2, volume)).toMatch(/bringing 1\d of 8\d paths/);

  expect(volume.read('.cdk8s-nix/seed')).toContain(`nix=${v2.profile}`);
  expect(await volume.inWorkload(v2, 'nix-store --verify --check-contents 2>/dev/null; echo $?')).toEqual(['0']);
});

describe.each(['2.8', '2.26'] as const)('a node that lost its power when Nix %s had just begun to write ca-schema', release => {
  let images: Image[];
  beforeAll(async () => { images = await Promise.all(['1', '2'].map(async version => Image.build({ version, release }))); });

  test.each([['an upgrade', 1], ['a start that would be warm', 0]])('is not noticed by %s', async (_, next) => {
    await seedWell(images[0], volume);
    const schema = path.join(volume.nix, 'var/nix/db/ca-schema');
    fs.writeFileSync(schema, '');
    fs.chownSync(schema, USER_ID, USER_ID);

    await seedWell(images[next], volume);

    await volume.inWorkload(images[next], 'nix-store --verify 2>/dev/null', { NIX_CONFIG: 'extra-experimental-features = ca-derivations' });
    await expectSound(volume, images[next]);
  });
});

test('a folder that nobody may read is replaced, and nothing of it stays', async () => {
  await seedWell(v1, volume);
  const target = await sharedPath('package-20');
  fs.chmodSync(path.join(target, 'share'), 0);
  await volume.inWorkload(v1, 'touch /nix/.cdk8s-nix/repair');
  await seedWell(v1, volume);
  await expectSound(volume, v1);
});
