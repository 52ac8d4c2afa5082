import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run } from './support/container';
import { Image, nixStore } from './support/image';
import { seed, SeedOptions, seedWell, SHELLS, startSeeding } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* Of a few paths the image's Nix is asked once. Its JSON has changed between versions: what is not understood is asked for as ever. */

const FEATURES = 'extra-experimental-features = nix-command';
let volume: Volume;
let scratch: string;
beforeEach(async () => {
  volume = await Volume.create({ mebibytes: 64 });
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-description-'));
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', scratch);
});

/** Without derivations, as most images are, and with a signature. */
async function withoutDerivations(image: Image): Promise<Image> {
  const copy = await image.copyTo(path.join(scratch, 'nix'));
  expect(await run({
    rootfs: copy.rootfs,
    mounts: { [copy.nix]: '/nix' },
    environment: { HOME: '/tmp/home', USER: 'code', NIX_CONFIG: FEATURES },
    command: ['sh', '-ec', `
      nix-store --option keep-derivations false --gc >/dev/null
      nix key generate-secret --key-name test-1 >/tmp/key
      nix store sign --key-file /tmp/key "$(readlink -f /nix/var/nix/profiles/default)"`],
  })).toMatchObject({ code: 0 });
  expect(fs.readdirSync(path.join(copy.nix, 'store')).filter(name => name.endsWith('.drv'))).toEqual([]);
  return copy;
}

/**
 * A Nix that does something else with its JSON, and a list of what it is asked about the image.
 *
 * @param answer what to do where it is asked for JSON; $nix is Nix itself
 */
function listening(answer = 'exec "$nix" "$@"'): { options: SeedOptions; questions: () => string[] } {
  const asked = path.join(scratch, 'asked');
  fs.mkdirSync(asked);
  fs.chmodSync(asked, 0o777);
  fs.mkdirSync(path.join(scratch, 'bin'));
  fs.writeFileSync(path.join(scratch, 'bin/nix'), `#!/bin/bash
nix=/opt/bin/\${0##*/}
case "$*" in *state=/tmp/*--dump-db*) echo registration >>/asked/log ;; *path-info*--sigs*) echo trust >>/asked/log ;; *path-info*--json*)
  echo both >>/asked/log
  ${answer}
  exit ;;
esac
exec "$nix" "$@"
`, { mode: 0o755 });
  fs.symlinkSync('nix', path.join(scratch, 'bin/nix-store'));
  return {
    options: {
      mounts: { '/usr/bin': '/opt/bin:ro', [path.join(scratch, 'bin/nix')]: '/usr/bin/nix:ro', [asked]: '/asked' },
    },
    questions: () => fs.readFileSync(path.join(asked, 'log'), 'utf-8').split('\n').slice(0, -1).sort(),
  };
}

/** What Nix on the volume knows of what the image ships, but for whether it has built it itself and when it came. */
async function expectKnown(image: Image) {
  const paths = (await image.paths()).join(' ');
  const known = async (nix: string) => nixStore(image.rootfs, nix, `--dump-db ${paths}`);
  expect(await known(volume.nix)).toEqual(await known(image.nix));
  const [line] = await volume.inWorkload(image, 'nix path-info --sigs "$(readlink -f /nix/var/nix/profiles/default)"', { NIX_CONFIG: FEATURES });
  expect(line).toMatch(/\ttest-1:/);
  await expectSound(volume, image);
}

describe.each(['2.8', '2.26'] as const)('the JSON of Nix %s', release => {
  test.each(SHELLS)('says all that is registered, and why it is trusted, under %s', async shell => {
    const v2 = await withoutDerivations(await Image.build({ version: '2', release }));
    await seedWell(await Image.build({ version: '1', release }), volume);

    const log = await seedWell(v2, volume, { shell });

    expect(log).toMatch(/the image has built \d+ itself/);
    await expectKnown(v2);
  });
});

describe('Nix is asked', () => {
  let v2: Image;
  beforeEach(async () => {
    v2 = await withoutDerivations(await Image.build({ version: '2' }));
    await seedWell(await Image.build({ version: '1' }), volume);
  });

  test('once', async () => {
    const { options, questions } = listening();

    await seedWell(v2, volume, options);

    expect(questions()).toEqual(['both']);
    await expectKnown(v2);
  });

  test.each([
    ['has hashes that are objects', '"$nix" "$@" | sed \'s,"narHash":"sha256-\\([^"]*\\)","narHash":{"algorithm":"sha256"\\,"hash":"\\1"},g\''],
    ['has names instead of paths', '"$nix" "$@" | sed "s,/nix/store/,,g"'],
    ['has names as references', '"$nix" "$@" | sed \'s,\\([[\\,]\\)"/nix/store/,\\1",g\''],
    ['ends in the midst', '"$nix" "$@" | head -c 3000'],
    ['has no sizes', '"$nix" "$@" | sed \'s/"narSize":[0-9]*,//g\''],
    ['is none', 'echo "error: unrecognised flag --json" >&2; exit 1'],
  ])('twice where what it writes %s', async (_, answer) => {
    const { options, questions } = listening(answer);

    await seedWell(v2, volume, options);

    expect(questions()).toEqual(['both', 'registration', 'trust']);
    await expectKnown(v2);
  });

  test('once more for signatures, if it does not wait for its settings', async () => {
    const { options } = listening();
    fs.writeFileSync(path.join(scratch, 'bin/nix'), `#!/bin/bash
nix=/opt/bin/\${0##*/}
unset NIX_USER_CONF_FILES
case "$*" in *copy-sigs*) echo signatures >>/asked/log ;; *mnt/nix-volume*--load-db*) sleep 0.7 ;; esac
exec "$nix" "$@"
`);

    await seedWell(v2, volume, options);

    expect(fs.readFileSync(path.join(scratch, 'asked/log'), 'utf-8')).toBe('signatures\nsignatures\n');
    await expectKnown(v2);
  });

  /** The image's Nix, with something before it. */
  function preceded(does: string): SeedOptions {
    const { options } = listening();
    fs.writeFileSync(path.join(scratch, 'bin/nix'), `#!/bin/bash\nnix=/opt/bin/\${0##*/}\n${does}\nexec "$nix" "$@"\n`);
    return options;
  }

  test('again where there was no room for what it said', async () => {
    const tmp = await Volume.create({ mebibytes: 24 });
    try {
      const options = preceded(`case "$*" in
  *path-info*--json*)
    [ -e /asked/full ] || {
      said=$("$nix" "$@")
      until [ -e /mnt/nix-volume/nix/var/nix/gcroots/cdk8s-nix/image/${path.basename(v2.profile)} ]; do sleep 0.05; done
      dd if=/dev/zero of=/small/fill bs=4k 2>/dev/null
      cat /dev/zero >>/small/fill 2>/dev/null
      : >/asked/full
      printf '%s\\n' "$said"
      exit
    } ;;
  *mnt/nix-volume*--load-db*)
    until [ -e /asked/full ] && { compgen -G '/small/seed-nix-store.*/loadable' || [ -e /asked/room ]; } >/dev/null; do sleep 0.05; done
    : >/asked/room
    rm -f /small/fill ;;
  *--dump-db*)
    : >/asked/room
    rm -f /small/fill ;;
esac`);

      const small = { mounts: { ...options.mounts, [tmp.root]: '/small' }, environment: { TMPDIR: '/small' } };
      expect(await seed(v2, volume, small)).toMatchObject({ code: 0 });

      expect(fs.existsSync(path.join(scratch, 'asked/room'))).toBe(true);
      await expectKnown(v2);
    } finally {
      await tmp.dispose();
    }
  });

  test('for signatures by a script that reads its settings too', async () => {
    const options = preceded('case "$*" in *copy-sigs*) [ -z "$NIX_USER_CONF_FILES" ] || cat "$NIX_USER_CONF_FILES" >/dev/null; : >/asked/read ;; esac');
    const seeding = startSeeding(v2, volume, options);
    const hung = setTimeout(() => seeding.kill(), 60000);

    const { code, stderr } = await seeding.finished;

    clearTimeout(hung);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(fs.existsSync(path.join(scratch, 'asked/read'))).toBe(true);
    await expectKnown(v2);
  });
});
