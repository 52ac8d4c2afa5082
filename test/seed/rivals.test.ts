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
  // Each says its number and waits to be let go, if its turn is the one asked for.
  const turnstile = `#!/bin/sh
number=$(cat /turns/count)
echo $((number + 1)) >/turns/count
if [ "$number" = "$STOP_AT" ]; then
  : >/turns/stopped
  while [ ! -e /turns/go ]; do sleep 0.1; done
fi
exec /usr/bin/$(basename "$0") "$@"
`;
  fs.mkdirSync(path.join(scratch, 'bin'));
  for (const program of ['mv', 'ln', 'mkdir', 'chmod', 'rmdir']) {
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
  fs.writeFileSync(path.join(turns, 'count'), '0');
  await host('chown', '-R', '1001:1001', turns);
  try {
    const first = startSeeding(v2, volume, withoutFlock({
      environment: { PATH: '/turnstile:/usr/bin:/bin:/usr/sbin', STOP_AT: String(turn) },
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
      expect(await volume.list('var/nix/gcroots/cdk8s-nix')).toContain(/^id=(.*)$/m.exec(volume.read('.cdk8s-nix/seed'))![1]);
      await seedWell(v3, volume);
    }
    return true;
  } catch (error) {
    throw new Error(`stopped at command ${turn}: ${(error as Error).stack}`);
  } finally {
    await volume.dispose();
  }
}

test('a seeder that stands still at any command and is taken for dead harms nobody when it goes on', async () => {
  let turn = 0;
  while (await stoppedAt(turn)) {
    turn++;
  }
  expect(turn).toBeGreaterThan(20);
  console.log(`stopped at ${turn} commands`);
});
