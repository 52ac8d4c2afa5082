import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, Running, sleep } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/*
 * What a seed notes of the volume's database spares the next one to ask Nix, and is believed of that very database only: whatever has happened to it
 * in between, the store is whole afterwards.
 */

let v1: Image;
let v2: Image;
let shared: string;
let volume: Volume;
let scratch: string;

beforeAll(async () => {
  v1 = await Image.build({ version: '1' });
  v2 = await Image.build({ version: '2' });
  const others = new Set(await v2.paths());
  shared = (await v1.paths()).find(candidate => others.has(candidate) && candidate.endsWith('-package-1'))!;
  expect(shared).toBeDefined();
});
beforeEach(async () => {
  volume = await Volume.create();
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-memory-'));
  // Says what it was asked. (All programs of Nix are links to this one.)
  fs.writeFileSync(path.join(scratch, 'nix'), '#!/bin/bash\necho "$*" >>/asked/log\nexec -a "${0##*/}" /opt/nix "$@"\n', { mode: 0o755 });
  fs.writeFileSync(path.join(scratch, 'nothing'), '');
  fs.mkdirSync(path.join(scratch, 'asked'));
  fs.chmodSync(path.join(scratch, 'asked'), 0o777);
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

const file = (name: string) => path.join(volume.nix, name);
const DATABASE = 'var/nix/db/db.sqlite';
const NOTE = '.cdk8s-nix/registered';

/** Seeds; about how many paths Nix was asked whether the volume has them, question by question. */
async function asksAbout(image: Image, options: SeedOptions = {}): Promise<number[]> {
  const log = path.join(scratch, 'asked/log');
  fs.rmSync(log, { force: true });
  await seedWell(image, volume, {
    ...options,
    mounts: { '/usr/bin/nix': '/opt/nix:ro', [path.join(scratch, 'nix')]: '/usr/bin/nix:ro', [path.join(scratch, 'asked')]: '/asked', ...options.mounts },
  });
  // Where nothing is missing either, it was not even started.
  const questions = (fs.existsSync(log) ? fs.readFileSync(log, 'utf-8') : '').split('\n').filter(line => line.includes('--check-validity') && line.includes('/mnt/nix-volume/nix/store'));
  return questions.map(line => line.split(' ').filter(word => word.startsWith('/nix/store/')).length);
}

async function eventually(condition: () => boolean) {
  const deadline = Date.now() + 240000;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error('it never became so');
    }
    await sleep(20);
  }
}

/** As a collector that is killed leaves it: Nix knows of the path no more, and something of it is still there. */
async function spoil(storePath: string) {
  await volume.inWorkload(v1, `
    nix-store --delete --ignore-liveness $(nix-store --query --referrers-closure ${storePath}) >/dev/null
    echo rubbish >${storePath}`);
}

test('nothing is asked as long as the database is that of the last seed', async () => {
  await seedWell(v1, volume);

  expect(await asksAbout(v2)).toEqual([]);
  await expectSound(volume, v2);
  expect(await asksAbout(v1)).toEqual([]);
  await expectSound(volume, v1);
});

test('after the user has installed something everything is asked, and then no more what that seed has learned', async () => {
  await seedWell(v1, volume);
  await volume.inWorkload(v1, 'nix-build --quiet --no-out-link /support/thing.nix --argstr name first');

  expect(Math.max(...await asksAbout(v2))).toBeGreaterThan(60);
  // What only the first image has.
  const asked = await asksAbout(v1);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toBeLessThan(20);
  expect(await asksAbout(v2)).toEqual([]);
  await expectSound(volume, v2);
});

test('a path that was deleted although it is rooted is brought again, the database being as large as before', async () => {
  await seedWell(v1, volume);
  const { size } = fs.statSync(file(DATABASE));
  await spoil(shared);
  expect(fs.statSync(file(DATABASE)).size).toBe(size);

  expect(Math.max(...await asksAbout(v2))).toBeGreaterThan(60);

  await expectSound(volume, v2);
});

test('what a garbage collector has taken is brought again', async () => {
  await seedWell(v1, volume);
  await seedWell(v2, volume);
  await volume.inWorkload(v2, 'nix-store --gc >/dev/null');

  expect(Math.max(...await asksAbout(v1))).toBeGreaterThan(60);

  await expectSound(volume, v1);
});

test('an older database that was restored is not taken for the one of the last seed', async () => {
  await seedWell(v1, volume);
  const older = fs.readFileSync(file(DATABASE));
  await seedWell(v2, volume);
  fs.writeFileSync(file(DATABASE), older);
  fs.rmSync(file('.cdk8s-nix/seed'));

  expect(Math.max(...await asksAbout(v2))).toBeGreaterThan(60);

  await expectSound(volume, v2);
});

test('the note goes with the database: both of them restored are believed', async () => {
  await seedWell(v1, volume);
  const [older, note] = [fs.readFileSync(file(DATABASE)), fs.readFileSync(file(NOTE))];
  await seedWell(v2, volume);
  fs.writeFileSync(file(DATABASE), older);
  fs.writeFileSync(file(NOTE), note);
  fs.rmSync(file('.cdk8s-nix/seed'));

  // What came with the second image, which this database does not know.
  const [first, ...others] = await asksAbout(v2);

  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(20);
  // It says no, so the comparison is made once more, path by path.
  expect(others).toHaveLength(1);
  await expectSound(volume, v2);
});

test.each([
  ['cut off', (note: string) => note.slice(0, note.length / 2)],
  ['empty', () => ''],
  ['full of zeros', (note: string) => '\0'.repeat(note.length)],
  ['full of zeros after its first line', (note: string) => note.slice(0, 65) + '\0'.repeat(note.length - 65)],
])('a note that is %s makes less known, not more', async (_, damage) => {
  await seedWell(v1, volume);
  fs.writeFileSync(file(NOTE), damage(fs.readFileSync(file(NOTE), 'utf-8')));

  expect(Math.max(...await asksAbout(v2))).toBeGreaterThan(10);

  await expectSound(volume, v2);
});

test('a database that has something in its log is asked, and is not noted', async () => {
  await seedWell(v1, volume);
  const note = fs.readFileSync(file(NOTE), 'utf-8');
  // As long as somebody has it open, what is registered stays in the log.
  const reader = new Running({ mounts: { [volume.nix]: '/nix' }, environment: { HOME: '/tmp/home', USER: 'code' }, command: ['sh', '-c', 'sleep 600 | nix-store --load-db'] });
  try {
    await eventually(() => volume.exists(`${DATABASE}-shm`));
    await volume.inWorkload(v1, 'nix-build --quiet --no-out-link /support/thing.nix --argstr name first');
    expect(fs.statSync(file(`${DATABASE}-wal`)).size).toBeGreaterThan(0);

    expect(Math.max(...await asksAbout(v2))).toBeGreaterThan(60);

    expect(fs.readFileSync(file(NOTE), 'utf-8')).toBe(note);
  } finally {
    reader.kill();
    await reader.finished;
  }
  await expectSound(volume, v2);
});

test('where no lock keeps collectors away, only a first seed is noted', async () => {
  const withoutFlock = { mounts: { [path.join(scratch, 'nothing')]: '/usr/bin/flock:ro' } };
  await seedWell(v1, volume, withoutFlock);
  const first = fs.readFileSync(file(NOTE), 'utf-8');

  // Once, and at the end, when a collector that began before it is gone: whether that has left all of it registered.
  expect(await asksAbout(v2, withoutFlock)).toEqual([expect.any(Number)]);
  expect(fs.readFileSync(file(NOTE), 'utf-8')).toBe(first);
  expect(Math.max(...await asksAbout(v1, withoutFlock))).toBeGreaterThan(60);
  await expectSound(volume, v1);
});
