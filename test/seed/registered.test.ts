import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run, sleep } from './support/container';
import { Image } from './support/image';
import { seed, SeedOptions, seedWell, SHELLS, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* A transaction of Nix's database is no rename: it may have taken place although Nix failed, or although the lock was lost. */

let v1: Image;
let v2: Image;
let images: string;
let volume: Volume;
let scratch: string;
beforeAll(async () => {
  images = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-registered-'));
  [v1, v2] = [await withoutDerivations('1'), await withoutDerivations('2')];
});
afterAll(async () => host('rm', '-rf', images));
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-registered-'));
  fs.chmodSync(scratch, 0o755);
  ['turns', 'bin'].forEach(name => fs.mkdirSync(path.join(scratch, name)));
  fs.chmodSync(path.join(scratch, 'turns'), 0o777);
  fs.writeFileSync(path.join(scratch, 'nothing'), '');
  volume = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, volume);
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

/** Nix registers no derivation that is not there, and nothing else with it then. */
async function withoutDerivations(version: string): Promise<Image> {
  const image = await (await Image.build({ version, packages: 6, changed: 3 })).copyTo(path.join(images, version));
  const command = ['nix-store', '--option', 'keep-derivations', 'false', '--gc'];
  expect(await run({ mounts: { [image.nix]: '/nix' }, environment: { HOME: '/tmp/home', USER: 'code' }, command })).toMatchObject({ code: 0 });
  return image;
}

/** A Nix that does something of its own for the arguments that match the shell's pattern; /opt/nix is Nix itself. */
function nixThat(pattern: string, does: string): SeedOptions {
  fs.writeFileSync(path.join(scratch, 'nix'), `#!/bin/bash\nnix() { (exec -a nix-store /opt/nix "$@"); }\ncase "$*" in ${pattern}) ${does} ;; esac\nexec -a "\${0##*/}" /opt/nix "$@"\n`, { mode: 0o755 });
  return { mounts: { '/usr/bin/nix': '/opt/nix:ro', [path.join(scratch, 'nix')]: '/usr/bin/nix:ro', [path.join(scratch, 'turns')]: '/turns' } };
}

/** What is valid to Nix of the image, and not there. */
async function phantoms(image: Image): Promise<string[]> {
  return volume.inWorkload(image, 'for path in $PATHS; do [ -e "$path" ] || [ -L "$path" ] || ! nix-store --check-validity "$path" 2>/dev/null || echo "$path"; done',
    { PATHS: (await image.paths()).join(' ') });
}

test.each(SHELLS)('a Nix that is killed when it has registered all has done its work, in %s', async shell => {
  await seedWell(v2, volume, { ...nixThat('*--load-db*', 'nix "$@"; kill -BUS $$'), shell });
  await expectSound(volume, v2);
});

test('what may have been registered stays where it is, if Nix cannot say', async () => {
  const deaf = nixThat('*--load-db*', 'nix "$@"; : >/turns/deaf; exit 1 ;; *--check-validity*) [ ! -e /turns/deaf ] || exit 1');
  expect(await seed(v2, volume, deaf)).toMatchObject({ code: 51, stderr: expect.stringMatching(/^seed-nix-store: error: registering failed[^\n]*\n$/) });
  expect(await phantoms(v2)).toEqual([]);
  await seedWell(v2, volume);
  await expectSound(volume, v2);
});

test('one that stood still while Nix registered, and was taken for dead, leaves nothing in the database that a collector has deleted', async () => {
  const withoutFlock = { [path.join(scratch, 'nothing')]: '/usr/bin/flock:ro' };
  // Both Nix that may be asked to; one of them is told to do nothing.
  const late = nixThat('*--load-db*', 'load=$(cat); [ -n "$load" ] || exit 0; : >/turns/stands; until [ -e /turns/go ]; do sleep 0.05; done; nix "$@" <<<"$load"; exit');
  const robbed = startSeeding(v2, volume, { mounts: { ...late.mounts, ...withoutFlock }, environment: { SEED_LOCK_TTL: '1' } });
  while (!fs.existsSync(path.join(scratch, 'turns/stands'))) {
    expect(robbed.alive).toBe(true);
    await sleep(20);
  }
  const stopped = robbed.pids();
  stopped.forEach(pid => process.kill(pid, 'SIGSTOP'));
  await sleep(2500);
  await seedWell(v1, volume, { mounts: withoutFlock, environment: { SEED_LOCK_TTL: '1' } });
  expect(await run({ mounts: { [volume.nix]: '/nix' }, environment: { HOME: '/tmp/home', USER: 'code' }, command: ['nix-store', '--gc'] })).toMatchObject({ code: 0 });
  expect(volume.exists(v2.profile.slice('/nix/'.length))).toBe(false);
  fs.writeFileSync(path.join(scratch, 'turns/go'), '');
  stopped.forEach(pid => process.kill(pid, 'SIGCONT'));

  expect(await robbed.finished).toMatchObject({ code: 41, stderr: expect.stringContaining('the lock was lost to another seeder') });

  expect(await phantoms(v2)).toEqual([]);
  await expectSound(volume, v1);
});
