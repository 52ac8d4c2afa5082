import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host } from './support/container';
import { Image } from './support/image';
import { Moment, seedInterrupted } from './support/interruption';
import { seed, seedWell, Shell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What has become of a volume is told alike by whatever step notices it, whatever the program says that notices: no space 30, read-only 12, failed 50. */

let v1: Image;
let v2: Image;
let volume: Volume;
let scratch: string;
beforeAll(async () => {
  v1 = await Image.build({ version: '1', packages: 6, changed: 3 });
  v2 = await Image.build({ version: '2', packages: 6, changed: 3 });
});
beforeEach(() => { scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-faults-')); fs.chmodSync(scratch, 0o755); });
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

function expectFailure(ended: Finished, code: number, message: string) {
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(new RegExp(`^seed-nix-store: error: ${message}\\n$`)) });
}

/** Fills it, but for about so many KiB: what a large file takes for itself counts too. */
async function leaveKib(count: number) {
  const [blocks, size] = (await host('stat', '-f', '-c', '%a %S', volume.root)).trim().split(' ').map(Number);
  const filling = Math.max(0, blocks - Math.ceil(count * 1024 / size));
  await host('sh', '-c', `dd if=/dev/zero of="$0/home" bs=${size} count=${filling} status=none 2>/dev/null || true; sync -f "$0"`, volume.root);
}

const copiers = (shell: Shell) => shell === 'busybox sh' ? { program: 'cp', pattern: '*/stage/store*' } : { program: 'tar', pattern: '*-xpf*' };

describe.each(SHELLS)('in %s', shell => {
  test.each([
    'tar: numbers: Wrote only 2048 of 10240 bytes',
    'tar: numbers: Cannot write: Input/output error',
    'cp: I/O error',
    '',
  ])('a volume that dies while it is copied to, of which it is said: %j', async says => {
    volume = await Volume.create({ mebibytes: 64 });
    const ended = await seedInterrupted(v1, volume, { shell, ...copiers(shell), says }, async () => volume.die());
    expectFailure(ended, 50, 'the volume at /mnt/nix-volume has failed: [^\\n]+');
  });

  test('what cannot be read of the image, on a volume that is well, is not called a failed volume', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    const says = 'tar: numbers: Cannot read: Input/output error';
    const ended = await seedInterrupted(v1, volume, { shell, ...copiers(shell), says }, async () => undefined);
    expectFailure(ended, 50, `reading or writing failed: ${says}`);
  });

  const moments: [step: string, moment: Omit<Moment, 'shell'>][] = [
    ['its modes are examined', { program: 'ln', pattern: '*probe/link*' }],
    ['it has just been opened', { program: 'touch', pattern: '*/.cdk8s-nix/probe*', when: 'after' }],
    ['what comes after the registration is made ready', { program: 'mkdir', pattern: '*/forgotten*' }],
    ['it is synced', { program: 'sync', pattern: '*/mnt/nix-volume/nix' }],
    ['the roots move', { program: 'mv', pattern: '*/gcroots/cdk8s-nix/image*' }],
  ];
  const withPrograms: typeof moments = [
    ['its store is listed', { program: 'ls', pattern: '*/mnt/nix-volume/nix/store' }],
    ['it is copied to', copiers(shell)],
  ];

  describe.each([
    ['a first seed', async () => v1],
    ['an upgrade', async () => { await seedWell(v1, volume); return v2; }],
  ] as const)('%s', (what, prepare) => {
    test.each([...withPrograms, ...shell === 'busybox sh' ? [] : moments])('of a volume that turns read-only when %s', async (step, moment) => {
      volume = await Volume.create({ mebibytes: 64, mount: 'errors=remount-ro' });
      const image = await prepare();
      const ended = await seedInterrupted(image, volume, { shell, ...moment }, async () => volume.findError());
      // Links of roots that are there already do not move.
      if (what === 'an upgrade' && step === 'the roots move' && ended.code === 0) { return; }
      expectFailure(ended, 12, 'the volume at /mnt/nix-volume (is|turned) read-only[^\\n]*');
    });
  });

  test.each(['a first seed', 'an upgrade'])('%s by a Nix for another machine', async what => {
    volume = await Volume.create({ mebibytes: 64 });
    if (what === 'an upgrade') {
      await seedWell(v1, volume);
    }
    const foreign = await v2.copyTo(path.join(scratch, 'nix'));
    // As built for one with number 183, which is 64-bit Arm.
    await host('sh', '-ec', `cd "$0"/store/*-nix-2; chmod -R u+w .; rm bin/*; cp -L /usr/bin/nix bin/nix
printf '\\267\\000' | dd of=bin/nix bs=1 seek=18 conv=notrunc status=none; for name in nix-store nix-env; do ln -s nix bin/$name; done`, foreign.nix);

    expectFailure(await seed(foreign, volume, { shell }), 21, "the seed image's Nix is for another architecture than \\S+, the node's");

    if (what === 'an upgrade') {
      await expectSound(volume, v1);
    }
  });

  test('a Nix that a full disk stops under its memory', async () => {
    volume = await Volume.create({ mebibytes: 64 });
    await seedWell(v1, volume);
    const stopped = await v2.copyTo(path.join(scratch, 'nix'));
    await host('sh', '-ec', `cd "$0"/store/*-nix-2/bin; chmod u+w . ; rm nix-store
printf '#!/bin/sh\\ncase "$*" in *mnt/nix-volume*) kill -BUS $$ ;; esac\\nexec /usr/bin/nix-store "$@"\\n' >nix-store; chmod +x nix-store`, stopped.nix);
    await leaveKib(800);

    expectFailure(await seed(stopped, volume, { shell }), 30, 'the volume ran out of space: (\\d+ KiB to bring, )?\\d+ KiB free');

    await host('rm', path.join(volume.root, 'home'));
    await seedWell(v2, volume);
    await expectSound(volume, v2);
  });

  test('an upgrade that finds a few KiB says so, and says nothing of a dead seeder', async () => {
    const used = await Volume.create({ mebibytes: 64 });
    volume = used;
    await seedWell(v1, used);
    // Nix keeps some room for itself then.
    await used.inWorkload(v1, 'nix-store --verify 2>/dev/null');
    try {
      for (const kib of [0, 1, 2, 3, 4, 6, 8, 11, 12, 16, 20, 24, 32]) {
        volume = await used.clone();
        await leaveKib(kib);
        const ended = await seed(v2, volume, { shell });
        expect({ kib, code: ended.code, stdout: ended.stdout, stderr: ended.stderr }).toEqual({
          kib,
          code: 30,
          stdout: expect.not.stringMatching(/dead|waiting/),
          stderr: expect.stringMatching(/^seed-nix-store: error: (the volume ran out of space: (\d+ KiB to bring, )?|not enough space on the volume: \d+ KiB needed, )\d+ KiB free\n$/),
        });
        await host('rm', path.join(volume.root, 'home'));
        await seedWell(v2, volume);
        await expectSound(volume, v2);
        await volume.dispose();
      }
    } finally {
      volume = used;
    }
  });
});
