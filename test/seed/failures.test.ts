import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, REPOSITORY, run, sleep, USER_ID } from './support/container';
import { Image } from './support/image';
import { seed, SeedOptions, seedWell, SHELLS, startSeeding } from './support/seeder';
import { expectSound, installThings, profileOf } from './support/soundness';
import { Volume } from './support/volume';

let v1: Image;
let v2: Image;
let scratch: string;
let volume: Volume | undefined;
beforeAll(async () => {
  v1 = await Image.build({ version: '1' });
  v2 = await Image.build({ version: '2', changed: 25 });
});
beforeEach(() => { scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-failure-')); });
afterEach(async () => {
  await volume?.dispose();
  volume = undefined;
  await host('rm', '-rf', scratch);
});

/** Seeding ends with this code and one line, on stderr and in the termination log alike. */
async function expectFailure(image: Image, on: Volume, code: number, message: RegExp, options: SeedOptions = {}) {
  const log = path.join(scratch, 'termination-log');
  fs.writeFileSync(log, '', { mode: 0o666 });
  fs.chmodSync(log, 0o666);
  const ended = await seed(image, on, {
    ...options,
    mounts: { ...options.mounts, [log]: '/run/termination-log' },
    environment: { SEED_TERMINATION_LOG: '/run/termination-log', ...options.environment },
  });
  expect(ended).toMatchObject({ code, stderr: expect.stringMatching(new RegExp(`^seed-nix-store: error: [^\\n]*${message.source}[^\\n]*\\n$`)) });
  expect(fs.readFileSync(log, 'utf-8')).toBe(ended.stderr);
}

/** All files of the volume but what the seeder keeps for itself. How much room a folder takes for its names is not content: it never takes less again. */
async function content(of: Volume): Promise<string[]> {
  return (await host('find', of.root, '-path', '*/.cdk8s-nix', '-prune', '-o', '-type', 'd', '-printf', '%P %m %U\n', '-o', '-printf', '%P %s %m %U\n'))
    .split('\n').filter(line => !/^$|^(nix|nix\/store|nix\/var|nix\/var\/nix|nix\/var\/nix\/(gc.lock|db|temproots).*)? /.test(line)).sort();
}

async function fillUpTo(freeKib: number, of: Volume) {
  const free = Number(await host('stat', '-f', '-c', '%a', of.root)) * Number(await host('stat', '-f', '-c', '%S', of.root)) / 1024;
  await host('fallocate', '-l', `${Math.floor(free - freeKib)}K`, path.join(of.root, 'home'));
}

describe('no room', () => {
  test('for the sizes in the database: refused before anything is copied', async () => {
    const whole = await Image.build({ version: '1', nix: 'whole', packages: 5 });
    volume = await Volume.create({ mebibytes: 40 });
    await expectFailure(whole, volume, 30, /not enough space on the volume: \d+ KiB needed .*, \d+ KiB free/);
    expect(await content(volume)).toEqual([expect.stringMatching(/^lost\+found /)]);
  });

  test.each([
    ['in the middle of the copy', 300],
    ['when the copy is done, for the database', 400],
  ])('%s: all is as before, and an upgrade goes through once there is room', async (_, freeKib) => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    const belongings = await installThings(volume, v1);
    await fillUpTo(freeKib, volume);
    const before = await content(volume);

    await expectFailure(v2, volume, 30, /the volume ran out of space/);

    expect(await content(volume)).toEqual(before);
    await expectSound(volume, v1, belongings);
    await host('rm', path.join(volume.root, 'home'));
    await seedWell(v2, volume);
    await expectSound(volume, v2, belongings);
  });

  /** A folder for PATH whose program finds the disk full when its arguments match the shell's pattern, after some work perhaps. */
  function fullFor(program: string, pattern: string, work: string): SeedOptions {
    const folder = path.join(scratch, 'full');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, program), `#!/bin/sh
case "$*" in ${pattern}) ${work} echo "${program}: cannot write: No space left on device" >&2; exit 1 ;; esac
exec /usr/bin/${program} "$@"
`, { mode: 0o755 });
    return { mounts: { [folder]: '/full:ro' }, environment: { PATH: '/full:/usr/bin:/bin:/usr/sbin' } };
  }

  // Which of these steps is the one that a full disk stops is a matter of a few blocks.
  const steps: [step: string, program: string, pattern: string, work?: string][] = [
    ['for the folders of the copy', 'mkdir', '*/stage*'],
    ['for the links of the roots', 'ln', '*/roots/'],
    ['when some paths are in the store', 'mv', '-T*/stage/store*/nix/store|*/nix/store/', 'shift 2; /usr/bin/mv "$1" "$2" /mnt/nix-volume/nix/store/;'],
    ['for the folder of the roots', 'mv', '*/gcroots/cdk8s-nix/image*'],
  ];

  test.each(steps)('%s: an upgrade leaves all as before, and goes through once there is room', async (_, program, pattern, work = '') => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    const belongings = await installThings(volume, v1);
    const before = await content(volume);

    await expectFailure(v2, volume, 30, /the volume ran out of space/, fullFor(program, pattern, work));

    expect(await content(volume)).toEqual(before);
    await expectSound(volume, v1, belongings);
    await seedWell(v2, volume);
    await expectSound(volume, v2, belongings);
  });

  test.each([
    ...steps,
    ['for the folders of the database', 'mkdir', '*/var/nix/db*'],
    ['for the database', 'cp', '*/owner.*/db/'],
    ['when the database moves', 'mv', '*db.sqlite*'],
  ] as typeof steps)('%s: a first seed leaves nothing behind, and goes through once there is room', async (_, program, pattern, work = '') => {
    volume = await Volume.create({ mebibytes: 64 });

    await expectFailure(v1, volume, 30, /the volume ran out of space/, fullFor(program, pattern, work));

    expect((await content(volume)).filter(line => /^(nix\/store\/|nix\/var\/nix\/(db|gcroots\/cdk8s-nix)\/).*/.test(line))).toEqual([]);
    await seedWell(v1, volume);
    await expectSound(volume, v1);
  });

  test.each(SHELLS)("for what the workload's Nix will set aside for collectors, which it needs to open its database: refused, in %s", async shell => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume, { shell });
    await fillUpTo(8200, volume);
    const paths = () => fs.readdirSync(path.join(volume!.nix, 'store')).filter(name => name !== '.links');
    const before = paths();

    await expectFailure(v2, volume, 30, /not enough space on the volume: \d+ KiB needed \(with 9216 that Nix sets aside\), \d+ KiB free/, { shell });

    expect(paths()).toEqual(before);
    await host('rm', path.join(volume.root, 'home'));
    await fillUpTo(10200, volume);
    await seedWell(v2, volume, { shell });
    await expectSound(volume, v2);
  });

  test('but not for that where it is set aside already, and stays', async () => {
    const reserved = () => fs.statSync(path.join(volume!.nix, 'var/nix/db/reserved')).size;
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    await volume.inWorkload(v2, 'nix-store --verify 2>/dev/null');
    expect(reserved()).toBe(8388608);
    await fillUpTo(1000, volume);
    await seedWell(v2, volume);
    expect(reserved()).toBe(8388608);
    await expectSound(volume, v2);
  });

  test("for a copy of the image's database in TMPDIR", async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await expectFailure(v1, volume, 10, /cannot copy the image's database to TMPDIR \(\/tmp\): cat: cannot write: No space left on device/,
      fullFor('cat', '*/db/db.sqlite', ''));
  });

  test('for the number of files: noticed in the middle of the copy', async () => {
    volume = await Volume.create({ mebibytes: 64, inodes: 200 });
    await expectFailure(v1, volume, 31, /the volume ran out of inodes/);
    expect(await content(volume)).toEqual([expect.stringMatching(/^lost\+found /)]);
  });

  test('for the number of files that the image has recorded: refused before anything is copied', async () => {
    volume = await Volume.create({ mebibytes: 64, inodes: 200 });
    await expectFailure(await Image.build({ version: '1', recorded: true }), volume, 31, /not enough inodes on the volume: \d+ needed, \d+ free/);
  });
});

describe('a volume that cannot be used', () => {
  test('because it is read-only', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await volume.remount('ro');
    await expectFailure(v1, volume, 12, /the volume at \/mnt\/nix-volume is read-only/);
  });

  test('but a read-only one that holds the image already is fine', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    await volume.remount('ro');
    expect(await seedWell(v1, volume)).toContain('holds this image already');
  });

  test('because it belongs to root', async () => {
    volume = await Volume.create({ mebibytes: 64, owner: { uid: 0, gid: 0, mode: 0o755 } });
    await expectFailure(v1, volume, 13, /not writable by user 1001, group 1001: set fsGroup/);
  });

  test('because somebody else seeded it', async () => {
    volume = await Volume.create({ mebibytes: 64, owner: { uid: 0, gid: 0, mode: 0o777 } });
    await seedWell(v1, volume);
    const before = await content(volume);
    await expectFailure(v2, volume, 13, /user 1002, group 1002/, { user: 1002 });
    expect(await content(volume)).toEqual(before);
  });

  test.each(['data', 'nix/data'])('because it holds something else: %s', async stranger => {
    volume = await Volume.create({ mebibytes: 64 });
    await host('install', '-D', '/dev/null', path.join(volume.root, stranger));
    const before = await content(volume);
    await expectFailure(v1, volume, 14, /the volume holds 'data' and no Nix store; refusing to seed it/);
    expect(await content(volume)).toEqual(before);
  });

  test.each(['11', 'unreadable'])('because its store has schema %s', async schema => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    fs.writeFileSync(path.join(volume.nix, 'var/nix/db/schema'), schema);
    await expectFailure(v2, volume, 15, new RegExp(`schema '${schema}', the seed image's Nix knows '10': use a newer seed image`));
  });

  test('because its store is for another architecture', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    const marker = path.join(volume.nix, '.cdk8s-nix/seed');
    fs.writeFileSync(marker, fs.readFileSync(marker, 'utf-8').replace(/^system=.+$/m, 'system=riscv128'));
    const before = await content(volume);
    await expectFailure(v2, volume, 16, /the volume's store is for riscv128, and this node is \S+: keep the pod on nodes of one architecture/);
    expect(await content(volume)).toEqual(before);
  });

  test('because its database is damaged', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    // Nix makes folders at its first start.
    await volume.inWorkload(v1, 'nix-store --verify 2>/dev/null');
    fs.writeFileSync(path.join(volume.nix, 'var/nix/db/db.sqlite'), 'no database');
    const before = await content(volume);
    await expectFailure(v2, volume, 52, /Nix cannot read the volume's database/);
    expect(await content(volume)).toEqual(before);
  });

  test('because none is mounted', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await expectFailure(v1, volume, 11, /no volume is mounted at \/mnt\/elsewhere/, { environment: { SEED_VOLUME: '/mnt/elsewhere' } });
  });
});

test('what file servers, quotas and desktops leave on a volume is nothing of anyone\'s, and stays', async () => {
  volume = await Volume.create({ mebibytes: 64 });
  const folders = ['.snapshot', '.snapshots', '.Trash-1000', '@eaDir'];
  await host('mkdir', ...folders.map(name => path.join(volume!.root, name)));
  await host('touch', path.join(volume.root, 'aquota.user'));
  await seedWell(v1, volume);
  await expectSound(volume, v1);
  expect(fs.readdirSync(volume.root).sort()).toEqual([...folders, 'aquota.user', 'lost+found', 'nix'].sort());
});

describe('a seed image', () => {
  beforeEach(async () => { volume = await Volume.create({ mebibytes: 64 }); });

  test.each([
    ['store', /no Nix store at \/nix\/store/],
    ['var/nix/db', /no Nix database at \/nix\/var\/nix\/db\/db.sqlite, and no \/nix-path-registration: build it with includeNixDB = true/],
  ])('without %s', async (missing, message) => {
    const spoilt = await v1.copyTo(path.join(scratch, 'nix'));
    await host('rm', '-rf', path.join(spoilt.nix, missing));
    await expectFailure(spoilt, volume!, 20, message);
  });

  test('without a database is seeded by the registration that dockerTools leave beside it', async () => {
    const spoilt = await v1.copyTo(path.join(scratch, 'nix'));
    const registration = path.join(scratch, 'registration');
    const { stdout } = await run({ mounts: { [v1.nix]: '/nix' }, command: ['sh', '-c', 'HOME=/tmp/h USER=code exec nix-store --dump-db'] });
    fs.writeFileSync(registration, stdout);
    await host('rm', '-rf', path.join(spoilt.nix, 'var/nix/db'));
    const mounts = { [registration]: '/nix-path-registration:ro' };
    expect(await seedWell(spoilt, volume!, { mounts })).toContain('seeded ');
    await expectSound(volume!, v1);
    expect(await seedWell(spoilt, volume!, { mounts })).toContain('holds this image already');
  });

  test.each([
    ['a profile of its user', 'mkdir -p "$0/var/nix/profiles/per-user/code"; ln -s "$1" "$0/var/nix/profiles/per-user/code/profile"'],
    ['a profile with another name', 'ln -s "$1" "$0/var/nix/profiles/system"'],
    ['its store', ':'],
  ])('whose Nix is only in %s is seeded, and the workload has Nix', async (_, place) => {
    const installed = await v1.copyTo(path.join(scratch, 'nix'));
    await host('sh', '-ec', `rm "$0"/var/nix/profiles/default*; ${place}`, installed.nix, v1.profile);
    expect(await seedWell(installed, volume!)).toContain('seeded ');
    expect((await volume!.inWorkload(installed, '/nix/var/nix/profiles/default/bin/nix-store --version'))[0]).toMatch(/^nix-store \(Nix\)/);
  });

  test('whose Nix is what a link in a home leads to is seeded with that', async () => {
    const installed = await v1.copyTo(path.join(scratch, 'nix'));
    await host('sh', '-ec', 'rm "$0"/var/nix/profiles/default*', installed.nix);
    const home = path.join(scratch, 'home');
    fs.mkdirSync(path.join(home, '.local/state/nix/profiles'), { recursive: true });
    fs.chmodSync(home, 0o755);
    // As newer installers leave it: one link leads to the next.
    fs.symlinkSync('.local/state/nix/profiles/profile', path.join(home, '.nix-profile'));
    fs.symlinkSync('profile-1-link', path.join(home, '.local/state/nix/profiles/profile'));
    fs.symlinkSync(v1.profile, path.join(home, '.local/state/nix/profiles/profile-1-link'));
    expect(await seedWell(installed, volume!, { mounts: { [home]: '/root:ro' } })).toContain('seeded ');
    expect(profileOf(volume!)).toBe(v1.profile);
  });

  test('whose Nix is only in its PATH is seeded with that', async () => {
    const installed = await v1.copyTo(path.join(scratch, 'nix'));
    const build = `
      mkdir -p /tmp/lix/bin
      printf '#!/bin/sh\\nexec %s/bin/"\${0##*/}" "$@"\\n' "$1" >/tmp/lix/bin/nix-store
      chmod +x /tmp/lix/bin/nix-store
      for name in nix nix-env nix-build; do ln /tmp/lix/bin/nix-store /tmp/lix/bin/$name; done
      HOME=/tmp/home USER=code nix-store --add /tmp/lix`;
    const { code, stdout, stderr } = await run({ rootfs: v1.rootfs, mounts: { [installed.nix]: '/nix' }, command: ['sh', '-ec', build, 'sh', v1.profile] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lix = stdout.trim();
    await host('sh', '-ec', 'rm "$0"/var/nix/profiles/default*', installed.nix);
    expect(await seedWell(installed, volume!, { environment: { PATH: `${lix}/bin:/usr/sbin:/usr/bin:/bin` } })).toContain('seeded ');
    expect(profileOf(volume!)).toBe(lix);
  });

  test('for another architecture', async () => {
    const foreign = await (await Image.build({ version: '1', recorded: true })).copyTo(path.join(scratch, 'nix'));
    const recording = path.join(foreign.nix, '.cdk8s-nix/image');
    fs.writeFileSync(recording, fs.readFileSync(recording, 'utf-8').replace(/^system=.+$/m, 'system=riscv128'));
    await expectFailure(foreign, volume!, 16, /the seed image is for riscv128, and this node is \S+: use an image for it/);
  });

  test('with a database that lists nothing', async () => {
    const empty = await v1.copyTo(path.join(scratch, 'nix'));
    await run({ mounts: { [empty.nix]: '/nix' }, command: ['sh', '-c', 'HOME=/tmp/h USER=code; export HOME USER; rm /nix/var/nix/db/*; nix-store --init'] });
    await expectFailure(empty, volume!, 20, /lists no store paths/);
  });

  test('without Nix', async () => {
    const without = await v1.copyTo(path.join(scratch, 'nix'));
    await host('sh', '-c', 'rm -rf "$0"/var/nix/profiles/default* "$0"/store/*-nix-1 "$0"/store/*-user-environment', without.nix);
    await expectFailure(without, volume!, 22, /the seed image has no Nix: none in its profiles, its homes, its PATH or its store/);
    expect(await content(volume!)).toEqual([expect.stringMatching(/^lost\+found /)]);
  });
});

test.each([
  [{ SEED_JOBS: 'many' }, /SEED_JOBS is 'many', which is not a whole number/],
  [{ SEED_JOBS: '0' }, /SEED_JOBS is '0'; it must be from 1 to 999/],
  [{ SEED_JOBS: '100000' }, /SEED_JOBS is '100000'; it must be from 1 to 999/],
  ...['false', '0', 'No', 'NO', 'true', 'YES', '1'].map((word): [{ [name: string]: string }, RegExp] => [{ SEED_REPAIR: word }, new RegExp(`SEED_REPAIR is '${word}'; it must be yes or no`)]),
  [{ SEED_LOG: 'xml' }, /SEED_LOG is 'xml'; it must be text or json/],
  [{ TMPDIR: '/proc' }, /cannot write to TMPDIR/],
  [{ SEED_JOBS: '5\n6' }, /SEED_JOBS is '5 6', which is not a whole number/],
  [{ SEED_LOCK_TTL: '5\t\x1b[31m' }, /SEED_LOCK_TTL is '5  \[31m', which is not a whole number/],
  [{ SEED_LOG: 'te\nxt' }, /SEED_LOG is 'te xt'; it must be text or json/],
  [{ SEED_WAL: '\n' }, /SEED_WAL is ' '; it must be yes or no/],
  [{ SEED_VOLUME: '/mnt/else\nwhere' }, /no volume is mounted at \/mnt\/else where/, 11],
] as [environment: { [name: string]: string }, message: RegExp, code?: number][])('the setting %j is refused', async (environment, message, code = 10) => {
  volume = await Volume.create({ mebibytes: 64 });
  for (const shell of SHELLS) {
    await expectFailure(v1, volume, code, message, { environment, shell });
  }
});

describe.each(SHELLS)('what lies in the place of a file of ours and is none goes, in %s', shell => {
  test.each([
    ['a folder', (file: string) => fs.mkdirSync(file)],
    ['a folder of root with something in it', (file: string) => { fs.mkdirSync(file); fs.writeFileSync(path.join(file, 'something'), ''); }],
    ['a pipe', async (file: string) => host('mkfifo', '-m', '0666', file)],
  ])('%s', async (_, put) => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    for (const name of ['seed', 'registered', 'unsigned', 'history']) {
      const file = path.join(volume.nix, '.cdk8s-nix', name);
      fs.rmSync(file, { force: true });
      await put(file);
    }
    await seedWell(v2, volume, { shell });
    expect(await seedWell(v2, volume, { shell })).toContain('holds this image already');
    expect(volume.read('.cdk8s-nix/history')).toMatch(/ paths=\d+ bytes=\d+\n$/);
    await host('sh', '-c', 'rm -rf "$0"/.cdk8s-nix/gone.*', volume.nix);
    await expectSound(volume, v2);
  });
});

const moments = SHELLS.flatMap(shell => [{ shell, moment: 'when it begins', afterMs: 0 }, { shell, moment: 'in the midst of the copy', afterMs: 800 }]);

test.each(moments)('SIGTERM in $shell, $moment, ends it at once, with nothing in the store, and the next one completes', async ({ shell, afterMs }) => {
  volume = await Volume.create({ mebibytes: 64 });
  const seeding = startSeeding(v1, volume, {
    shell,
    environment: { PATH: '/slow:/usr/bin:/bin:/usr/sbin' },
    mounts: { [path.join(__dirname, 'support/slow-bin')]: '/slow:ro' },
  });
  await seeding.until(/bringing/);
  await sleep(afterMs);
  const asked = Date.now();
  seeding.signal('SIGTERM');
  const ended = await seeding.finished;
  // Within the grace period of a pod, that is, without being killed.
  expect(Date.now() - asked).toBeLessThan(30000);
  expect(ended).toMatchObject({ code: 143, stderr: 'seed-nix-store: error: stopped by a signal before the store was complete\n' });
  expect(await volume.list('store')).toEqual([]);
  expect(volume.exists('.cdk8s-nix/lock')).toBe(false);
  await seedWell(v1, volume);
  await expectSound(volume, v1);
});

// (A busybox has an rm of its own.)
test.each(SHELLS.slice(0, 2))('SIGTERM in %s, when all is done and cleared away, ends nothing without a word', async shell => {
  volume = await Volume.create({ mebibytes: 64 });
  const [bin, turns] = ['bin', 'turns'].map(name => path.join(scratch, name));
  [scratch, bin, turns].forEach(folder => { fs.mkdirSync(folder, { recursive: true }); fs.chmodSync(folder, 0o777); });
  fs.writeFileSync(path.join(bin, 'rm'), `#!/bin/sh
case "$*" in "-rf /tmp/seed-nix-store."*) : >/turns/stands; until [ -e /turns/go ]; do sleep 0.05; done ;; esac
exec /usr/bin/rm "$@"
`, { mode: 0o755 });
  const seeding = startSeeding(v1, volume, {
    shell,
    environment: { PATH: '/stopping:/usr/bin:/bin:/usr/sbin', NIX_FOLDER: '/mnt/nix-volume/nix' },
    mounts: { [bin]: '/stopping:ro', [turns]: '/turns' },
  });
  while (seeding.alive && !fs.existsSync(path.join(turns, 'stands'))) {
    await sleep(20);
  }
  seeding.signal('SIGTERM');
  fs.writeFileSync(path.join(turns, 'go'), '');
  expect(await seeding.finished).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/check-nix-store: \S+ holds a store\n$/) });
});

describe('check-nix-store', () => {
  const check = async (nix: string) => run({
    mounts: { [nix]: '/nix', [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro' },
    command: ['sh', '/opt/cdk8s-nix/check-nix-store.sh'],
  });

  test('is content with a seeded store', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    expect(await check(volume.nix)).toMatchObject({ code: 0, stdout: 'check-nix-store: /nix holds a store\n' });
  });

  test('fails on an empty folder', async () => {
    fs.chownSync(scratch, USER_ID, USER_ID);
    expect(await check(scratch)).toMatchObject({ code: 60, stderr: expect.stringContaining('/nix/store does not exist: the store volume is not mounted here') });
  });
});
