import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run, sleep } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell, SHELLS, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What is large is copied in ways of its own, and what an empty volume gets is put in its place at once. */

let scratch: string;
let image: Image;
let large: string;
let tree: string;
let volume: Volume;

beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-copy-'));
  image = await (await Image.build({ version: '1', packages: 6 })).copyTo(path.join(scratch, 'nix'));
  // Its end is in the midst of a block.
  const added = await run({
    rootfs: image.rootfs,
    mounts: { [image.nix]: '/nix' },
    command: ['sh', '-ec', `export HOME=/tmp/home USER=code
      mkdir /tmp/large
      head -c 40000001 /dev/urandom >/tmp/large/large
      chmod 0755 /tmp/large/large
      nix-store --add /tmp/large/large
      mkdir -p /tmp/tree/lib/deep /tmp/tree/.hidden/.more /tmp/tree/empty "/tmp/tree/a name
with a line feed"
      for number in $(seq 60); do
        mkdir "/tmp/tree/lib/deep/$number"
        head -c 200000 /dev/urandom >"/tmp/tree/lib/deep/$number/file"
        ln -s "../$number/file" "/tmp/tree/lib/deep/$number/link"
      done
      ln -s nowhere /tmp/tree/lib/dangling
      echo one >/tmp/tree/.hidden/.more/.file
      echo two >"/tmp/tree/a name
with a line feed/*"
      nix-store --add /tmp/tree`],
  });
  expect(added).toMatchObject({ code: 0 });
  [large, tree] = added.stdout.trim().split('\n');
});
beforeEach(async () => { volume = await Volume.create(); });
afterEach(async () => volume.dispose());
afterAll(async () => host('rm', '-rf', scratch));

/** A program that notes what it is asked for, and does what is said, if its arguments match a pattern of the shell. */
function instead(program: string, pattern: string, work: string): SeedOptions {
  const folder = fs.mkdtempSync(path.join(scratch, `${program}-`));
  const asked = path.join(folder, 'asked');
  fs.writeFileSync(asked, '', { mode: 0o666 });
  fs.chmodSync(asked, 0o666);
  fs.mkdirSync(path.join(folder, 'bin'));
  const script = `#!/bin/sh\ncase "$*" in ${pattern}) echo "$*" >>/asked; ${work} ;; esac\nexec /usr/bin/${program} "$@"\n`;
  fs.writeFileSync(path.join(folder, 'bin', program), script, { mode: 0o755 });
  fs.chmodSync(folder, 0o755);
  return { mounts: { [path.join(folder, 'bin')]: '/instead:ro', [asked]: '/asked' }, environment: { PATH: '/instead:/usr/bin:/bin:/usr/sbin' } };
}

const withDd = (work: string) => instead('dd', '*oflag=direct*', work);

/** What the program of `instead` was asked for. */
function askedFor({ mounts }: SeedOptions): string[] {
  const asked = Object.keys(mounts!).find(file => file.endsWith('/asked'))!;
  return fs.readFileSync(asked, 'utf-8').split('\n').filter(line => line !== '');
}

async function expectLarge(options: SeedOptions) {
  await seedWell(image, volume, options);
  expect(askedFor(options)).toEqual([expect.stringContaining(`if=${path.basename(large)} `)]);
  await expectSound(volume, image, { paths: [large, tree], links: {} });
  const { mode, mtimeMs } = fs.statSync(path.join(volume.root, large));
  expect({ mode: mode.toString(8), mtimeMs }).toEqual({ mode: '100555', mtimeMs: 1000 });
}

test.each(SHELLS)('a large file goes past the memory of the kernel, with its mode and its time, in %s', async shell => {
  await expectLarge({ ...withDd(''), shell });
});

test.each([
  ['refuses that', 'echo "dd: failed to open: Invalid argument" >&2; exit 1'],
  ['refuses that in the midst', '/usr/bin/dd "$@" count=1; echo "dd: error writing: Invalid argument" >&2; exit 1'],
])('where a file system %s, it is copied like others', async (_, work) => {
  await expectLarge(withDd(work));
});

describe('a first seed', () => {
  /** How it moves into the store. */
  const moves = (work = '') => instead('mv', '*/nix/store|*/nix/store/', work);

  // The other shell has an mv of its own.
  test.each(['dash', 'bash'] as const)('moves all of the store at once, as it would have been made on the volume, in %s', async shell => {
    const options = moves();
    await seedWell(image, volume, { ...options, shell });

    expect(askedFor(options)).toEqual([expect.stringMatching(/^-T .*\/stage\/store \/mnt\/nix-volume\/nix\/store$/)]);
    const [nix, store] = [volume.nix, path.join(volume.nix, 'store')].map(folder => fs.statSync(folder));
    expect({ mode: store.mode, uid: store.uid, gid: store.gid }).toEqual({ mode: nix.mode, uid: nix.uid, gid: nix.gid });
    await expectSound(volume, image, { paths: [large], links: {} });
    expect(await host('find', path.join(volume.nix, 'store'), '-mindepth', '1', '-not', '-name', '.links', '-perm', '/6000')).toBe('');
  });

  test('moves each path where a folder cannot take the place of an empty one', async () => {
    const options = moves('case $1 in -T) echo "mv: cannot move: Directory not empty" >&2; exit 1 ;; esac');
    await seedWell(image, volume, options);

    expect(askedFor(options)).toHaveLength(2);
    await expectSound(volume, image, { paths: [large], links: {} });
  });

  test('leaves what else there is in the store', async () => {
    fs.mkdirSync(path.join(volume.nix, '.cdk8s-nix'), { recursive: true });
    fs.mkdirSync(path.join(volume.nix, 'store/somebodys'), { recursive: true });
    fs.writeFileSync(path.join(volume.nix, 'store/somebodys/file'), 'theirs\n');
    await host('chown', '-R', '1001:1001', volume.nix);
    await seedWell(image, volume);

    expect(volume.read('store/somebodys/file')).toBe('theirs\n');
    expect(await volume.list('store')).toContain(path.basename(large));
  });
});

describe('a folder that is much of the work', () => {
  const tars = (work = '') => instead('tar', '*/part.*', work);
  /** All of it, as it lies in an image or on a volume. */
  const content = async (nix: string) => (await host('find', path.join(nix, tree.slice('/nix/'.length)),
    '-type', 'd', '-printf', '%P d %m %T@\\0', '-o', '-printf', '%P %y %m %T@ %s %l\\0')).split('\0').sort();

  test.each(SHELLS)('is divided among the jobs, and comes whole, in %s', async shell => {
    const options = tars();
    await seedWell(image, volume, { ...options, shell, environment: { ...options.environment, SEED_JOBS: '8' } });

    // The tar of that shell itself is none of GNU; where there is none of it, folders are copied as a whole.
    const asked = askedFor(options);
    expect(asked.filter(line => !line.includes('--no-recursion'))).toHaveLength(shell === 'busybox sh' ? 0 : 8);
    expect(asked.filter(line => line.includes('--no-recursion'))).toHaveLength(shell === 'busybox sh' ? 0 : 1);
    expect(await content(volume.nix)).toEqual(await content(image.nix));
    await expectSound(volume, image, { paths: [large, tree], links: {} });
  });

  test('is brought once more if the seeder is killed in the midst of it', async () => {
    const slow = tars('sleep 4');
    const seeding = startSeeding(image, volume, slow);
    await seeding.until(/bringing/);
    while (!volume.exists('.cdk8s-nix/lock') || !(await volume.list('.cdk8s-nix')).some(file => file.endsWith('.ok'))) {
      await sleep(100);
    }
    seeding.kill();
    await seeding.finished;

    const log = await seedWell(image, volume);

    const [, brought, of] = /bringing (\d+) of (\d+) paths/.exec(log)!.map(Number);
    expect(brought).toBeLessThan(of);
    expect(await content(volume.nix)).toEqual(await content(image.nix));
    await expectSound(volume, image, { paths: [large, tree], links: {} });
  });
});
