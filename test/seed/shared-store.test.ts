import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run } from './support/container';
import { Image } from './support/image';
import { seedWell } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

const SHARED = { environment: { SEED_WAL: 'no' } };

/** Whether the database is one that only processes with shared memory may write: a byte of SQLite's header says so. */
function hasWriteAheadLog(volume: Volume): boolean {
  return fs.readFileSync(path.join(volume.nix, 'var/nix/db/db.sqlite'))[18] === 2;
}

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  let v1: Image;
  let v2: Image;
  let volume: Volume;
  beforeAll(async () => {
    v1 = await Image.build({ version: '1', release });
    v2 = await Image.build({ version: '2', release });
  });
  beforeEach(async () => { volume = await Volume.create(); });
  afterEach(async () => volume.dispose());

  /** A container of a pod that shares the store. */
  async function build(name: string): Promise<number | null> {
    const { code } = await run({
      rootfs: v1.rootfs,
      mounts: { [volume.nix]: '/nix', [path.join(__dirname, 'support')]: '/support:ro' },
      environment: { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: 'use-sqlite-wal = false\nsandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =' },
      command: ['sh', '-ec', `for n in 1 2 3; do nix-build --quiet --no-out-link /support/thing.nix --argstr name ${name}-$n; done`],
    });
    return code;
  }

  test('an upgrade brings signatures, those too that are in the log of the database of the image', async () => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-shared-'));
    try {
      const image = await v2.copyTo(path.join(scratch, 'nix'));
      const FEATURES = 'extra-experimental-features = nix-command';
      const { code, stdout } = await run({
        rootfs: image.rootfs,
        mounts: { [image.nix]: '/nix' },
        environment: { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: FEATURES },
        command: ['sh', '-ec', `
          nix key generate-secret --key-name test-1 >/tmp/key
          # As long as somebody has it open, what is registered stays in the log; who is killed leaves it there.
          sleep 600 | nix-store --load-db &
          until [ -e /nix/var/nix/db/db.sqlite-shm ]; do sleep 0.05; done
          signed=$(readlink -f /nix/var/nix/profiles/default)
          nix store sign --key-file /tmp/key "$signed"
          echo "$signed"`],
      });
      expect(code).toBe(0);
      expect(fs.statSync(path.join(image.nix, 'var/nix/db/db.sqlite-wal')).size).toBeGreaterThan(0);
      await seedWell(v1, volume, SHARED);

      expect(await seedWell(image, volume, SHARED)).toMatch(/of the new paths the image has built [1-9]\d* itself/);

      expect((await volume.inWorkload(image, `nix path-info --sigs ${stdout.trim()}`, { NIX_CONFIG: `use-sqlite-wal = false\n${FEATURES}` }))[0]).toContain('test-1:');
      expect(hasWriteAheadLog(volume)).toBe(false);
      await expectSound(volume, image);
    } finally {
      await host('rm', '-rf', scratch);
    }
  });

  test('a seed usually leaves a database with a write-ahead log', async () => {
    await seedWell(v1, volume);
    expect(hasWriteAheadLog(volume)).toBe(true);
  });

  test('told to do without it, Nix cannot open such a database: a shared clone of the volume loses the log, and nothing else', async () => {
    await seedWell(v1, volume);
    expect(await build('too-early')).not.toBe(0);

    expect(await seedWell(v1, volume, SHARED)).toContain('seeded 0 paths');

    expect(hasWriteAheadLog(volume)).toBe(false);
    expect(await build('in-time')).toBe(0);
    expect(await seedWell(v1, volume, SHARED)).toContain('holds this image already');
    await expectSound(volume, v1);
  });

  test('a seed of a shared store does not, and pods that build at once while another image is seeded keep it sound', async () => {
    await seedWell(v1, volume, SHARED);
    expect(hasWriteAheadLog(volume)).toBe(false);

    const [first, second] = await Promise.all([build('first'), build('second'), seedWell(v2, volume, SHARED)]);

    expect([first, second]).toEqual([0, 0]);
    expect(hasWriteAheadLog(volume)).toBe(false);
    await expectSound(volume, v2);
    expect((await volume.list('store')).filter(name => /-thing-(first|second)-[123]$/.test(name))).toHaveLength(6);
  });
});
