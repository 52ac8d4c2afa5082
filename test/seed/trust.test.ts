import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run, sleep } from './support/container';
import { Image } from './support/image';
import { seedWell, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* Why Nix trusts a path: it is signed, or known by its content, or this very Nix has built it. A first seed brings all of that, a later one what can be brought. */

const FEATURES = 'extra-experimental-features = nix-command ca-derivations';
let scratch: string;
let v1: Image;
let v2: Image;
let addressed: string;
let signed: string;
let shared: string;
let volume: Volume;

beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-trust-'));
  v1 = await Image.build({ version: '1', release: '2.26' });
  v2 = await (await Image.build({ version: '2', release: '2.26' })).copyTo(path.join(scratch, 'nix'));
  const built = await run({
    rootfs: v2.rootfs,
    mounts: { [v2.nix]: '/nix', [path.join(__dirname, 'support')]: '/support:ro' },
    environment: { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: `sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =\n${FEATURES}` },
    command: ['sh', '-ec', `
      nix-build --quiet --no-out-link /support/content-addressed.nix
      nix key generate-secret --key-name test-1 >/tmp/key
      signed=$(readlink -f /nix/var/nix/profiles/default)
      shared=$(ls -d /nix/store/*-package-0)
      nix store sign --key-file /tmp/key "$signed" "$shared"
      echo "$signed"
      echo "$shared"`],
  });
  expect(built).toMatchObject({ code: 0 });
  [addressed, signed, shared] = built.stdout.trim().split('\n');
});
beforeEach(async () => { volume = await Volume.create({ mebibytes: 64 }); });
afterEach(async () => volume.dispose());
afterAll(async () => host('rm', '-rf', scratch));

/** What Nix says on the volume of these paths: `ultimate`, `ca:…`, signatures. */
async function reasons(...paths: string[]): Promise<string[]> {
  const lines = await volume.inWorkload(v2, 'nix path-info --sigs $PATHS', { PATHS: paths.join(' '), NIX_CONFIG: FEATURES });
  return paths.map(wanted => lines.find(line => line.startsWith(wanted))!.split('\t')[1].trim());
}

test('a first seed brings signatures, ca and ultimate, also of an image with derivations that are addressed by their content', async () => {
  const log = await seedWell(v2, volume);

  expect(log).not.toContain('ultimate');
  expect(await reasons(addressed, signed)).toEqual([expect.stringMatching(/^ultimate ca:fixed:r:sha256:/), expect.stringMatching(/^ultimate test-1:/)]);
  await expectSound(volume, v2, { paths: [addressed], links: {} });
});

test('a later one brings signatures, and says what it cannot bring of how many paths', async () => {
  await seedWell(v1, volume);

  const log = await seedWell(v2, volume);

  const [, built, known] = /^seed-nix-store: of the new paths the image has built (\d+) itself \(ultimate\) and knows (\d+) by their content \(ca\), which only the first seed of a volume can bring, as what such derivations have become \(realisations\): /m.exec(log)!.map(Number);
  expect(built).toBeGreaterThan(0);
  expect(known).toBeGreaterThan(0);
  expect(await reasons(addressed, signed)).toEqual(['', expect.stringMatching(/^test-1:/)]);
  await expectSound(volume, v2, { paths: [addressed], links: {} });
  // What it has become is not known, so it is built once more, to the same path.
  const config = `sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =\n${FEATURES}`;
  const told = await volume.inWorkload(v2, 'nix-build --no-out-link /support/content-addressed.nix 2>&1', { NIX_CONFIG: config });
  expect(told.join('\n')).toContain('this derivation will be built');
  expect(told.pop()).toBe(addressed);
});

test('the volume keeps what it knows of a path that it has, and gets signatures for it where repair is asked for', async () => {
  await seedWell(v1, volume);
  await seedWell(v2, volume);
  expect(await reasons(shared)).toEqual(['ultimate']);

  await volume.inWorkload(v2, 'touch /nix/.cdk8s-nix/repair');
  await seedWell(v2, volume);

  expect(await reasons(shared, signed)).toEqual([expect.stringMatching(/^ultimate test-1:/), expect.stringMatching(/^test-1:/)]);
  await expectSound(volume, v2, { paths: [addressed], links: {} });
});

test('one that is killed when all is registered leaves it to the next one to bring signatures, and to say what cannot be brought', async () => {
  await seedWell(v1, volume);
  const turns = path.join(scratch, 'turns');
  const slow = path.join(scratch, 'slow-nix');
  fs.mkdirSync(turns);
  fs.chmodSync(turns, 0o777);
  fs.writeFileSync(slow, '#!/bin/bash\ncase "$*" in *copy-sigs*) : >/turns/stands; sleep 600 ;; esac\nexec -a "${0##*/}" /opt/nix "$@"\n', { mode: 0o755 });
  const killed = startSeeding(v2, volume, { mounts: { [path.join(v2.rootfs, 'usr/bin/nix')]: '/opt/nix:ro', [slow]: '/usr/bin/nix:ro', [turns]: '/turns' } });
  const isRegistered = async () => (await volume.inWorkload(v2, `nix-store --check-validity ${signed} 2>/dev/null && echo yes || echo no`))[0] === 'yes';
  while (!fs.existsSync(path.join(turns, 'stands')) || !await isRegistered()) {
    expect(killed.alive).toBe(true);
    await sleep(20);
  }
  killed.kill();
  await killed.finished;
  expect(await reasons(signed)).toEqual(['']);

  const log = await seedWell(v2, volume);

  expect(log).toMatch(/bringing 0 of/);
  expect(log).toMatch(/of the new paths the image has built \d+ itself/);
  expect(await reasons(signed)).toEqual([expect.stringMatching(/^test-1:/)]);
  expect(volume.exists('.cdk8s-nix/unsigned')).toBe(false);
  await expectSound(volume, v2, { paths: [addressed], links: {} });
});

describe.each(['2.8', '2.26'] as const)('a derivation, by Nix %s, which may take its name for what it builds,', release => {
  let old: Image;
  let image: Image;
  let derivation: string;

  const inImage = async (command: string) => {
    const { code, stdout, stderr } = await run({
      rootfs: image.rootfs,
      mounts: { [image.nix]: '/nix', [path.join(__dirname, 'support')]: '/support:ro' },
      environment: { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: `sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =\n${FEATURES}` },
      command: ['sh', '-ec', command],
    });
    expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' });
    return stdout.trim();
  };
  const sign = async () => inImage(`nix key generate-secret --key-name test-1 >/tmp/key; nix store sign --derivation --key-file /tmp/key ${derivation}`);
  const signatures = async () => volume.inWorkload(image, 'nix path-info --derivation --sigs $DERIVATION', { DERIVATION: derivation, NIX_CONFIG: FEATURES });

  beforeEach(async () => {
    old = await Image.build({ version: '1', release });
    image = await (await Image.build({ version: '2', release })).copyTo(path.join(scratch, `derivation-${release}`));
    // Never built.
    derivation = await inImage('nix-instantiate --add-root /nix/var/nix/gcroots/more --indirect /support/thing.nix --argstr name more >/dev/null 2>&1; readlink /nix/var/nix/gcroots/more');
  });
  afterEach(async () => host('rm', '-rf', image.nix));

  test('is brought with its signatures', async () => {
    await sign();
    await seedWell(old, volume);

    expect(await seedWell(image, volume)).not.toContain('signatures were not brought');

    expect(await signatures()).toEqual([expect.stringMatching(new RegExp(`^${derivation}\t+.*test-1:`))]);
    await expectSound(volume, image, { paths: [derivation], links: {} });
  });

  test('that is there already gets those of the image where repair is asked for', async () => {
    await seedWell(old, volume);
    await seedWell(image, volume);
    expect((await signatures()).join('')).not.toContain('test-1:');
    await sign();

    await seedWell(image, volume, { environment: { SEED_REPAIR: 'yes' } });

    expect((await signatures()).join('')).toContain('test-1:');
  });
});
