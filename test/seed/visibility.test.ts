import * as path from 'path';
import { Image } from './support/image';
import { SeedOptions, seedWell, SHELLS } from './support/seeder';
import { Volume } from './support/volume';
import { Cgroup } from '../support/run/cgroup';

let image: Image;
let volume: Volume;
beforeAll(async () => { image = await Image.build({ version: '1' }); });
beforeEach(async () => { volume = await Volume.create({ mebibytes: 64 }); });
afterEach(async () => volume.dispose());

const SLOWLY: SeedOptions = {
  environment: { PATH: '/slow:/usr/bin:/bin:/usr/sbin', SEED_JOBS: '1', SEED_PROGRESS: '1', SEED_IMAGE: 'example.org/nix:1 "quoted"' },
  mounts: { [path.join(__dirname, 'support/slow-bin')]: '/slow:ro' },
};

test.each(SHELLS.slice(0, 2))('long work reports paths, MiB, percent and the time left, and a summary with the time of each phase, under %s', async shell => {
  const log = (await seedWell(image, volume, { ...SLOWLY, shell })).trim().split('\n');
  const plan = log.findIndex(line => /^seed-nix-store: bringing (\d+) of \1 paths, \d+ MiB, 1 at a time$/.test(line));
  const progress = log.filter((_, index) => index !== plan).slice(0, -1);
  expect(plan).toBeGreaterThanOrEqual(0);
  expect(progress.length).toBeGreaterThan(0);
  for (const line of progress) {
    expect(line).toMatch(/^seed-nix-store: (\d+ of \d+ paths, \d+ of \d+ MiB, \d+ %, about (\d+|unknown) s left|(plan|sync|register), \d+ s since the start)$/);
  }
  expect(log[log.length - 1]).toMatch(/^seed-nix-store: seeded \d+ paths, \d+ MiB in \d+\.\d\d s: plan \d/);
});

test('SEED_LOG=json gives one JSON object per line', async () => {
  const lines = (await seedWell(image, volume, { ...SLOWLY, environment: { ...SLOWLY.environment, SEED_LOG: 'json' } })).trim().split('\n').map(line => JSON.parse(line));
  lines.push(JSON.parse(await seedWell(image, volume, { environment: { SEED_LOG: 'json', SEED_IMAGE: 'example.org/nix:1 "quoted" \\' } })));
  const events = lines.map(({ event }) => event);
  expect(events.filter(event => event !== 'progress')).toEqual(['plan', 'seeded', 'warm']);
  expect(events).toContain('progress');
  expect(lines.find(({ event }) => event === 'seeded')).toEqual({
    level: 'info',
    event: 'seeded',
    message: expect.stringContaining('seeded'),
    paths: expect.any(Number),
    bytes: expect.any(Number),
    centiseconds: expect.any(Number),
  });
  expect(lines[lines.length - 1]).toMatchObject({ image: 'example.org/nix:1 "quoted" \\' });
});

test('the marker and the history say what was seeded when', async () => {
  await seedWell(image, volume, { environment: { SEED_IMAGE: 'example.org/nix:1' } });
  const marker = Object.fromEntries(volume.read('.cdk8s-nix/seed').trim().split('\n').map(line => line.split('=')));
  expect(marker).toEqual({
    protocol: '1',
    system: expect.stringMatching(/^\w+$/),
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    image: 'example.org/nix:1',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    paths: expect.stringMatching(/^\d+$/),
    bytes: expect.stringMatching(/^\d+$/),
    nix: image.profile,
  });
  expect(volume.read('.cdk8s-nix/history')).toBe(`${marker.time} ${marker.id} example.org/nix:1 paths=${marker.paths} bytes=${marker.bytes}\n`);
});

test.each([[0.25, 8], [0.5, 8], [1, 12]])('with %d of a processor, %d copies are made at a time', async (cpus, jobs) => {
  const cgroup = new Cgroup({ cpus, mebibytes: 512 });
  try {
    expect(await seedWell(image, volume, { cgroup })).toMatch(new RegExp(`^seed-nix-store: bringing .*, ${jobs} at a time$`, 'm'));
  } finally {
    await cgroup.remove();
  }
});
