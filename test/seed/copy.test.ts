import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What is large is copied in ways of its own. */

let scratch: string;
let image: Image;
let large: string;
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
      nix-store --add /tmp/large/large`],
  });
  expect(added).toMatchObject({ code: 0 });
  large = added.stdout.trim();
});
beforeEach(async () => { volume = await Volume.create(); });
afterEach(async () => volume.dispose());
afterAll(async () => host('rm', '-rf', scratch));

/** A dd that notes what it is asked for, and does what is said. */
function withDd(work: string): SeedOptions {
  const folder = fs.mkdtempSync(path.join(scratch, 'dd-'));
  const asked = path.join(folder, 'asked');
  fs.writeFileSync(asked, '', { mode: 0o666 });
  fs.chmodSync(asked, 0o666);
  fs.mkdirSync(path.join(folder, 'bin'));
  fs.writeFileSync(path.join(folder, 'bin/dd'), `#!/bin/sh\ncase "$*" in *oflag=direct*) echo "$*" >>/asked; ${work} ;; esac\nexec /usr/bin/dd "$@"\n`, { mode: 0o755 });
  fs.chmodSync(folder, 0o755);
  return { mounts: { [path.join(folder, 'bin')]: '/dd:ro', [asked]: '/asked' }, environment: { PATH: '/dd:/usr/bin:/bin:/usr/sbin' } };
}

async function expectLarge(options: SeedOptions) {
  await seedWell(image, volume, options);
  const asked = Object.keys(options.mounts!).find(file => file.endsWith('/asked'))!;
  expect(fs.readFileSync(asked, 'utf-8')).toContain(`if=${path.basename(large)} `);
  await expectSound(volume, image, { paths: [large], links: {} });
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
