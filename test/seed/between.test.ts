import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run } from './support/container';
import { Image } from './support/image';
import { seed, SeedOptions, seedWell, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What happens between the moment when files have their place and that when they are registered. */

let v1: Image;
let v2: Image;
let volume: Volume;
let tmp: Volume | undefined;
let scratch: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-between-'));
  fs.chmodSync(scratch, 0o755);
  volume = await Volume.create({ mebibytes: 64 });
});
afterEach(async () => {
  await volume.dispose();
  await tmp?.dispose();
  tmp = undefined;
  await host('rm', '-rf', scratch);
});

/** A TMPDIR that is small. */
async function smallTmp(mebibytes: number): Promise<SeedOptions> {
  tmp = await Volume.create({ mebibytes });
  return { mounts: { [tmp.root]: '/small' }, environment: { TMPDIR: '/small' } };
}

/** A Nix around Nix; $nix is Nix itself. */
function nixThat(does: string): SeedOptions {
  const turns = path.join(scratch, 'turns');
  fs.mkdirSync(turns);
  fs.chmodSync(turns, 0o777);
  fs.writeFileSync(path.join(scratch, 'nix-around'), `#!/bin/bash
nix=/opt/nix
${does}
exec -a "\${0##*/}" /opt/nix "$@"
`, { mode: 0o755 });
  return { mounts: { '/usr/bin/nix': '/opt/nix:ro', [path.join(scratch, 'nix-around')]: '/usr/bin/nix:ro', [turns]: '/turns' } };
}

async function until(condition: () => boolean, seeding: { alive: boolean; output: string }) {
  const deadline = Date.now() + 40000;
  while (!condition()) {
    if (!seeding.alive || Date.now() > deadline) {
      throw new Error(`it never came to that:\n${seeding.output}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

const IN_PLACE = (name: string) => `until [ -e /mnt/nix-volume/nix/var/nix/gcroots/cdk8s-nix/image/${name} ]; do sleep 0.05; done`;

async function withJunk() {
  const spoilt = await v2.copyTo(path.join(scratch, 'nix'));
  fs.writeFileSync(path.join(spoilt.nix, 'store', `${'a'.repeat(32)}-half-built`), 'what no database knows');
  return spoilt;
}

test('what another Nix makes in its place, while the image turns out to have what it has not registered, is left to it', async () => {
  await seedWell(v1, volume);
  const [victim] = (await v2.paths()).filter(storePath => /-package-3$/.test(storePath));
  const place = path.join(volume.nix, victim.slice('/nix/'.length));
  const seeding = startSeeding(await withJunk(), volume, nixThat(`
case "$*" in *state=*/image*--dump-db* | *path-info*--json*state=*/image*) ${IN_PLACE(path.basename(victim))}; : >/turns/stands; until [ -e /turns/go ]; do sleep 0.05; done ;; esac`));
  await until(() => fs.existsSync(path.join(scratch, 'turns/stands')), seeding);
  // As Nix does: it locks, removes, makes.
  const maker = run({
    mounts: { [volume.nix]: '/nix', [path.join(scratch, 'turns')]: '/turns' },
    command: ['sh', '-ec', `exec 9>>${victim}.lock; flock 9; chmod -R u+w ${victim}; rm -rf ${victim}; mkdir ${victim}; echo half >${victim}/half; : >/turns/half
      for turn in $(seq 100); do sleep 0.05; [ -e ${victim}/half ] || { : >/turns/robbed; exit 0; }; done; rm -rf ${victim} ${victim}.lock`],
  });
  await until(() => fs.existsSync(path.join(scratch, 'turns/half')), seeding);
  fs.writeFileSync(path.join(scratch, 'turns/go'), '');

  const { code, stdout, stderr } = await seeding.finished;
  await maker;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('comparing once more');
  expect([fs.existsSync(path.join(scratch, 'turns/robbed')), fs.existsSync(path.join(place, 'half'))]).toEqual([false, false]);
  await expectSound(volume, v2);
});

test('a TMPDIR that something else fills is told as full', async () => {
  const bin = path.join(scratch, 'bin');
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, 'nproc'), '#!/bin/sh\n[ -e /small/fill ] || dd if=/dev/zero of=/small/fill bs=4k 2>/dev/null\nexec /usr/bin/nproc\n', { mode: 0o755 });
  const small = await smallTmp(24);
  const ended = await seed(v1, volume, {
    mounts: { ...small.mounts, [bin]: '/first:ro' },
    environment: { ...small.environment, PATH: '/first:/usr/bin:/bin:/usr/sbin' },
  });
  expect(ended).toMatchObject({ code: 10, stderr: expect.stringContaining('cannot write to TMPDIR') });
});
