import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, Running } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* Upgrades that do not end as they began: killed and rolled back, or with a garbage collector beside them. */

let v1: Image;
let v2: Image;
let volume: Volume;
let scratch: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-rollback-'));
  volume = await Volume.create({ mebibytes: 64 });
  await seedWell(v1, volume);
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

/** With a mv that stands still before it makes what the pattern describes. */
function stoppingAt(pattern: string): SeedOptions {
  const bin = path.join(scratch, 'bin');
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, 'mv'), `#!/bin/sh
for last; do :; done
case $last in ${pattern}) echo standing still; sleep 1000 ;; esac
exec /usr/bin/mv "$@"
`, { mode: 0o755 });
  return { environment: { PATH: '/stopping:/usr/bin:/bin:/usr/sbin' }, mounts: { [bin]: '/stopping:ro' } };
}

test.each([
  ['before the marker goes', '*/former-seed', true],
  ['before the profile changes', '*/profiles/default', false],
  ['before the old image is forgotten', '*/forgotten/', false],
  ['before the new marker', '*/.cdk8s-nix/seed', false],
])('an upgrade killed %s, rolled back: the old image is whole, and no collector takes any of it', async (_, pattern, warm) => {
  const upgrade = startSeeding(v2, volume, stoppingAt(pattern));
  await upgrade.until(/standing still/);
  upgrade.kill();
  await upgrade.finished;
  expect(volume.exists('.cdk8s-nix/seed')).toBe(warm);

  const log = await seedWell(v1, volume);

  expect(log.includes('holds this image already')).toBe(warm);
  await expectSound(volume, v1);
  await volume.inWorkload(v1, 'nix-store --gc');
  await expectSound(volume, v1);
});

test('an upgrade without flock, beside a collector that began before it, ends with all of the image there', async () => {
  const news = (await v2.paths()).filter(name => !volume.exists(name.slice('/nix/'.length)));
  expect(news.length).toBeGreaterThan(3);
  // It has looked at the roots already, holds Nix's lock, and takes what nobody knew of then.
  const collector = new Running({
    mounts: { [volume.nix]: '/nix' },
    environment: { NEWS: news.join(' ') },
    command: ['flock', '/nix/var/nix/gc.lock', 'sh', '-c',
      'echo collecting; for path in $NEWS; do until [ -e "$path" ] || [ -L "$path" ]; do sleep 0.1; done; done; sleep 1; chmod -R u+w $NEWS; rm -rf $NEWS'],
  });
  await collector.until(/collecting/);
  const nothing = path.join(scratch, 'nothing');
  fs.writeFileSync(nothing, '');

  const log = await seedWell(v2, volume, { mounts: { [nothing]: '/usr/bin/flock:ro' } });

  expect(log).toContain(`${news.length} paths vanished, by a garbage collector that began earlier; bringing them once more`);
  await expectSound(volume, v2);
});
