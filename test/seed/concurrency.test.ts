import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, Running, sleep } from './support/container';
import { Image } from './support/image';
import { seed, SeedOptions, seedWell, SHELLS, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

let image: Image;
let volume: Volume;
let nothing: string;
beforeAll(async () => {
  image = await Image.build({ version: '1' });
  nothing = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'seed-nothing-')), 'nothing');
  fs.writeFileSync(nothing, '');
});
afterAll(async () => host('rm', '-rf', path.dirname(nothing)));
beforeEach(async () => { volume = await Volume.create({ mebibytes: 64 }); });
afterEach(async () => volume.dispose());

/** With a cp that takes its time. */
function slowly(options: SeedOptions = {}): SeedOptions {
  return {
    ...options,
    environment: { PATH: '/slow:/usr/bin:/bin:/usr/sbin', SEED_JOBS: '1', ...options.environment },
    mounts: { [path.join(__dirname, 'support/slow-bin')]: '/slow:ro', ...options.mounts },
  };
}

/** As on a volume or in an image without flock. */
function withoutFlock(options: SeedOptions = {}): SeedOptions {
  return { ...options, mounts: { [nothing]: '/usr/bin/flock:ro', ...options.mounts } };
}

/** Starts a seeder and waits until it holds the lock and copies. */
async function holder(options: SeedOptions): Promise<Running> {
  const running = startSeeding(image, volume, options);
  await running.until(/bringing/);
  return running;
}

test.each([
  ['with flock', (options: SeedOptions) => options],
  ['without flock', withoutFlock],
])('of eight at once %s, one works and the others wait and find nothing to do', async (_, variant) => {
  const ended = await Promise.all(Array.from({ length: 8 }, async (__, index) =>
    seed(image, volume, variant(slowly({ shell: index < 6 ? SHELLS[index % 2] : 'dash', environment: { SEED_PROGRESS: '1' } })))));

  expect(ended.map(({ code }) => code)).toEqual(Array(8).fill(0));
  expect(ended.map(({ stderr }) => stderr).join('')).toBe('');
  expect(ended.filter(({ stdout }) => stdout.includes('seeded '))).toHaveLength(1);
  expect(ended.filter(({ stdout }) => /(another seeder has brought|holds) this image/.test(stdout))).toHaveLength(7);
  expect(ended.filter(({ stdout }) => /waiting for the seeder that holds the lock, \d+ s so far/.test(stdout))).toHaveLength(7);
  await expectSound(volume, image);
});

test('the lock of a dead seeder on the same node is taken over at once where flock works', async () => {
  const dead = await holder(slowly());
  dead.kill();
  await dead.finished;

  const { stdout, milliseconds } = await seed(image, volume);

  expect(stdout).toContain('the seeder that held the lock is dead; taking over');
  // SEED_LOCK_TTL is a minute.
  expect(milliseconds).toBeLessThan(55000);
  await expectSound(volume, image);
});

test.each([
  ['where flock does not work', async () => {}],
  ['on another node', async () => {
    const lock = path.join(volume.nix, '.cdk8s-nix/lock');
    const owner = path.join(lock, fs.readdirSync(lock)[0], 'facts');
    fs.writeFileSync(owner, fs.readFileSync(owner, 'utf-8').replace(/boot=.*/, 'boot=another-node'));
  }],
])('the lock of a dead seeder %s is taken over when it has given no sign of life for long enough', async (where, change) => {
  const variant = where.includes('flock') ? withoutFlock : (options: SeedOptions) => options;
  const dead = await holder(variant(slowly()));
  dead.kill();
  await dead.finished;
  await change();
  // Its last sign of life, however long the machine took to kill it.
  const lock = path.join(volume.nix, '.cdk8s-nix/lock');
  await host('touch', path.join(lock, fs.readdirSync(lock)[0], 'facts'));

  const { stdout, code } = await seed(image, volume, variant({ environment: { SEED_LOCK_TTL: '4', SEED_PROGRESS: '1' } }));

  expect(code).toBe(0);
  expect(stdout).toMatch(/waiting for the seeder[^]*the seeder that held the lock is dead; taking over/);
  await expectSound(volume, image);
});

test('a seeder that lives is not robbed, however short the time to live', async () => {
  const first = await holder(withoutFlock(slowly({ environment: { SEED_LOCK_TTL: '2' } })));
  const second = await seed(image, volume, withoutFlock({ environment: { SEED_LOCK_TTL: '2' } }));
  expect(second.stdout).not.toContain('taking over');
  expect(await first.finished).toMatchObject({ code: 0, stderr: '' });
  expect(second.code).toBe(0);
  await expectSound(volume, image);
});

test('of several that wait for a dead seeder, one takes over', async () => {
  const dead = await holder(withoutFlock(slowly()));
  dead.kill();
  await dead.finished;
  const ended = await Promise.all(Array.from({ length: 4 }, async () => seed(image, volume, withoutFlock({ environment: { SEED_LOCK_TTL: '3' } }))));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(ended.filter(({ stdout }) => stdout.includes('taking over'))).toHaveLength(1);
  await expectSound(volume, image);
});

test('what a seeder leaves that dies while it makes the lock is cleared away', async () => {
  await host('install', '-d', '-o', '1001', '-g', '1001', volume.nix, `${volume.nix}/.cdk8s-nix`, `${volume.nix}/.cdk8s-nix/lock`);
  await seedWell(image, volume);
  await expectSound(volume, image);
});

test('waiting ends after SEED_LOCK_TIMEOUT', async () => {
  const first = await holder(slowly());
  const second = await seed(image, volume, { environment: { SEED_LOCK_TIMEOUT: '1' } });
  expect(second).toMatchObject({ code: 40, stderr: expect.stringMatching(/waited \d+ s \(SEED_LOCK_TIMEOUT\) for the seeder that holds the lock/) });
  expect((await first.finished).code).toBe(0);
});

test.each(SHELLS)('a seeder that was robbed of its lock stops, in %s', async shell => {
  const robbed = await holder(slowly({ shell, environment: { SEED_LOCK_TTL: '4' } }));
  const lock = path.join(volume.nix, '.cdk8s-nix/lock');
  fs.renameSync(path.join(lock, fs.readdirSync(lock)[0]), path.join(lock, 'owner.thief'));
  expect(await robbed.finished).toMatchObject({ code: 41, stderr: expect.stringMatching(/^seed-nix-store: error: the lock was lost to another seeder[^\n]*\n$/) });
  expect(fs.readdirSync(lock)).toEqual(['owner.thief']);
  expect(await volume.list('store')).toEqual([]);
});

test('a running garbage collector is waited for', async () => {
  await seedWell(image, volume);
  fs.rmSync(path.join(volume.nix, '.cdk8s-nix/seed'));
  const collector = new Running({ mounts: { [volume.nix]: '/nix' }, command: ['flock', '/nix/var/nix/gc.lock', 'sh', '-c', 'echo collecting; sleep 4'] });
  await collector.until(/collecting/);
  const log = await seedWell(image, volume, { environment: { SEED_PROGRESS: '1' } });
  expect(collector.alive).toBe(false);
  expect(log).toContain('waiting for a garbage collector on the volume');
  await sleep(0);
});
