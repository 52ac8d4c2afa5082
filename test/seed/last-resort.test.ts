import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host } from './support/container';
import { Image } from './support/image';
import { seedInterrupted } from './support/interruption';
import { seed, seedWell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* Whichever step the last inode goes to, or the volume dies in: one line says so, with the code of the table. */

let v1: Image;
let v2: Image;
let volume: Volume;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
afterEach(async () => volume.dispose());

async function leaveInodes(count: number) {
  const free = Number(await host('stat', '-f', '-c', '%d', volume.root));
  const home = path.join(volume.root, 'home');
  fs.mkdirSync(home);
  for (let taken = 1; taken < free - count; taken++) {
    fs.writeFileSync(path.join(home, String(taken)), '');
  }
}

describe.each([
  ['a first seed', async () => v1],
  ['an upgrade', async () => { await seedWell(v1, volume); return v2; }],
] as const)('%s that finds only a few inodes', (_, prepare) => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28])('%d of them', async left => {
    volume = await Volume.create({ mebibytes: 64, inodes: 512 });
    const image = await prepare();
    await leaveInodes(left);

    const { code, stderr } = await seed(image, volume, { shell: SHELLS[left % 3] });

    expect({ code, stderr }).toEqual({ code: 31, stderr: expect.stringMatching(/^seed-nix-store: error: [^\n]*inodes[^\n]*\n$/) });
    await host('rm', '-r', path.join(volume.root, 'home'));
    await seedWell(image, volume);
    await expectSound(volume, image);
  });
});

// (A busybox has an ln and an mv of its own.)
test.each(SHELLS.slice(0, 2).flatMap(shell => [
  [shell, 'Nix is to register', 'cat', '/tmp/seed-nix-store.*/load'],
  [shell, 'the profiles are to change', 'ln', '*/generation'],
  [shell, 'what is registered is to be noted', 'mv', '*/.cdk8s-nix/registered'],
] as const))('a volume that dies, in %s, when %s', async (shell, _, program, pattern) => {
  volume = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, volume);

  const ended = await seedInterrupted(v2, volume, { shell, program, pattern, when: 'after' }, async () => volume.die());

  expect(ended).toMatchObject({ code: 50, stderr: expect.stringMatching(/^seed-nix-store: error: [^\n]+\n$/) });
});

test.each(SHELLS.slice(0, 2).flatMap(shell => ['comm', 'date', 'sha256sum'].map(program => [program, shell] as const)))('an image without %s, in %s', async (program, shell) => {
  volume = await Volume.create({ mebibytes: 64 });
  const others = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-others-'));
  fs.chmodSync(others, 0o755);
  fs.readdirSync('/usr/bin').filter(name => name !== program).forEach(name => fs.symlinkSync(`/usr/bin/${name}`, path.join(others, name)));

  // What makes the container looks for its programs on the machine.
  const { code, stderr } = await seed(v1, volume, { shell, environment: { PATH: `/others:${others}:/usr/sbin` }, mounts: { [others]: '/others:ro' } });

  expect({ code, stderr }).toEqual({ code: 21, stderr: `seed-nix-store: error: the seed image has no ${program}; it needs coreutils\n` });
  expect(await volume.list('.').catch(() => [])).toEqual([]);
});
