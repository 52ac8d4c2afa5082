import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, REPOSITORY, Running, sleep } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell, startSeeding } from './support/seeder';
import { SlowCache } from './support/slow-cache';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* A path of the image that another Nix on the volume is building or fetching at this very moment is not registered yet, and no rubbish. */

let v1: Image;
let v2: Image;
let volume: Volume;
let scratch: string;
let turns: string;
let cache: SlowCache | undefined;
const started: Running[] = [];
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3, large: 100000 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3, large: 100000 });
});
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-makers-'));
  fs.chmodSync(scratch, 0o755);
  fs.writeFileSync(path.join(scratch, 'nothing'), '');
  turns = path.join(scratch, 'turns');
  fs.mkdirSync(turns);
  fs.chmodSync(turns, 0o777);
  volume = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, volume);
});
afterEach(async () => {
  for (const one of started.splice(0)) {
    one.kill();
    await one.finished;
  }
  await cache?.close();
  cache = undefined;
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

const withFlock = (options: SeedOptions = {}) => options;
const withoutFlock = (options: SeedOptions = {}): SeedOptions => ({ ...options, mounts: { ...options.mounts, [path.join(scratch, 'nothing')]: '/usr/bin/flock:ro' } });

function begun(running: Running): Running {
  started.push(running);
  return running;
}

async function until(condition: () => boolean, ...running: Running[]) {
  const deadline = Date.now() + 60000;
  while (!condition()) {
    if (Date.now() > deadline || running.some(one => !one.alive)) {
      throw new Error(`it never came to that:\n${running.map(one => one.output).join('\n')}`);
    }
    await sleep(20);
  }
}

/** A script that waits for a turn of this name before it goes on with the program of its name. */
function gate(name: string, turn: string, condition = '*'): string {
  const file = path.join(scratch, name);
  const go = `: >/turns/${turn}; until [ -e /turns/${turn}-go ]; do sleep 0.05; done`;
  fs.writeFileSync(file, `#!/bin/bash\ncase "$*" in ${condition}) ${go} ;; esac\nexec -a "\${0##*/}" /opt/gated-${name} "$@"\n`, { mode: 0o755 });
  return file;
}
const go = (turn: string) => fs.writeFileSync(path.join(turns, `${turn}-go`), '');
const stands = (turn: string) => fs.existsSync(path.join(turns, turn));

const gated = (name: string, turn: string, condition?: string) =>
  ({ [`/usr/bin/${name}`]: `/opt/gated-${name}:ro`, [gate(name, turn, condition)]: `/usr/bin/${name}:ro`, [turns]: '/turns' });

async function pathOf(name: string): Promise<string> {
  return (await v2.paths()).find(storePath => storePath.endsWith(`-${name}`))!;
}

const place = (storePath: string) => path.join(volume.nix, storePath.slice('/nix/'.length));
/** Which of those that have been there one after the other: numbers of inodes come again. */
const born = (storePath: string) => fs.lstatSync(place(storePath), { bigint: true, throwIfNoEntry: false })?.birthtimeNs;

/** Whatever a database says: the files are those of the image. */
async function expectWhole(storePath: string) {
  await host('diff', '-r', path.join(v2.nix, storePath.slice('/nix/'.length)), place(storePath));
  expect(fs.existsSync(`${place(storePath)}.lock`)).toBe(false);
  await expectSound(volume, v2);
}

describe.each([['with flock', withFlock], ['without flock', withoutFlock]])('what another Nix is at work on, %s', (_, variant) => {
  const seedAgain = () => begun(startSeeding(v2, volume, variant({ environment: { SEED_PROGRESS: '1' } })));
  const waits = (storePath: string) => new RegExp(`waiting for whoever builds or fetches ${storePath.slice('/nix/store/'.length)}`);

  test('is left to it while it builds', async () => {
    const building = begun(new Running({
      mounts: { [volume.nix]: '/nix', [path.join(REPOSITORY, 'test/seed/support')]: '/support:ro', ...gated('seq', 'builds') },
      environment: { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nmax-jobs = 1\nsubstituters =' },
      command: ['nix-build', '--no-out-link', '/support/image.nix', '--argstr', 'version', '2', '--arg', 'count', '6', '--arg', 'changed', '3', '--argstr', 'nix', 'thin', '--arg', 'large', '100000'],
    }));
    await until(() => stands('builds'), building);
    const built = (await v2.paths()).find(storePath => volume.exists(storePath.slice('/nix/'.length)) && fs.existsSync(`${place(storePath)}.lock`))!;
    const was = born(built);

    const seeding = seedAgain();
    await seeding.until(waits(built));
    go('builds');

    expect(await seeding.finished).toMatchObject({ code: 0, stderr: '' });
    expect(await building.finished).toMatchObject({ code: 0 });
    expect(born(built)).toBe(was);
    await expectWhole(built);
  });

  describe('from a cache', () => {
    let storePath: string;
    beforeEach(async () => {
      storePath = await pathOf('package-5');
      cache = await SlowCache.of(v2, path.join(scratch, 'cache'), storePath);
    });

    async function fetching(): Promise<Running> {
      const fetches = begun(cache!.fetchInto(volume, v2));
      await until(() => volume.exists(storePath.slice('/nix/'.length)) && fs.existsSync(`${place(storePath)}.lock`), fetches);
      return fetches;
    }

    test.each([['from the beginning', false], ['while the seed copies', true]])('is left to it, %s', async (__, later) => {
      let seeding: Running;
      let fetches: Running;
      if (later) {
        seeding = begun(startSeeding(v2, volume, variant({ environment: { SEED_PROGRESS: '1' }, mounts: gated('sync', 'copied') })));
        await until(() => stands('copied'), seeding);
        fetches = await fetching();
        go('copied');
      } else {
        fetches = await fetching();
        seeding = seedAgain();
      }
      await seeding.until(waits(storePath));
      const was = born(storePath);
      cache!.giveAll();

      expect(await seeding.finished).toMatchObject({ code: 0, stderr: '' });
      expect(await fetches.finished).toMatchObject({ code: 0 });
      expect(born(storePath)).toBe(was);
      await expectWhole(storePath);
    });

    test.each([['is killed', (fetches: Running) => fetches.kill()], ['fails', () => cache!.fail()]])('is brought when that %s', async (__, end) => {
      const fetches = await fetching();
      const seeding = seedAgain();
      await seeding.until(waits(storePath));
      end(fetches);

      expect(await seeding.finished).toMatchObject({ code: 0, stderr: '' });
      expect((await fetches.finished).code).not.toBe(0);
      await expectWhole(storePath);
    });

    test('is brought without waiting if that was killed before', async () => {
      const fetches = await fetching();
      fetches.kill();
      await fetches.finished;

      expect(await seedWell(v2, volume, variant({ environment: { SEED_PROGRESS: '1' } }))).not.toContain('waiting');

      await expectWhole(storePath);
    });

    test('is brought without waiting if a dead one of another user was at it, whose lock stays', async () => {
      const fetches = await fetching();
      fetches.kill();
      await fetches.finished;
      const lock = `${place(storePath)}.lock`;
      fs.chownSync(lock, 0, 0);
      fs.chmodSync(lock, 0o600);
      await host('chown', 'root:root', path.dirname(lock));
      await host('chmod', '1777', path.dirname(lock));

      expect(await seedWell(v2, volume, variant({ environment: { SEED_PROGRESS: '1' } }))).not.toContain('waiting');

      expect(fs.existsSync(lock)).toBe(true);
      await host('rm', lock);
      await expectSound(volume, v2);
    });

    test('and has begun between its place and its registration is looked at once more', async () => {
      const seeding = begun(startSeeding(v2, volume, variant({ environment: { SEED_PROGRESS: '1' }, mounts: gated('nix', 'registers', '*--load-db*') })));
      await until(() => stands('registers') && volume.exists(storePath.slice('/nix/'.length)), seeding);
      const was = born(storePath);
      const fetches = begun(cache!.fetchInto(volume, v2));
      await until(() => ![undefined, was].includes(born(storePath)), fetches, seeding);
      go('registers');
      await seeding.until(waits(storePath));
      fetches.kill();

      expect(await seeding.finished).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/1 paths vanished/) });
      await expectWhole(storePath);
    });

    test('is given up after the time that any lock is waited for', async () => {
      const fetches = await fetching();
      const seeding = begun(startSeeding(v2, volume, variant({ environment: { SEED_LOCK_TIMEOUT: '3' } })));

      expect(await seeding.finished).toMatchObject({
        code: 40,
        stderr: expect.stringMatching(/waited \d+ s \(SEED_LOCK_TIMEOUT\) for whoever builds or fetches \S+-package-5; its lock is \S+-package-5\.lock\n$/),
      });
      cache!.giveAll();
      expect(await fetches.finished).toMatchObject({ code: 0 });
      await seedWell(v2, volume, variant());
      await expectWhole(storePath);
    });
  });
});
