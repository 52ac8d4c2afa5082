import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run } from './support/container';
import { Image, nixStore } from './support/image';
import { seed, SeedOptions, seedWell } from './support/seeder';
import { expectSound, installThings } from './support/soundness';
import { Volume } from './support/volume';

/*
 * An image volume on a runtime that ignores its `subPath`, as containerd before 2.2: the root of the image lies at /nix, its store at
 * /nix/nix/store, where none of its programs run. The shell that seeds is of another image, which need not have Nix.
 */

// What nix-store is a link to.
const HIDDEN = ['nix'];
let scratch: string;
let v1: Image;
let v2: Image;
let volume: Volume;
beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-image-root-'));
  fs.mkdirSync(path.join(scratch, 'root/nix'), { recursive: true });
  fs.chmodSync(scratch, 0o755);
  HIDDEN.forEach(program => fs.writeFileSync(path.join(scratch, program), ''));
  v1 = await Image.build({ version: '1' });
  v2 = await Image.build({ version: '2' });
});
beforeEach(async () => { volume = await Volume.create({ mebibytes: 64 }); });
afterEach(async () => volume.dispose());
afterAll(async () => host('rm', '-rf', scratch));

/** The image, as its root is mounted. */
function atRoot(image: Image): SeedOptions {
  // The same folder by another name: its image is mounted at /nix already.
  return { mounts: { [path.join(scratch, 'root')]: '/nix', [`${image.nix}/`]: '/nix/nix:ro' } };
}

function withoutNix({ mounts }: SeedOptions): SeedOptions {
  return { mounts: { ...mounts, ...Object.fromEntries(HIDDEN.map(program => [path.join(scratch, program), `/usr/bin/${program}:ro`])) } };
}

test.each([['has Nix', (options: SeedOptions) => options], ['has none', withoutNix]])('a first seed and a warm start, where the shell image %s', async (_, change) => {
  expect(await seedWell(v1, volume, change(atRoot(v1)))).toContain('seeded ');
  await expectSound(volume, v1);
  expect(await seedWell(v1, volume, change(atRoot(v1)))).toContain('holds this image already');
});

test('an upgrade keeps what the user has, where the shell image has Nix', async () => {
  await seedWell(v1, volume, atRoot(v1));
  const belongings = await installThings(volume, v1);
  expect(await seedWell(v2, volume, atRoot(v2))).toMatch(/bringing 1\d of 8\d paths/);
  await expectSound(volume, v2, belongings);
});

test('an upgrade where the shell image has none names the runtime, and changes nothing', async () => {
  await seedWell(v1, volume, atRoot(v1));
  expect(await seed(v2, volume, withoutNix(atRoot(v2)))).toMatchObject({ code: 21, stderr: expect.stringContaining('containerd before 2.2') });
  await expectSound(volume, v1);
});

test('without Nix to ask, what is named like the leftovers of a build comes along', async () => {
  const image = await v1.copyTo(path.join(scratch, 'named'));
  const names = ['yarn.lock', 'quality.check', 'apt.chroot'];
  const { stdout } = await run({
    rootfs: image.rootfs,
    mounts: { [image.nix]: '/nix' },
    command: ['sh', '-ec', 'export HOME=/tmp/home USER=code; mkdir /tmp/named; cd /tmp/named; for name; do echo "$name" >"$name"; nix-store --add "$name"; done', 'sh', ...names],
  });
  const paths = stdout.trim().split('\n');
  expect(paths).toEqual(names.map(name => expect.stringMatching(new RegExp(`^/nix/store/.{32}-${name}$`))));

  await seedWell(image, volume, withoutNix(atRoot(image)));

  expect(await nixStore(image.rootfs, volume.nix, `--verify-path ${paths.join(' ')}`)).toEqual([]);
});
