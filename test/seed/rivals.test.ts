import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, Running, sleep } from './support/container';
import { Image } from './support/image';
import { seed, SeedOptions, seedWell, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/*
 * One holder, whenever the other one stands still: a seeder is stopped at each command in turn that changes the volume, taken for dead by
 * a rival with another image, which seeds to the end; then the first one goes on. Whatever it does then, the volume is the rival's.
 */

let v1: Image;
let v2: Image;
let v3: Image;
let used: Volume;
let scratch: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
  v3 = await Image.build({ version: '3', packages: 6, changed: 3 });
  used = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, used);
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-rivals-'));
  fs.writeFileSync(path.join(scratch, 'nothing'), '');
  // Each takes the next number and waits to be let go, if its turn is the one asked for.
  const turnstile = `#!/bin/sh
set -C
number=0
case "$*" in
  */mnt/nix-volume/*) until { true >"/turns/$number"; } 2>/dev/null; do number=$((number + 1)); done ;;
  *) STOP_AT=never ;;
esac
if [ "$number" = "$STOP_AT" ]; then
  : >/turns/stopped
  while [ ! -e /turns/go ]; do sleep 0.1; done
fi
exec /usr/bin/$(basename "$0") "$@"
`;
  fs.mkdirSync(path.join(scratch, 'bin'));
  for (const program of ['mv', 'ln', 'mkdir', 'chmod', 'rmdir', 'rm']) {
    fs.writeFileSync(path.join(scratch, 'bin', program), turnstile, { mode: 0o755 });
  }
});
afterAll(async () => {
  await used.dispose();
  await host('rm', '-rf', scratch);
});

function withoutFlock(options: SeedOptions): SeedOptions {
  return { ...options, mounts: { ...options.mounts, [path.join(scratch, 'nothing')]: '/usr/bin/flock:ro' } };
}

/** Everything in the container, as a node that hangs does it. */
function stop(seeding: Running, signal: 'SIGSTOP' | 'SIGCONT') {
  for (const pid of seeding.pids()) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // A nap may have ended meanwhile.
      expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
    }
  }
}

/** Whether it ever came to this command. */
async function stoppedAt(turn: number): Promise<boolean> {
  const volume = await used.clone();
  const turns = path.join(scratch, `turns-${turn}`);
  fs.mkdirSync(turns);
  await host('chown', '-R', '1001:1001', turns);
  let first: Running | undefined;
  try {
    first = startSeeding(v2, volume, withoutFlock({
      // No pulse to tell it of its loss: nothing but what it does itself keeps it from harm.
      environment: { PATH: '/turnstile:/usr/bin:/bin:/usr/sbin', STOP_AT: String(turn), SEED_LOCK_TTL: '6000', SEED_PROGRESS: '600' },
      mounts: { [path.join(scratch, 'bin')]: '/turnstile:ro', [turns]: '/turns' },
    }));
    while (first.alive && !fs.existsSync(path.join(turns, 'stopped'))) {
      await sleep(20);
    }
    if (!first.alive) {
      return false;
    }
    stop(first, 'SIGSTOP');
    const rival = await seed(v3, volume, withoutFlock({ environment: { SEED_LOCK_TTL: '1', SEED_PROGRESS: '1' } }));
    expect(rival).toMatchObject({ code: 0, stderr: '' });
    fs.writeFileSync(path.join(turns, 'go'), '');
    stop(first, 'SIGCONT');
    const { code, stdout, stderr } = await first.finished;
    // Lost the lock, and says so; or had nothing to lose yet and brings its image in its turn; or had nothing to do any more.
    if (code === 0) {
      expect(stdout).toContain('seeded');
      await expectSound(volume, volume.read('.cdk8s-nix/seed').includes(v2.profile) ? v2 : v3);
    } else {
      expect(code).toBe(41);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^seed-nix-store: error: the lock was lost/);
      await expectSound(volume, v3);
      expect(volume.read('.cdk8s-nix/seed')).toContain(v3.profile);
      const shipped = fs.readdirSync(path.join(v3.nix, 'store')).filter(name => name !== '.links').sort();
      expect((await volume.list('var/nix/gcroots/cdk8s-nix/image')).sort()).toEqual(shipped);
      await seedWell(v3, volume);
    }
    return true;
  } catch (error) {
    throw new Error(`stopped at command ${turn}: ${(error as Error).stack}`);
  } finally {
    first?.kill();
    await first?.finished;
    await volume.dispose();
  }
}

test('a seeder that stands still at any command and is taken for dead harms nobody when it goes on', async () => {
  let turns = 0;
  let more = true;
  const lane = async () => {
    try {
      while (more) {
        more = await stoppedAt(turns++) && more;
      }
    } finally {
      more = false;
    }
  };
  // Most of the time of each goes by waiting for the lock of the one that stands still to grow old.
  const lanes = await Promise.allSettled([lane(), lane(), lane(), lane()]);
  expect(lanes.flatMap(ended => ended.status === 'rejected' ? [ended.reason] : [])).toEqual([]);
  expect(turns).toBeGreaterThan(24);
});
