import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host } from './support/container';
import { Image } from './support/image';
import { seed, seedWell, Shell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* Whichever list finds no room in TMPDIR: that is what is said, in one line, and the volume is none the worse for it. */

let v1: Image;
let v2: Image;
let volume: Volume;
let scratch: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-tmpdir-'));
  fs.chmodSync(scratch, 0o755);
  fs.mkdirSync(path.join(scratch, 'small'));
  volume = await Volume.create({ mebibytes: 64 });
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

/** Seeds with a TMPDIR that the kernel limits so, which may be enough or not: how it ended. */
async function seedIn(limit: string, image: Image, shell: Shell, mounts: { [source: string]: string } = {}): Promise<number | null> {
  const [small, lastWords] = ['small', 'last-words'].map(name => path.join(scratch, name));
  fs.writeFileSync(lastWords, '');
  fs.chmodSync(lastWords, 0o666);
  await host('mount', '-t', 'tmpfs', '-o', `mode=1777,${limit}`, 'tmpfs', small);
  try {
    const { code, stderr } = await seed(image, volume, {
      shell,
      mounts: { ...mounts, [small]: '/small', [lastWords]: '/run/termination-log' },
      environment: { TMPDIR: '/small', SEED_TERMINATION_LOG: '/run/termination-log' },
    });
    expect({ limit, shell, code, stderr, lastWords: fs.readFileSync(lastWords, 'utf-8') }).toEqual({
      limit, shell, code: code === 0 ? 0 : 10, stderr: code === 0 ? '' : expect.stringMatching(/^seed-nix-store: error: [^\n]*TMPDIR \(\/small\)[^\n]*\n$/), lastWords: stderr,
    });
    return code;
  } finally {
    await host('umount', small);
  }
}

const upTo = (most: number, step: number) => [...Array(most / step).keys()].map(index => (index + 1) * step);

describe.each([
  ['a first seed', async () => v1],
  ['an upgrade', async () => { await seedWell(v1, volume); return v2; }],
] as const)('%s', (_, prepare) => {
  // Most of a few hundred KiB is the image's database.
  test.each([
    ['KiB', upTo(240, 12), (room: number) => `size=${room}k`],
    ['files', upTo(90, 3), (room: number) => `nr_inodes=${room}`],
  ] as const)('with room for a few %s', async (__, rooms, limit) => {
    const image = await prepare();
    const codes: (number | null)[] = [];
    for (const [index, room] of rooms.entries()) {
      const before = await volume.clone();
      codes.push(await seedIn(limit(room), image, SHELLS[index % 3]));
      await seedWell(image, volume);
      await expectSound(volume, image);
      await volume.dispose();
      volume = before;
    }
    expect([codes[0], codes[codes.length - 1]]).toEqual([10, 0]);
  });
});

test.each(SHELLS)('a flock that does not run is no collector, though it has no room to say why, in %s', async shell => {
  await seedWell(v1, volume);
  const nothing = path.join(scratch, 'nothing');
  fs.writeFileSync(nothing, '');
  expect(await seedIn('size=64k', v2, shell, { [nothing]: '/usr/bin/flock:ro' })).toBe(10);
});
