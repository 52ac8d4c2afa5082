import * as fs from 'fs';
import * as path from 'path';
import { Image } from './support/image';
import { seedWell, SHELLS } from './support/seeder';
import { expectSound, installThings, profileOf } from './support/soundness';
import { Volume } from './support/volume';

let volume: Volume;
beforeEach(async () => { volume = await Volume.create(); });
afterEach(async () => volume.dispose());

/** Store paths of one image that the other does not have. */
async function onlyIn(image: Image, other: Image): Promise<string[]> {
  const others = new Set(await other.paths());
  return (await image.paths()).filter(candidate => !others.has(candidate));
}

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  let v1: Image;
  let v2: Image;
  beforeAll(async () => {
    v1 = await Image.build({ version: '1', release });
    v2 = await Image.build({ version: '2', release });
  });

  test.each(SHELLS)('cold, warm, upgrade and downgrade under %s keep everything of the user', async shell => {
    expect(await seedWell(v1, volume, { shell })).toMatch(/seeded 8\d paths, \d+ MiB in [\d.]+ s: plan [\d.]+ s, copy [\d.]+ s, sync [\d.]+ s, register [\d.]+ s\n$/);
    await expectSound(volume, v1);
    const belongings = await installThings(volume, v1);

    expect(await seedWell(v1, volume, { shell })).toMatch(/^seed-nix-store: the volume holds this image already/);

    expect(await seedWell(v2, volume, { shell })).toMatch(/bringing 1\d of 8\d paths/);
    await expectSound(volume, v2, belongings);

    expect(await seedWell(v1, volume, { shell })).toMatch(/bringing 0 of 8\d paths/);
    await expectSound(volume, v1, belongings);
  });
});

describe('garbage', () => {
  let v1: Image;
  let v2: Image;
  beforeAll(async () => {
    v1 = await Image.build({ version: '1' });
    v2 = await Image.build({ version: '2' });
  });

  test('collecting it spares all the current image ships and all the user has rooted, and takes the old image', async () => {
    await seedWell(v1, volume);
    const { links } = await installThings(volume, v1);
    await seedWell(v2, volume);

    await volume.inWorkload(v2, 'nix-store --gc');

    const rooted = Object.values(links).filter(target => target.startsWith('/nix/store/'));
    await expectSound(volume, v2, { links, paths: rooted });
    const old = await onlyIn(v1, v2);
    expect(old.length).toBeGreaterThanOrEqual(6);
    expect(old.filter(gone => volume.exists(gone.slice('/nix/'.length)))).toEqual([]);
  });

  test('what it took comes back with a downgrade', async () => {
    await seedWell(v1, volume);
    await seedWell(v2, volume);
    await volume.inWorkload(v2, 'nix-store --gc');

    await seedWell(v1, volume);

    await expectSound(volume, v1);
    expect((await volume.inWorkload(v1, '/nix/var/nix/profiles/default/bin/nix-store --version'))[0]).toMatch(/^nix-store \(Nix\)/);
  });
});

describe('the default profile', () => {
  let v1: Image;
  let v2: Image;
  beforeAll(async () => {
    v1 = await Image.build({ version: '1' });
    v2 = await Image.build({ version: '2' });
  });

  test('that the user has changed stays theirs, and the new image is rooted all the same', async () => {
    await seedWell(v1, volume);
    await volume.inWorkload(v1, 'nix-env -p /nix/var/nix/profiles/default --set "$(nix-build --quiet --no-out-link /support/thing.nix --argstr name mine)"');
    const mine = profileOf(volume);

    expect(await seedWell(v2, volume)).toContain('profile default was changed by the user and stays as it is');

    expect(profileOf(volume)).toBe(mine);
    expect(await volume.inWorkload(v2, `nix-store --gc >/dev/null; ls -d ${v2.profile} ${v1.profile}`)).toEqual([v2.profile, v1.profile].sort());
  });

  test('that the user has rolled back to an older image follows the next image', async () => {
    await seedWell(v1, volume);
    await seedWell(v2, volume);
    fs.symlinkSync(v1.profile, path.join(volume.nix, 'var/nix/profiles/default-1-link'));
    fs.rmSync(path.join(volume.nix, 'var/nix/profiles/default'));
    fs.symlinkSync('default-1-link', path.join(volume.nix, 'var/nix/profiles/default'));
    fs.rmSync(path.join(volume.nix, '.cdk8s-nix/seed'));

    await seedWell(v2, volume);

    expect(profileOf(volume)).toBe(v2.profile);
  });

  test('is one generation, however many images there were', async () => {
    await seedWell(v1, volume);
    await seedWell(v2, volume);
    await seedWell(v1, volume);
    expect(await volume.inWorkload(v1, 'nix-env -p /nix/var/nix/profiles/default --list-generations')).toEqual([expect.stringMatching(/\(current\)/)]);
  });
});

test('Nix itself can go from 2.8 to 2.26 and back, each image bringing its own', async () => {
  const old = await Image.build({ version: '1', nix: 'whole', packages: 5 });
  const recent = await Image.build({ version: '2', nix: 'whole', packages: 5, release: '2.26' });
  const version = async () => volume.inWorkload(old, '/nix/var/nix/profiles/default/bin/nix-store --version');
  await seedWell(old, volume);
  const belongings = await installThings(volume, old);
  expect(await version()).toEqual(['nix-store (Nix) 2.8.0']);

  await seedWell(recent, volume);
  expect(await version()).toEqual([expect.stringMatching(/^nix-store \(Nix\) 2\.26\./)]);
  await expectSound(volume, recent, belongings);

  await seedWell(old, volume);
  expect(await version()).toEqual(['nix-store (Nix) 2.8.0']);
  await expectSound(volume, old, belongings);
});

test('a volume without extended attributes is fine', async () => {
  const plain = await Volume.create({ mebibytes: 64, mkfs: ['-O', '^ext_attr'] });
  try {
    const image = await Image.build({ version: '1' });
    await seedWell(image, plain);
    await expectSound(plain, image);
  } finally {
    await plain.dispose();
  }
});
