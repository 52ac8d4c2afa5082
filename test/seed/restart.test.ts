import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, sleep } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell, SHELLS, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What a kubelet does: a container that died is started again in the same pod. It is process 1 again, and the /tmp of the pod is as it was. */

let image: Image;
let volume: Volume;
let tmp: string;
let nothing: string;
beforeAll(async () => { image = await Image.build({ version: '1' }); });
beforeEach(async () => {
  volume = await Volume.create({ mebibytes: 64 });
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-restart-'));
  fs.chmodSync(tmp, 0o1777);
  nothing = path.join(tmp, 'nothing');
  fs.writeFileSync(nothing, '');
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', tmp);
});

/** In one pod, on a node whose image has no flock. */
function inPod(uid: string, options: SeedOptions = {}): SeedOptions {
  return {
    ...options,
    environment: { NIX_POD_UID: uid, TMPDIR: '/pod-tmp', ...options.environment },
    mounts: { [tmp]: '/pod-tmp', [nothing]: '/usr/bin/flock:ro', ...options.mounts },
  };
}

function slowly(options: SeedOptions): SeedOptions {
  return {
    ...options,
    environment: { ...options.environment, PATH: '/slow:/usr/bin:/bin:/usr/sbin', SEED_JOBS: '1' },
    mounts: { ...options.mounts, [path.join(__dirname, 'support/slow-bin')]: '/slow:ro' },
  };
}

async function kill(options: SeedOptions, afterMs: number) {
  const seeding = startSeeding(image, volume, slowly(options));
  await seeding.until(/bringing/);
  await sleep(afterMs);
  seeding.kill();
  await seeding.finished;
}

test.each(SHELLS)('the next container of the pod takes over at once, and keeps what is durable, in %s', async shell => {
  await kill(inPod('one'), 5000);

  const started = Date.now();
  const log = await seedWell(image, volume, inPod('one', { shell }));

  expect(log).toContain('the seeder that held the lock is dead; taking over');
  expect(log).not.toContain('waiting');
  expect(Date.now() - started).toBeLessThan(15000);
  const [, brought, of] = /bringing (\d+) of (\d+) paths/.exec(log)!.map(Number);
  expect(brought).toBeLessThan(of);
  await expectSound(volume, image);
  expect(fs.readdirSync(tmp)).toEqual(['nothing']);
});

test('a container of another pod waits as long as it has to', async () => {
  await kill(inPod('one'), 0);
  const log = await seedWell(image, volume, inPod('other', { environment: { SEED_LOCK_TTL: '8', SEED_PROGRESS: '1' } }));
  expect(log).toMatch(/waiting for the seeder that holds the lock[^]*taking over/);
  await expectSound(volume, image);
});

test('killed again and again, one start that is let alone is enough', async () => {
  for (const afterMs of [0, 700, 1500, 300]) {
    await kill(inPod('one'), afterMs);
  }
  await seedWell(image, volume, inPod('one'));
  await expectSound(volume, image);
});

test.each(SHELLS)('what a killed container has left in /tmp is gone after the next start of its pod, a warm one too, in %s', async shell => {
  await seedWell(image, volume, inPod('one'));
  await host('install', '-d', '-o', '1001', path.join(tmp, 'seed-nix-store.dead'), path.join(tmp, 'seed-nix-store.dead/image'), path.join(tmp, 'mine'));
  expect(await seedWell(image, volume, inPod('one', { shell }))).toContain('holds this image already');
  expect(fs.readdirSync(tmp)).toEqual(['mine', 'nothing']);
});
