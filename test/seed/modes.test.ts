import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, modeOf } from './support/container';
import { Image } from './support/image';
import { seed, seedWell } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What a volume makes of the modes of files: a store is made of read-only files, programs and links. */

let image: Image;
let next: Image;
let volume: Volume;
let scratch: string;
beforeAll(async () => {
  image = await Image.build({ version: '1' });
  next = await Image.build({ version: '2' });
});
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-modes-'));
  fs.chmodSync(scratch, 0o755);
  volume = await Volume.create({ mebibytes: 64 });
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

/** A default ACL, as `setfacl -d -m u::rwx,g::rwx,o::rx` sets it: version 2, then tag, permissions and id of each entry. */
const SET_DEFAULT_ACL = `import os, struct, sys
entries = [(0x01, 7), (0x04, 7), (0x20, 5)]
os.setxattr(sys.argv[1], "system.posix_acl_default", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry, 0xffffffff) for entry in entries))`;

test('a default ACL that lets others write to what Nix builds is told, with the way out; what the image ships is whole', async () => {
  await host('python3', '-c', SET_DEFAULT_ACL, volume.root);

  const log = await seedWell(image, volume);

  expect(log).toMatch(/^seed-nix-store: warning: new files on the volume get mode 664 instead of 644, .*setfacl -R -k$/m);
  expect(modeOf(path.join(volume.nix, '.cdk8s-nix/seed'))).toBe('664');
  await expectSound(volume, image);
});

test('one that has come since is told by an upgrade', async () => {
  await seedWell(image, volume);
  await host('python3', '-c', SET_DEFAULT_ACL, volume.nix);
  await host('python3', '-c', SET_DEFAULT_ACL, path.join(volume.nix, '.cdk8s-nix'));

  expect(await seedWell(next, volume)).toMatch(/^seed-nix-store: warning: new files on the volume get mode 664 instead of 644/m);
});

test('without one, nothing is told', async () => {
  expect(await seedWell(image, volume)).not.toContain('warning');
});

// No file system of that kind is part of every kernel; what these programs do there is known.
test.each([
  ['chmod', 'exit 0', /^seed-nix-store: error: the volume at \/mnt\/nix-volume does not keep the modes of files: .*use another file system\n$/],
  ['chmod', 'echo "chmod: changing permissions of x: Operation not permitted" >&2; exit 1', /^seed-nix-store: error: .*cannot hold a Nix store: chmod: changing permissions/],
  ['ln', 'echo "ln: failed to create symbolic link: Operation not permitted" >&2; exit 1', /^seed-nix-store: error: .*cannot hold a Nix store: ln: failed to create/],
])('a volume where %s does `%s` is refused (17), and is as it was, with a store as without', async (program, does, message) => {
  const script = `#!/bin/sh\ncase "$*" in */.cdk8s-nix/lock/*/probe*) ;; *) exec /usr/bin/${program} "$@" ;; esac\n${does}\n`;
  fs.writeFileSync(path.join(scratch, program), script, { mode: 0o755 });

  const stubbed = { environment: { PATH: '/stub:/usr/bin:/bin:/usr/sbin' }, mounts: { [scratch]: '/stub:ro' } };

  expect(await seed(image, volume, stubbed)).toMatchObject({ code: 17, stderr: expect.stringMatching(message) });
  expect(volume.exists('store')).toBe(false);
  expect(volume.exists('.cdk8s-nix/lock')).toBe(false);

  await seedWell(image, volume);
  expect(await seed(next, volume, stubbed)).toMatchObject({ code: 17, stderr: expect.stringMatching(message) });
  expect(volume.exists('.cdk8s-nix/lock')).toBe(false);
  await expectSound(volume, image);
});
