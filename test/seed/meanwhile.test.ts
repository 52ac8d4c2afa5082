import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, REPOSITORY, run, Running, sleep, USER_ID } from './support/container';
import { Image } from './support/image';
import { seed, SeedOptions, seedWell, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What others do to the volume while a seed stands between its plan and the moment when its files get their place, and what a dead one has left there. */

let v1: Image;
let v2: Image;
let volume: Volume;
let scratch: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-meanwhile-'));
  fs.chmodSync(scratch, 0o755);
  fs.writeFileSync(path.join(scratch, 'nothing'), '');
  volume = await Volume.create({ mebibytes: 64 });
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

const withFlock = (options: SeedOptions = {}) => options;
const withoutFlock = (options: SeedOptions = {}): SeedOptions => ({ ...options, mounts: { ...options.mounts, [path.join(scratch, 'nothing')]: '/usr/bin/flock:ro' } });

/** Seeds until all is copied, and waits there until `go`. */
async function copied(image: Image, options: SeedOptions = {}): Promise<{ seeding: Running; go: () => void }> {
  const [bin, turns] = ['bin', 'turns'].map(name => path.join(scratch, name));
  [bin, turns].forEach(folder => fs.mkdirSync(folder));
  fs.chmodSync(turns, 0o777);
  fs.writeFileSync(path.join(bin, 'sync'), '#!/bin/sh\n: >/turns/stands\nuntil [ -e /turns/go ]; do sleep 0.05; done\nexec /usr/bin/sync "$@"\n', { mode: 0o755 });
  const seeding = startSeeding(image, volume, {
    ...options,
    environment: { ...options.environment, PATH: '/stopping:/usr/bin:/bin:/usr/sbin' },
    mounts: { ...options.mounts, [bin]: '/stopping:ro', [turns]: '/turns' },
  });
  const deadline = Date.now() + 240000;
  while (!fs.existsSync(path.join(turns, 'stands'))) {
    if (!seeding.alive || Date.now() > deadline) {
      throw new Error(`it never came to its sync:\n${seeding.output}`);
    }
    await sleep(20);
  }
  return { seeding, go: () => fs.writeFileSync(path.join(turns, 'go'), '') };
}

const named = (name: string) => (storePath: string) => storePath.endsWith(`-${name}`);

describe.each([['with flock', withFlock], ['without flock', withoutFlock]])('a path that a workload fetches while it is being brought, %s', (_, variant) => {
  let theirs: string[];

  /** As the workload's Nix does it, from some cache. */
  async function fetch() {
    const exported = path.join(scratch, 'exported');
    fs.mkdirSync(exported);
    fs.chmodSync(exported, 0o777);
    theirs = (await v2.paths()).filter(storePath => /-package-[345]$/.test(storePath) && !volume.exists(storePath.slice('/nix/'.length)));
    expect(theirs).toHaveLength(3);
    const environment = { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nrequire-sigs = false', THEIRS: theirs.join(' ') };
    for (const [nix, command] of [[v2.nix, 'nix-store --export $THEIRS >/exported/paths'], [volume.nix, 'nix-store --import </exported/paths']]) {
      expect(await run({ mounts: { [nix]: '/nix', [exported]: '/exported' }, environment, command: ['sh', '-c', command] })).toMatchObject({ code: 0 });
    }
  }

  test('is left to it, and the seed goes through', async () => {
    await seedWell(v1, volume);
    const { seeding, go } = await copied(v2, variant());
    await fetch();
    const places = theirs.map(storePath => fs.lstatSync(path.join(volume.nix, storePath.slice('/nix/'.length))).ino);
    go();

    const { code, stdout, stderr } = await seeding.finished;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('somebody has brought some of the paths meanwhile; comparing once more');
    expect(theirs.map(storePath => fs.lstatSync(path.join(volume.nix, storePath.slice('/nix/'.length))).ino)).toEqual(places);
    await expectSound(volume, v2);
  });
});

test('what a garbage collector without flock has begun to take when it was killed is brought again', async () => {
  await seedWell(v1, volume);
  await seedWell(v2, volume);
  const victim = (await v1.paths()).find(named('package-4'))!;
  const environment = (await v1.paths()).find(named('user-environment'))!;
  const { seeding, go } = await copied(v1, withoutFlock());
  // Nix forgets a path first, and then removes file by file.
  await volume.inWorkload(v2, `
    nix-store --delete --ignore-liveness $(nix-store --query --referrers-closure ${victim}) >/dev/null
    mkdir ${victim} ${environment}
    echo half >${victim}/half`);
  go();

  expect(await seeding.finished).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/\d paths vanished[^]*bringing/) });

  await expectSound(volume, v1);
});

test('a path that a garbage collector without flock takes between its place and its registration is brought again', async () => {
  await seedWell(v1, volume);
  const news = fs.readdirSync(path.join(v2.nix, 'store')).filter(name => !name.startsWith('.') && !volume.exists(`store/${name}`));
  const takes = path.join(scratch, 'nix');
  // One that began before there were roots, and is faster than the Nix that registers.
  fs.writeFileSync(takes, `#!/bin/bash
case "$*" in
  *--load-db*)
    until [ -e /mnt/nix-volume/nix/var/nix/gcroots/cdk8s-nix/image/${news[0]} ]; do sleep 0.05; done
    if [ ! -e /turns/taken ]; then
      : >/turns/taken
      for name in ${news.join(' ')}; do
        chmod -R u+w "/mnt/nix-volume/nix/store/$name"
        rm -rf "/mnt/nix-volume/nix/store/$name"
      done
    fi
    ;;
esac
exec -a "\${0##*/}" /opt/nix "$@"
`, { mode: 0o755 });
  const turns = path.join(scratch, 'turns');
  fs.mkdirSync(turns);
  fs.chmodSync(turns, 0o777);

  const log = await seedWell(v2, volume, withoutFlock({ mounts: { '/usr/bin/nix': '/opt/nix:ro', [takes]: '/usr/bin/nix:ro', [turns]: '/turns' } }));

  expect(log).toMatch(/\d+ paths vanished, by a garbage collector that began earlier; bringing them once more/);
  await expectSound(volume, v2);
});

test('a volume that another architecture has seeded while this one waited for the lock is refused', async () => {
  const { seeding, go } = await copied(v1);
  const foreign = path.join(scratch, 'foreign');
  fs.mkdirSync(foreign);
  fs.writeFileSync(path.join(foreign, 'uname'), '#!/bin/sh\necho riscv128\n', { mode: 0o755 });
  const waiting = startSeeding(v2, volume, { environment: { PATH: '/foreign:/usr/bin:/bin:/usr/sbin' }, mounts: { [foreign]: '/foreign:ro' } });
  await waiting.until(/waiting for the seeder/);
  go();

  expect(await seeding.finished).toMatchObject({ code: 0 });
  expect(await waiting.finished).toMatchObject({ code: 16, stderr: expect.stringMatching(/the volume's store is for \S+, and this node is riscv128/) });
  await expectSound(volume, v1);
});

test('the lock of a dead seeder that had flock is taken over by one on the same node that has none', async () => {
  const { seeding } = await copied(v1);
  seeding.kill();
  await seeding.finished;

  const { code, stdout } = await seed(v1, volume, withoutFlock({ environment: { SEED_LOCK_TTL: '2', SEED_LOCK_TIMEOUT: '120' } }));

  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('the seeder that held the lock is dead; taking over') });
  await expectSound(volume, v1);
});

describe('a volume that is full to the last block, with what a killed upgrade has left', () => {
  beforeEach(async () => {
    await seedWell(v1, volume);
    const { seeding } = await copied(v2);
    seeding.kill();
    await seeding.finished;
    await host('dd', 'if=/dev/zero', `of=${volume.root}/home`, 'bs=4k').then(() => { throw new Error('it has no end'); }, () => undefined);
  });

  test.each([['with flock', withFlock], ['without flock', withoutFlock]])('is warm for the image before it, and gets back what the upgrade took, %s', async (_, variant) => {
    expect(await seedWell(v1, volume, variant({ environment: { SEED_LOCK_TTL: '1' } }))).toContain('holds this image already');

    // By age the dead one may be too young to be known for dead: then it is the next start's.
    expect(variant === withFlock ? await volume.list('.cdk8s-nix') : []).not.toContainEqual(expect.stringContaining('/'));
    await host('rm', path.join(volume.root, 'home'));
    await expectSound(volume, v1);
  });

  test('tells the upgrade that there is no room, or has enough of it again', async () => {
    const { code, stderr } = await seed(v2, volume);

    expect(code === 0 ? '' : stderr).toMatch(/^(seed-nix-store: error: (the volume ran out of|not enough) space[^\n]*\n)?$/);
    expect([0, 30]).toContain(code);
    await host('rm', path.join(volume.root, 'home'));
    await seedWell(v2, volume);
    await expectSound(volume, v2);
  });
});

test('of many paths, the list that is in the midst of being read is nobody else\'s', async () => {
  await seedWell(v1, volume);
  const scripts = path.join(scratch, 'scripts');
  await host('cp', '-a', path.join(REPOSITORY, 'scripts'), scripts);
  await host('sed', '-i', 's/[25]001/4/; s/[25]000/3/g', path.join(scripts, 'seed-plan.sh'), path.join(scripts, 'seed-granted.sh'));
  const asked = path.join(scratch, 'asked');
  fs.mkdirSync(asked);
  fs.chmodSync(asked, 0o777);
  // Slow to tell what will be registered, and quick with why it is trusted.
  fs.writeFileSync(path.join(scratch, 'nix'), `#!/bin/bash
case "$*" in
  *path-info*--sigs*) exit 0 ;;
  *--dump-db*) echo "\${*/*--dump-db/}" >>/asked/log; sleep 0.7 ;;
esac
exec -a "\${0##*/}" /opt/nix "$@"
`, { mode: 0o755 });

  await seedWell(v2, volume, {
    mounts: { [scripts]: '/opt/cdk8s-nix:ro', '/usr/bin/nix': '/opt/nix:ro', [path.join(scratch, 'nix')]: '/usr/bin/nix:ro', [asked]: '/asked' },
  });

  const questions = fs.readFileSync(path.join(asked, 'log'), 'utf-8').split('\n').slice(0, -1).map(line => line.split(' ').filter(word => word.startsWith('/nix/store/')).length);
  expect(questions.length).toBeGreaterThan(2);
  expect(Math.min(...questions)).toBeGreaterThan(0);
  await expectSound(volume, v2);
});

test('what goes while the store is listed is in nobody\'s way', async () => {
  await seedWell(v1, volume);
  // As the ls of a busybox does, which looks at each entry.
  fs.writeFileSync(path.join(scratch, 'ls'), `#!/bin/sh
/opt/ls "$@" || exit
case "$*" in /mnt/nix-volume/nix/store) echo "ls: $1/came-and-went.lock: No such file or directory" >&2; exit 1 ;; esac
`, { mode: 0o755 });

  await seedWell(v2, volume, { mounts: { '/usr/bin/ls': '/opt/ls:ro', [path.join(scratch, 'ls')]: '/usr/bin/ls:ro' } });

  await expectSound(volume, v2);
});

test.each(['rubbish', 'damaged'])('what a collector takes of what is %s, when that is to be moved away, is gone', async what => {
  await seedWell(v1, volume);
  const paths = await v2.paths();
  const [victim, other] = ['package-3', 'package-4'].map(name => paths.find(named(name))!.slice('/nix/'.length));
  if (what === 'damaged') {
    await seedWell(v2, volume);
  }
  for (const name of [victim, other]) {
    await host('rm', '-rf', path.join(volume.nix, name));
    fs.mkdirSync(path.join(volume.nix, name));
    fs.chownSync(path.join(volume.nix, name), USER_ID, USER_ID);
  }
  const turns = path.join(scratch, 'turns');
  fs.mkdirSync(turns);
  fs.chmodSync(turns, 0o777);
  fs.writeFileSync(path.join(scratch, 'mv'), `#!/bin/sh
case "$*" in *${path.basename(victim)}*) [ -e /turns/taken ] || { : >/turns/taken; rmdir /mnt/nix-volume/nix/${victim}; } ;; esac
exec /opt/mv "$@"
`, { mode: 0o755 });

  await seedWell(v2, volume, {
    environment: { SEED_REPAIR: 'yes' },
    mounts: { '/usr/bin/mv': '/opt/mv:ro', [path.join(scratch, 'mv')]: '/usr/bin/mv:ro', [turns]: '/turns' },
  });

  expect(fs.existsSync(path.join(turns, 'taken'))).toBe(true);
  await expectSound(volume, v2);
});
