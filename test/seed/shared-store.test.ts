import * as fs from 'fs';
import * as path from 'path';
import { run } from './support/container';
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
