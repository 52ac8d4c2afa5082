import * as fs from 'fs';
import * as path from 'path';
import { parseAllDocuments } from 'yaml';
import { host, REPOSITORY, run } from './support/container';
import { Image } from './support/image';
import { seed, seedWell } from './support/seeder';
import { expectSound } from './support/soundness';
import { Volume } from './support/volume';
import { storeScripts } from '../../src/store/store-scripts';

/** The objects of the YAML in a page; what shows a part of one only is left out. */
function manifestsIn(page: string): any[] {
  const text = fs.readFileSync(path.join(REPOSITORY, 'docs', page), 'utf-8');
  return [...text.matchAll(/^ *```yaml\n(?<yaml>[\s\S]*?)^ *```$/gm)]
    .flatMap(match => parseAllDocuments(match.groups!.yaml).map(document => document.toJS()));
}

/** The command of a container in a page. */
function commandIn(page: string, kind: string, container: string): string[] {
  const { spec } = manifestsIn(page).filter(object => object.kind === kind).map(object => object.spec.template)
    .find(template => [...template.spec.initContainers ?? [], ...template.spec.containers].some((c: any) => c.name === container));
  return [...spec.initContainers ?? [], ...spec.containers].find((c: any) => c.name === container).command;
}

let v1: Image;
let v2: Image;
let volume: Volume;
beforeAll(async () => {
  v1 = await Image.build({ version: '1' });
  v2 = await Image.build({ version: '2' });
});
beforeEach(async () => { volume = await Volume.create(); });
afterEach(async () => volume.dispose());

test('the manifests of the pages are valid', () => {
  const manifests = ['migration.md', 'operations.md'].flatMap(manifestsIn);
  expect(manifests.map(object => object.kind)).toEqual(['Deployment', 'Job', 'VolumeSnapshot', 'Job']);
  expect(manifests).toBeValidKubernetes({ external: ['*'], customKinds: ['snapshot.storage.k8s.io/v1/VolumeSnapshot'] });
});

describe('docs/migration.md', () => {
  beforeEach(() => {
    // A hand-written pod that runs as root has no need of an fsGroup.
    fs.chownSync(volume.root, 0, 0);
    fs.chmodSync(volume.root, 0o755);
  });

  const copyByHand = async (user: number) => run({
    rootfs: v1.rootfs,
    user,
    mounts: { [v1.nix]: '/nix:ro', [volume.root]: '/pvc' },
    command: commandIn('migration.md', 'Deployment', 'copy-nix'),
  });

  /** What the container of the Job does, as root. */
  const move = async () => run({ user: 0, mounts: { [volume.root]: '/volume' }, command: commandIn('migration.md', 'Job', 'move') });

  /** What root installs into the default profile, with the store in the volume's root as a hand-written pod has it. */
  const installAsRoot = async () => {
    const { code, stdout, stderr } = await run({
      rootfs: v1.rootfs,
      user: 0,
      mounts: { [volume.root]: '/nix', [path.join(__dirname, 'support')]: '/support:ro' },
      environment: { HOME: '/tmp/home', USER: 'root', NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =' },
      command: ['sh', '-ec', 'thing=$(nix-build --quiet --no-out-link /support/thing.nix --argstr name theirs); nix-env --profile /nix/var/nix/profiles/default --set "$thing"; echo "$thing"'],
    });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trim();
  };

  test('the hand-written copy fails for an ordinary user', async () => {
    expect(await copyByHand(1001)).toMatchObject({ code: 1, stderr: expect.stringContaining("preserving times for '/pvc/.': Operation not permitted") });
  });

  test('a store in the root of a volume is refused, moved by the Job, mended, and upgraded', async () => {
    expect((await copyByHand(0)).code).toBe(0);
    const theirs = await installAsRoot();
    const half = (await v1.paths()).find(name => name.endsWith('-package-20'))!.slice('/nix/'.length);
    await host('rm', '-rf', path.join(volume.root, half, 'share'));
    expect(await seed(v2, volume)).toMatchObject({ code: 14, stderr: expect.stringContaining("the volume holds '") });

    expect(await move()).toMatchObject({ code: 0, stderr: '' });
    expect(await move()).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readdirSync(volume.root).sort()).toEqual(['lost+found', 'nix']);
    expect(await seedWell(v2, volume)).toMatch(/bringing 1\d of 8\d paths/);

    await expectSound(volume, v2, { links: {}, paths: [theirs] });
    expect(await volume.inWorkload(v2, 'readlink -f /nix/var/nix/profiles/before-migration; nix-store --gc 2>/dev/null >&2; ls -d "$THEIRS"', { THEIRS: theirs }))
      .toEqual([theirs, theirs]);
    expect(await seedWell(v2, volume)).toContain('holds this image already');
  });

  test('without the Job, a store in nix/ keeps its default profile, and the log says so', async () => {
    fs.mkdirSync(volume.nix);
    await host('cp', '-a', path.join(v1.nix, 'store'), path.join(v1.nix, 'var'), volume.nix);
    await host('chown', '1001:1001', volume.nix);
    expect(await seedWell(v2, volume)).toContain('profile default was changed by the user and stays as it is');
  });

  test('a copy that stopped before the database is refused', async () => {
    fs.mkdirSync(path.join(volume.nix, 'store'), { recursive: true });
    await host('chown', '-R', '1001:1001', volume.nix);
    expect(await seed(v1, volume)).toMatchObject({ code: 14, stderr: expect.stringContaining("the volume holds 'store'") });
  });
});

describe('docs/operations.md', () => {
  test('the Job that copies a store to another volume leaves it warm', async () => {
    await seedWell(v1, volume);
    fs.mkdirSync(path.join(volume.root, 'home'));
    fs.writeFileSync(path.join(volume.root, 'home/notes'), 'theirs');
    await host('chown', '-R', '1001:1001', path.join(volume.root, 'home'));
    const other = await Volume.create();
    try {
      const copied = await run({ mounts: { [volume.root]: '/from:ro', [other.root]: '/to' }, command: commandIn('operations.md', 'Job', 'copy') });
      expect(copied).toMatchObject({ code: 0, stderr: '' });
      expect(await seedWell(v1, other)).toContain('holds this image already');
      await expectSound(other, v1);
      expect(fs.readFileSync(path.join(other.root, 'home/notes'), 'utf-8')).toBe('theirs');
    } finally {
      await other.dispose();
    }
  });

  test('its table has all exit codes of the init containers', () => {
    const codes = (script: string) => [...fs.readFileSync(path.join(REPOSITORY, 'scripts', script), 'utf-8').matchAll(/\b(?:die |explain |fault_code=)(?<code>\d+) /g)]
      .map(match => match.groups!.code);
    const rows = [...fs.readFileSync(path.join(REPOSITORY, 'docs/operations.md'), 'utf-8').matchAll(/^\| (?<code>\d+) \|/gm)].map(match => match.groups!.code);
    expect(rows).toEqual([...new Set(Object.keys(storeScripts()).flatMap(codes))].sort((a, b) => Number(a) - Number(b)));
  });
});
