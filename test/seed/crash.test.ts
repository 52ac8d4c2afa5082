import * as path from 'path';
import { Running, sleep } from './support/container';
import { Image } from './support/image';
import { Random } from './support/random';
import { seedWell, Shell, SHELLS, startSeeding } from './support/seeder';
import { Belongings, expectSound, installThings } from './support/soundness';
import { Volume } from './support/volume';

// Replay one run with SEED_TEST_RANDOM=<the number that a failure names> SEED_TEST_KILLS=1.
const FIRST = Number(process.env.SEED_TEST_RANDOM ?? Math.floor(Math.random() * 1e9));
const KILLS = Number(process.env.SEED_TEST_KILLS ?? 110);

let v1: Image;
let v2: Image;
let empty: Volume;
let used: Volume;
let belongings: Belongings;

beforeAll(async () => {
  v1 = await Image.build({ version: '1' });
  v2 = await Image.build({ version: '2', changed: 25 });
  empty = await Volume.create({ mebibytes: 64 });
  used = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, used);
  belongings = await installThings(used, v1);
});

afterAll(async () => {
  await empty?.dispose();
  await used?.dispose();
});

/** Seeds, and kills everything after a time. Whether it was still at work. */
async function killAfter(milliseconds: number, seeding: Running): Promise<boolean> {
  await Promise.race([sleep(milliseconds), seeding.finished]);
  const atWork = seeding.alive;
  seeding.kill();
  await seeding.finished;
  return atWork;
}

test(`a store killed at any of ${KILLS} moments is whole after the next seed (SEED_TEST_RANDOM=${FIRST})`, async () => {
  const kills = { cold: 0, upgrade: 0, recovery: 0, powerLoss: 0 };
  for (let run = 0; kills.cold + kills.upgrade + kills.recovery < KILLS; run++) {
    const random = new Random(FIRST + run);
    const scenario = random.pick(['cold', 'upgrade'] as const);
    const shell: Shell = random.pick(SHELLS);
    const volume = await (scenario === 'cold' ? empty : used).clone();
    try {
      // A whole run takes about half a second, most of it before and after the copy.
      const strike = async () => killAfter(random.below(700), startSeeding(v2, volume, { shell }));
      if (await strike()) {
        kills[scenario]++;
      }
      while (random.below(3) === 0) {
        if (random.below(2) === 0) {
          await volume.losePower();
          kills.powerLoss++;
        }
        if (await strike()) {
          kills.recovery++;
        }
      }
      if (random.below(3) === 0) {
        await volume.losePower();
        kills.powerLoss++;
      }
      await seedWell(v2, volume, { shell: random.pick(SHELLS) });
      await expectSound(volume, v2, scenario === 'upgrade' ? belongings : undefined);
    } catch (error) {
      throw new Error(`SEED_TEST_RANDOM=${FIRST + run} (${scenario}, ${shell}): ${(error as Error).stack}`);
    } finally {
      await volume.dispose();
    }
  }
  console.log(`kills: ${JSON.stringify(kills)}`);
  expect(Math.min(...Object.values(kills))).toBeGreaterThanOrEqual(KILLS >= 100 ? 10 : 0);
});

test('what was copied and durable when the seeder died is not copied again', async () => {
  const whole = await Image.build({ version: '1', nix: 'whole', packages: 5 });
  const volume = await Volume.create();
  try {
    // A slow tar leaves time for the first batches to become durable.
    const seeding = startSeeding(whole, volume, {
      environment: { SEED_JOBS: '1', PATH: '/slow:/usr/bin:/bin:/usr/sbin' },
      mounts: { [path.join(__dirname, 'support/slow-bin')]: '/slow:ro' },
    });
    await seeding.until(/bringing \d+ of/);
    const durable = await waitForDurable(volume);
    seeding.kill();
    await seeding.finished;

    const log = await seedWell(whole, volume);

    const [, brought, of] = /bringing (\d+) of (\d+) paths/.exec(log)!.map(Number);
    expect(durable).toBeGreaterThan(0);
    expect(brought).toBeLessThan(of);
    await expectSound(volume, whole);
  } finally {
    await volume.dispose();
  }
});

async function waitForDurable(volume: Volume): Promise<number> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const durable = (await volume.list('.cdk8s-nix')).filter(name => name.endsWith('.ok')).length;
    if (durable > 0) {
      return durable;
    }
    await sleep(100);
  }
  throw new Error('no batch ever became durable');
}
