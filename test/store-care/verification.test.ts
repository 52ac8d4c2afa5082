import * as fs from 'fs';
import * as path from 'path';
import { FolderCache } from './support/binary-cache';
import { care, CareOptions, inWorkload } from './support/care';
import { host, USER_ID } from '../seed/support/container';
import { Image } from '../seed/support/image';
import { seedWell, SHELLS } from '../seed/support/seeder';
import { expectSound } from '../seed/support/soundness';
import { Volume } from '../seed/support/volume';

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  let image: Image;
  let seeded: Volume;
  let volume: Volume;
  beforeAll(async () => {
    image = await Image.build({ version: '1', release });
    seeded = await Volume.create();
    await seedWell(image, seeded);
  });
  afterAll(async () => seeded.dispose());
  beforeEach(async () => { volume = await seeded.clone(); });
  afterEach(async () => volume.dispose());

  const verify = async (environment: { [name: string]: string } = {}, options: CareOptions = {}) =>
    care('verify-store', image, volume, { ...options, environment: { ...options.environment, ...environment } });

  /** Spoils a path of the image; it. */
  async function spoilShipped(): Promise<string> {
    const shipped = (await image.paths()).find(candidate => candidate.endsWith('-package-20'))!;
    fs.writeFileSync(path.join(volume.root, shipped, 'share/text'), 'something else');
    return shipped;
  }

  /** Builds a path, keeps it in a cache, and spoils it on the volume. */
  async function spoilBuilt(): Promise<{ readonly built: string; readonly cache: FolderCache }> {
    const [built] = await inWorkload(image, volume, 'nix-build --out-link "$HOME/result" /support/thing.nix --argstr name built');
    const cache = FolderCache.create(volume);
    await cache.copy(image, volume, [built]);
    fs.writeFileSync(path.join(volume.root, built), 'something else');
    return { built, cache };
  }

  test.each(SHELLS)('a store as it should be, under %s', async shell => {
    expect(await verify({}, { shell })).toMatchObject({ code: 0, stderr: '', lastWords: expect.stringMatching(/^verify-store: no damaged paths; \d+ s$/) });
  });

  test.each(SHELLS)('damage is found and named under %s, and nothing is changed', async shell => {
    const shipped = await spoilShipped();
    expect(await verify({}, { shell })).toMatchObject({
      code: 54,
      stdout: expect.stringContaining(`path '${shipped}' was modified!`),
      lastWords: expect.stringMatching(/^verify-store: error: 1 damaged paths, 0 repaired; \d+ s$/),
    });
    expect(fs.readFileSync(path.join(volume.root, shipped, 'share/text'), 'utf-8')).toBe('something else');
    expect(volume.exists('.cdk8s-nix/repair')).toBe(false);
  });

  test('what a killed container of the pod has left in /tmp goes, and nothing else', async () => {
    const tmp = path.join(volume.root, 'tmp');
    ['', 'verify-store.dead', 'seed-nix-store.dead'].forEach(name => {
      fs.mkdirSync(path.join(tmp, name));
      fs.chownSync(path.join(tmp, name), USER_ID, USER_ID);
    });
    expect(await verify({ NIX_POD_UID: 'one', TMPDIR: '/pod-tmp' }, { mounts: { [tmp]: '/pod-tmp' } })).toMatchObject({ code: 0 });
    expect(fs.readdirSync(tmp)).toEqual(['seed-nix-store.dead']);
  });

  test('without a look at the contents only what is gone is found', async () => {
    const shipped = await spoilShipped();
    expect(await verify({ VERIFY_CONTENTS: 'no' })).toMatchObject({ code: 0 });
    await host('rm', '-rf', `${volume.root}${shipped}`);
    expect(await verify({ VERIFY_CONTENTS: 'no' })).toMatchObject({ code: 54, stdout: expect.stringContaining(shipped) });
  });

  test('what a binary cache has is repaired', async () => {
    const { built, cache } = await spoilBuilt();
    expect(await verify({ VERIFY_REPAIR: 'yes' }, cache.pod)).toMatchObject({
      code: 0, lastWords: expect.stringMatching(/^verify-store: no damaged paths any more, 1 repaired; \d+ s$/),
    });
    await expectSound(volume, image, { paths: [built], links: {} });
  });

  test('what only the seed image has comes back with the next start', async () => {
    await spoilShipped();
    const { cache } = await spoilBuilt();
    // The test image has derivations, which Nix would build anew.
    const environment = { NIX_CONFIG: `${cache.pod.environment.NIX_CONFIG}\nmax-jobs = 0` };
    expect(await verify({ VERIFY_REPAIR: 'yes' }, { ...cache.pod, environment })).toMatchObject({
      code: 54, lastWords: expect.stringMatching(/1 damaged paths, 1 repaired; the next start of a workload brings those that the seed image ships; \d+ s$/),
    });
    expect(await seedWell(image, volume)).toContain('bringing 1 of');
    expect(await verify()).toMatchObject({ code: 0 });
  });

  test('it stops at the deadline', async () => {
    expect(await verify({ CARE_TIMEOUT: '0' })).toMatchObject({ code: 43, lastWords: expect.stringContaining('deadline of 0 s') });
  });

  test('a setting it does not know is refused', async () => {
    expect(await verify({ VERIFY_REPAIR: 'perhaps' })).toMatchObject({ code: 10 });
  });
});
