import * as fs from 'fs';
import * as path from 'path';
import { Finished, host, REPOSITORY, run } from './support/container';
import { Image } from './support/image';
import { Random } from './support/random';
import { seedWell } from './support/seeder';
import { Volume } from './support/volume';

/** Who a pod on OpenShift runs as: ids that its namespace was given, in group 0. */
interface NamespaceUser {
  readonly user: number;
  readonly group: 0;
  /** The fsGroup, which is the namespace's too. */
  readonly groups: [number];
}

const random = new Random(Number(process.env.SEED_TEST_RANDOM ?? Math.floor(Math.random() * 1e9)));

function newNamespace(): NamespaceUser {
  const first = 1000600000 + random.below(40000) * 10000;
  return { user: first + random.below(10000), group: 0, groups: [first] };
}

/** What the kubelet does to a volume whose root belongs to another group than the pod's fsGroup. */
async function giveTo(volume: Volume, { groups: [fsGroup] }: NamespaceUser) {
  await host('chgrp', '-hR', String(fsGroup), volume.root);
  await host('find', volume.root, '-type', 'd', '-exec', 'chmod', 'ug+rwx,g+s', '{}', '+');
  await host('find', volume.root, '-type', 'f', '-exec', 'chmod', 'ug+rw', '{}', '+');
}

/** A script in a container that sees the volume as the workload does, or as the init container check-nix-store. */
async function container(volume: Volume, image: Image, user: NamespaceUser, script: string): Promise<Finished> {
  return run({
    ...user,
    rootfs: image.rootfs,
    mounts: {
      [volume.nix]: '/nix',
      [volume.root]: '/mnt/nix-home',
      [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro',
      [path.join(__dirname, 'support')]: '/support:ro',
    },
    environment: {
      HOME: '/mnt/nix-home/home',
      USER: 'code',
      NIX_HOME_FOLDER: '/mnt/nix-home/home',
      NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =',
    },
    command: ['sh', '-ec', script],
  });
}

const CHECK = 'sh /opt/cdk8s-nix/check-nix-store.sh';
const INSTALL = `
  nix-env --profile /nix/var/nix/profiles/per-user/code/profile --set "$(nix-build --quiet --no-out-link /support/thing.nix --argstr name "$NAME")"
  ln -sfn /nix/var/nix/profiles/per-user/code/profile "$HOME/.nix-profile"`;

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  let v1: Image;
  let v2: Image;
  let volume: Volume;
  const first = newNamespace();
  const second = newNamespace();

  beforeAll(async () => {
    v1 = await Image.build({ version: '1', release });
    v2 = await Image.build({ version: '2', release });
    volume = await Volume.create({ owner: { uid: 0, gid: first.groups[0], mode: 0o2775 } });
  });
  afterAll(async () => volume?.dispose());

  async function inPod(user: NamespaceUser, image: Image, script: string): Promise<string> {
    const { code, stdout, stderr } = await container(volume, image, user, `${CHECK} >&2; export NAME; ${script}`);
    expect(`${code} ${stderr.replace(/^check-nix-store: .*\n|^this derivation will be built:\n.*\n|^building .*\n/gm, '')}`).toBe('0 ');
    return stdout;
  }

  test('a user without a name or a home of its own seeds, installs and verifies', async () => {
    expect(await seedWell(v1, volume, first)).toContain('seeded');
    await inPod(first, v1, `mkdir -p /nix/var/nix/profiles/per-user/code; NAME=first; ${INSTALL}`);
    expect(await inPod(first, v1, 'nix-store --verify --check-contents 2>&1')).not.toMatch(/error|modified|corrupt/);
    expect(await inPod(first, v1, 'readlink -f "$HOME/.nix-profile"')).toContain('-thing-first');
    expect(fs.statSync(path.join(volume.nix, 'store')).uid).toBe(first.user);
  });

  test('its namespace made anew: another user starts warm, keeps what is installed, installs more and collects garbage', async () => {
    const before = fs.readdirSync(path.join(volume.nix, 'var/nix/profiles/per-user/code')).sort();
    await giveTo(volume, second);

    expect(await seedWell(v1, volume, second)).toContain('holds this image already');

    expect(fs.readdirSync(path.join(volume.nix, 'var/nix/profiles/per-user/code')).sort()).toEqual(before);
    expect(await inPod(second, v1, 'readlink -f "$HOME/.nix-profile"')).toContain('-thing-first');
    expect(fs.statSync(path.join(volume.root, 'home')).uid).toBe(second.user);
    await inPod(second, v1, `NAME=second; ${INSTALL}`);
    expect(await inPod(second, v1, 'readlink -f "$HOME/.nix-profile"')).toContain('-thing-second');
    await inPod(second, v1, `
      nix-env --profile /nix/var/nix/profiles/per-user/code/profile --delete-generations old 2>/dev/null
      nix-store --gc >/dev/null 2>&1`);
    expect(fs.readdirSync(path.join(volume.nix, 'store')).filter(name => name.endsWith('-thing-first'))).toEqual([]);
    expect(await inPod(second, v1, 'nix-store --verify --check-contents 2>&1')).not.toMatch(/error|modified|corrupt/);
  });

  test('and upgrades to the next image', async () => {
    expect(await seedWell(v2, volume, second)).toContain('seeded');
    expect(await inPod(second, v2, 'nix-store --verify --check-contents 2>&1')).not.toMatch(/error|modified|corrupt/);
    const paths = await v2.paths();
    expect(await inPod(second, v2, `nix-store --check-validity --print-invalid ${paths.join(' ')}`)).toBe('');
  });

  test('a user outside of the group is refused in words', async () => {
    const stranger = { ...newNamespace(), group: 65534 };
    const { code, stderr } = await container(volume, v2, stranger as unknown as NamespaceUser, CHECK);
    expect(code).toBe(61);
    expect(stderr).toContain(`the home on the volume cannot be made or taken over by user ${stranger.user}, group 65534`);
  });
});
