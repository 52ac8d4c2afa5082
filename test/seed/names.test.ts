import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host } from './support/container';
import { Image } from './support/image';
import { SeedOptions, seedWell, Shell, SHELLS } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';

/* What lies in a store and has no name of a path is nobody's, whatever the name: it stays where it is, and is in nobody's way. */

const HASH = 'a'.repeat(32);
const ODD = ['left by somebody', 'half-built', '*', `-\n${HASH}-two\nlines`, `${HASH}-z\nends`, '\n', `${HASH}-ü`, `${HASH}-`];
let scratch: string;
let v1: Image;
let v2: Image;
let volume: Volume;
beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-names-'));
  fs.chmodSync(scratch, 0o755);
  fs.mkdirSync(path.join(scratch, 'empty'));
  fs.writeFileSync(path.join(scratch, 'nothing'), '');
  [v1, v2] = await Promise.all(['1', '2'].map(async version => {
    const image = await (await Image.build({ version, packages: 6, changed: 3 })).copyTo(path.join(scratch, version));
    litter(image.nix);
    return image;
  }));
});
beforeEach(async () => { volume = await Volume.create({ mebibytes: 64 }); });
afterEach(async () => volume.dispose());
afterAll(async () => host('rm', '-rf', scratch));

function litter(nix: string) {
  ODD.forEach(name => fs.writeFileSync(path.join(nix, 'store', name), 'what no database knows', { mode: 0o444 }));
}

/** What lies in the volume's store with another name than a path has. */
function odd(): string[] {
  return fs.readdirSync(path.join(volume.nix, 'store')).filter(name => name !== '.links' && !/^[0-9a-z]{32}-[\w+.?=-]+$/.test(name)).sort();
}

/** The image at another place than Nix expects it, and no Nix to ask. */
function unasked(image: Image, shell: Shell): SeedOptions {
  return { shell, mounts: { [path.join(scratch, 'empty')]: '/nix', [`${image.nix}/`]: '/nix/nix:ro', [path.join(scratch, 'nothing')]: '/usr/bin/nix:ro' } };
}

describe.each(SHELLS)('%s', shell => {
  test('in the image of a first seed, and then of an upgrade', async () => {
    await seedWell(v1, volume, { shell });
    await expectSound(volume, v1);
    await seedWell(v2, volume, { shell });
    await expectSound(volume, v2);
    expect(odd()).toEqual([]);
  });

  test('in an image whose Nix cannot be asked', async () => {
    await seedWell(v1, volume, unasked(v1, shell));
    await expectSound(volume, v1);
    expect(odd()).toEqual([]);
  });

  test.each([[''], ['repair']])('on the volume as well, before an upgrade %s', async repair => {
    await seedWell(v1, volume, { shell });
    litter(volume.nix);
    await seedWell(v2, volume, { shell, environment: repair === '' ? {} : { SEED_REPAIR: 'yes' } });
    await expectSound(volume, v2);
    expect(odd()).toEqual([...ODD].sort());
  });
});
