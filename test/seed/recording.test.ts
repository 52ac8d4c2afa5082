import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, REPOSITORY, run, USER_ID } from './support/container';
import { Image } from './support/image';
import { seedWell, SHELLS } from './support/seeder';
import { expectSound, installThings } from './support/soundness';
import { Volume } from './support/volume';

let scratch: string;
let volume: Volume;
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-recording-'));
  volume = await Volume.create();
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

function facts(file: string): { [key: string]: string } {
  return Object.fromEntries(fs.readFileSync(file, 'utf-8').trim().split('\n').map(line => line.split('=')));
}

test('says id, number of paths, size and number of files', async () => {
  const image = await Image.build({ version: '1', recorded: true });
  const recorded = facts(path.join(image.nix, '.cdk8s-nix/image'));
  expect(recorded).toMatchObject({
    protocol: '2',
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    database: expect.stringMatching(/^[0-9a-f]{64}$/),
    profiles: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(Number(recorded.paths)).toBe(fs.readdirSync(path.join(image.nix, 'store')).filter(name => !name.startsWith('.')).length);
  expect(Number(recorded.files)).toBe(Number((await host('du', '-s', '--inodes', path.join(image.nix, 'store'))).split('\t')[0]));
  expect(Number(recorded.bytes)).toBe(1024 * Number((await host('du', '-sk', path.join(image.nix, 'store'))).split('\t')[0]));
});

test('is the same for the same image', async () => {
  // Not twice at once: who waits for the lock of the cache has this whole process wait.
  const built = await Image.build({ version: '1' });
  const [one, other] = await Promise.all(['one', 'other'].map(async name => {
    const image = await built.copyTo(path.join(scratch, name));
    await image.record();
    return facts(path.join(image.nix, '.cdk8s-nix/image')).id;
  }));
  expect(one).toBe(other);
  expect(facts(path.join((await Image.build({ version: '2', recorded: true })).nix, '.cdk8s-nix/image')).id).not.toBe(one);
});

describe('by a Nix that is too old for what newer ones are asked', () => {
  const old = async (image: Image, shell: string) => {
    const nix = path.join(image.nix, 'store', fs.readdirSync(path.join(image.nix, 'store')).find(name => name.endsWith('-nix-1'))!, 'bin/nix');
    fs.rmSync(nix);
    fs.writeFileSync(nix, '#!/bin/sh\necho "error: \'$*\' is not a recognised command" >&2\nexit 1\n', { mode: 0o555 });
    return run({
      mounts: { [image.nix]: '/nix', [path.join(REPOSITORY, 'scripts')]: '/scripts:ro' },
      command: [...shell.split(' '), '/scripts/record-seed-image.sh'],
    });
  };
  const recordingOf = (image: Image) => Object.fromEntries(
    ['sizes', 'roots', 'profiles'].map(file => [file, fs.readFileSync(path.join(image.nix, '.cdk8s-nix', file), 'utf-8')]));

  test.each(SHELLS)('is the same, with rubbish in the store and without, under %s', async shell => {
    const asked = await Image.build({ version: '1', recorded: true });
    for (const rubbish of [false, true]) {
      const image = await (await Image.build({ version: '1' })).copyTo(path.join(scratch, `nix-${rubbish}`));
      if (rubbish) {
        fs.mkdirSync(path.join(image.nix, 'store/00000000000000000000000000000000-rubbish'));
        fs.writeFileSync(path.join(image.nix, 'store/a name\nof two lines'), '');
      }
      expect(await old(image, shell)).toMatchObject({ code: 0, stderr: '' });
      expect(recordingOf(image)).toEqual(recordingOf(asked));
      expect(facts(path.join(image.nix, '.cdk8s-nix/image'))).toMatchObject({
        id: facts(path.join(asked.nix, '.cdk8s-nix/image')).id,
        paths: facts(path.join(asked.nix, '.cdk8s-nix/image')).paths,
      });
    }
  });
});

test('seeds what the same image without one does', async () => {
  const image = await Image.build({ version: '1', recorded: true });
  await seedWell(image, volume);
  expect(facts(path.join(volume.nix, '.cdk8s-nix/seed')).id).toBe(facts(path.join(image.nix, '.cdk8s-nix/image')).id);
  await expectSound(volume, image);
});

describe.each([true, false])('where an image is recorded: %s', recorded => {
  test.each(SHELLS)('a warm start takes one program, which reads the image\'s database, and the scripts of a warm start, under %s', async shell => {
    const image = await Image.build({ version: '1', recorded });
    const [program, ...rest] = shell.split(' ');
    const one = path.join(scratch, 'one');
    fs.mkdirSync(one);
    fs.copyFileSync('/usr/bin/sha256sum', path.join(one, 'sha256sum'));
    const few = path.join(scratch, 'few');
    fs.mkdirSync(few);
    for (const script of ['seed-nix-store', 'seed-log', 'seed-warm', 'check-nix-store', 'store-links', 'link-certificates']) {
      fs.copyFileSync(path.join(REPOSITORY, 'scripts', `${script}.sh`), path.join(few, `${script}.sh`));
    }
    const start = async (scripts: string, ...environment: string[]) => run({
      mounts: {
        [image.nix]: '/nix:ro',
        [one]: '/one:ro',
        [volume.root]: '/mnt/nix-volume',
        [volume.nix]: '/mnt/nix-store',
        [scripts]: '/opt/cdk8s-nix:ro',
      },
      environment: { NIX_FOLDER: '/mnt/nix-store', NIX_HOME_FOLDER: '/mnt/nix-volume/home', NIX_HOME_FOLDERS: '.cache/some\nprojects' },
      command: ['env', ...environment, `/usr/bin/${program}`, ...rest, '/opt/cdk8s-nix/seed-nix-store.sh'],
    });
    fs.mkdirSync(volume.nix);
    fs.chownSync(volume.nix, USER_ID, USER_ID);
    // The first to follow the links remembers which they are, and where they led.
    expect(await start(path.join(REPOSITORY, 'scripts'))).toMatchObject({ code: 0 });
    expect(await start(few, 'PATH=/one')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^seed-nix-store: the volume holds this image already \(0\.\d\d s\)\n(.*\n)*check-nix-store: \/mnt\/nix-store holds a store\n$/),
    });
    // The seed alone.
    expect(await start(few, 'PATH=/one', 'NIX_FOLDER=')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^seed-nix-store: .*\n$/), stderr: '' });
  });
});

test('of another state of the database, as in an image built on the recorded one, is ignored', async () => {
  const base = await Image.build({ version: '1', recorded: true });
  const derived = await base.copyTo(path.join(scratch, 'nix'));
  await run({
    mounts: { [derived.nix]: '/nix', [path.join(__dirname, 'support')]: '/support:ro' },
    environment: { NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =', HOME: '/tmp/home', USER: 'code' },
    command: ['sh', '-ec', 'ln -s $(nix-build --no-out-link /support/thing.nix --argstr name more) /nix/var/nix/gcroots/more'],
  });
  const more = fs.readlinkSync(path.join(derived.nix, 'var/nix/gcroots/more'));
  await seedWell(base, volume);

  await seedWell(derived, volume);

  await expectSound(volume, derived, { paths: [more], links: {} });
});

describe('of another state of the profiles, which the database does not know', () => {
  const HAS_TOOLS = 'readlink -f /nix/var/nix/profiles/tools/bin';
  let recorded: Image;
  let later: Image;

  beforeEach(async () => {
    recorded = await (await Image.build({ version: '1' })).copyTo(path.join(scratch, 'recorded'));
    const inImage = async (nix: string, command: string) => expect(await run({ mounts: { [nix]: '/nix' }, command: ['sh', '-ec', command] })).toMatchObject({ code: 0 });
    await inImage(recorded.nix, `
      cd /nix/var/nix/profiles
      ln -s "$(readlink default-1-link)" default-2-link
      ln -sfn "$(ls -d /nix/store/*-nix-1)" default-1-link
      ln -sfn default-2-link default`);
    await recorded.record();
    later = await recorded.copyTo(path.join(scratch, 'later'));
    await inImage(later.nix, `
      cd /nix/var/nix/profiles
      ln -sfn default-1-link default
      ln -s "$(readlink default-2-link)" tools-1-link
      ln -s tools-1-link tools`);
  });

  const profileOf = async (image: Image) => (await volume.inWorkload(image, 'readlink -f /nix/var/nix/profiles/default'))[0];

  test.each(SHELLS)('is ignored by an empty volume, under %s', async shell => {
    await seedWell(later, volume, { shell });
    expect(await profileOf(later)).toBe(later.profile);
    expect(later.profile).not.toBe(recorded.profile);
    expect(await volume.inWorkload(later, HAS_TOOLS)).toHaveLength(1);
  });

  test('is ignored by a volume that has the image as it was recorded', async () => {
    await seedWell(recorded, volume);
    expect(await profileOf(recorded)).toBe(recorded.profile);
    expect(await seedWell(later, volume)).not.toContain('holds this image already');
    expect(await profileOf(later)).toBe(later.profile);
    expect(await volume.inWorkload(later, HAS_TOOLS)).toHaveLength(1);
    expect(await seedWell(later, volume)).toContain('holds this image already');
  });

  test('or without a word of them, as earlier versions made it, is ignored', async () => {
    const file = path.join(recorded.nix, '.cdk8s-nix/image');
    const { id } = facts(file);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf-8').replace('protocol=2', 'protocol=1').replace(/^profiles=.*\n/m, ''));
    await seedWell(recorded, volume);
    expect(facts(path.join(volume.nix, '.cdk8s-nix/seed')).id).not.toBe(id);
    await expectSound(volume, recorded);
    expect(await seedWell(recorded, volume)).toContain('holds this image already');
  });
});

describe.each(['/nix', '/made/nix'])('made of an image that lies at %s', place => {
  let image: Image;
  let sums: { [key: string]: string };

  beforeEach(async () => {
    image = await (await Image.build({ version: '1' })).copyTo(path.join(scratch, 'nix'));
    // As users and Nix make them: by way of another profile, of a link in the store, to a folder in a path, to a file, to what is not there or not of the store.
    const profiles = path.join(image.nix, 'var/nix/profiles');
    const environment = image.profile;
    fs.mkdirSync(path.join(profiles, 'per-user/code'), { recursive: true });
    fs.symlinkSync(environment, path.join(image.nix, 'store/00000000000000000000000000000000-link'));
    const links = {
      'second': 'default',
      'third': '/nix/var/nix/profiles/second',
      'linked': '/nix/store/00000000000000000000000000000000-link',
      'inner': `${environment}/bin`,
      'file': `${environment}/bin/nix-store`,
      'lost': '/nix/store/11111111111111111111111111111111-lost',
      'foreign': '/etc',
      'per-user/code/profile': '../../default',
    };
    Object.entries(links).forEach(([name, target]) => fs.symlinkSync(target, path.join(profiles, name)));
    const { code, stderr } = await run({
      mounts: { [image.nix]: place, [path.join(REPOSITORY, 'scripts')]: '/scripts:ro' },
      command: ['sh', '/scripts/record-seed-image.sh', place],
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    sums = facts(path.join(image.nix, '.cdk8s-nix/image'));
  });

  test.each(SHELLS.flatMap(shell => ['/nix', '/mnt/seed-image/nix'].map(source => [shell, source])))('is believed under %s, wherever the image lies: at %s', async (shell, source) => {
    const { code, stdout } = await run({
      mounts: { [image.nix]: `${source}:ro`, [path.join(REPOSITORY, 'scripts')]: '/scripts:ro' },
      command: [...shell.split(' '), '-c', `
        here=/scripts begun=no SEED_SOURCE=${source} registration='' database=${source}/var/nix/db/db.sqlite
        . /scripts/seed-log.sh
        . /scripts/seed-warm.sh
        identify_image
        echo "$image_id" "$image_profiles" "$described"`],
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${sums.id} ${sums.profiles} ${source}/.cdk8s-nix\n` });
  });
});

describe('an image volume', () => {
  const nixless = () => {
    const nothing = path.join(scratch, 'nothing');
    fs.writeFileSync(nothing, '');
    return { [nothing]: '/usr/bin/nix:ro' };
  };

  /** The image is mounted as a volume, the container is some other image without Nix, and the store lies at /nix as well. */
  const seedFromVolume = async (image: Image) => {
    const { code, stdout, stderr } = await run({
      mounts: {
        [path.dirname(image.nix)]: '/mnt/seed-image:ro',
        [volume.root]: '/mnt/nix-volume',
        [volume.nix]: '/nix',
        [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro',
        ...nixless(),
      },
      environment: { SEED_SOURCE: '/mnt/seed-image/nix' },
      command: ['sh', '/opt/cdk8s-nix/seed-nix-store.sh'],
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  beforeEach(() => {
    // As the kubelet makes the folder of a subPath.
    fs.mkdirSync(volume.nix);
    fs.chownSync(volume.nix, 0, USER_ID);
    fs.chmodSync(volume.nix, 0o2775);
  });

  test('seeds cold and upgrades with the Nix it brings itself', async () => {
    const v1 = await Image.build({ version: '1', nix: 'whole', recorded: true, packages: 8 });
    const v2 = await Image.build({ version: '2', nix: 'whole', recorded: true, packages: 8, release: '2.26' });
    await seedFromVolume(v1);
    await expectSound(volume, v1);
    const belongings = await installThings(volume, v1);
    await seedFromVolume(v2);
    await expectSound(volume, v2, belongings);
    expect(await seedFromVolume(v2)).toContain('holds this image already');
  });
});
