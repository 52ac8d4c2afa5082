import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { REPOSITORY } from '../../test/seed/support/container';
import { busyboxImage } from '../../test/support/images';
import { inNixPod, USER } from '../../test/support/nix-pod';
import { podman } from '../../test/support/podman';

/** A program with all it needs, as a binary cache and as an image in a registry have it. */
export interface Closure {
  /** Holds `cache`, a binary cache, and `image`, an OCI layout. */
  readonly folder: string;
  readonly publicKey: string;
  readonly program: string;
  readonly mebibytes: number;
  readonly paths: number;
  /** What has to cross a line for it, in MiB. */
  readonly compressed: { readonly cache: number; readonly image: number };
}

/** What the closure is in the registry. */
export const REPOSITORY_NAME = 'program';

/** Made once and kept. */
export async function programClosure(quick: boolean): Promise<Closure> {
  const source = path.join(__dirname, 'closure.nix');
  const key = createHash('sha256').update(fs.readFileSync(source)).update(MAKE).digest('hex').slice(0, 8);
  const folder = path.join(REPOSITORY, 'bench/work/program', `${quick ? 'quick' : 'full'}-${key}`);
  const facts = path.join(folder, 'facts.json');
  if (!fs.existsSync(facts)) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(path.join(folder, 'make'), { recursive: true });
    fs.writeFileSync(facts + '.part', JSON.stringify(await make(folder, source, quick)));
    fs.renameSync(facts + '.part', facts);
  }
  return { folder, ...JSON.parse(fs.readFileSync(facts, 'utf-8')) };
}

async function make(folder: string, source: string, quick: boolean): Promise<Omit<Closure, 'folder'>> {
  const work = path.join(folder, 'make');
  fs.copyFileSync(source, path.join(work, 'closure.nix'));
  fs.chownSync(work, USER, USER);
  const { code, output } = await inNixPod(work, ['substituters ='], MAKE, quick ? '4' : '40', '40');
  if (code !== 0) {
    throw new Error(`no closure to measure with:\n${output}`);
  }
  fs.renameSync(path.join(work, 'cache'), path.join(folder, 'cache'));
  makeImage(path.join(work, 'root'), path.join(folder, 'image'));
  const store = fs.readdirSync(path.join(work, 'root/nix/store')).filter(name => !name.startsWith('.'));
  const result = {
    publicKey: fs.readFileSync(path.join(work, 'public-key'), 'utf-8').trim(),
    program: `/nix/store/${store.find(name => name.endsWith('-serve-1.0.0'))!}/bin/serve`,
    paths: store.length,
    mebibytes: mebibytesIn(path.join(work, 'root')),
    compressed: { cache: mebibytesIn(path.join(folder, 'cache')), image: mebibytesIn(path.join(folder, 'image')) },
  };
  fs.rmSync(work, { recursive: true });
  return result;
}

/** The closure on top of a busybox, and nothing else. */
function makeImage(root: string, layout: string): void {
  fs.writeFileSync(path.join(root, 'Containerfile'), `FROM ${busyboxImage()}\nCOPY nix/store /nix/store\n`);
  const image = `localhost/cdk8s-nix-bench/${REPOSITORY_NAME}`;
  podman(['build', '--quiet', '--pull=never', '--network', 'none', '--tag', image, root]);
  podman(['push', '--quiet', '--format', 'oci', '--compression-format', 'gzip', image, `oci:${layout}:latest`]);
  podman(['rmi', image]);
}

function mebibytesIn(folder: string): number {
  const sizes = fs.readdirSync(folder, { withFileTypes: true, recursive: true } as any) as unknown as Array<fs.Dirent & { path: string }>;
  const bytes = sizes.filter(entry => entry.isFile()).reduce((sum, entry) => sum + fs.statSync(path.join(entry.path, entry.name)).size, 0);
  return Math.round(bytes / 2 ** 20);
}

const MAKE = `
cd /mnt/work
nix-store --generate-binary-cache-key bench-1 /tmp/secret-key public-key
program=$(nix-build --no-out-link closure.nix --arg count "$1" --arg part "$2")
nix copy --to 'file:///mnt/work/cache?secret-key=/tmp/secret-key' "$program"
nix copy --no-check-sigs --to 'local?root=/mnt/work/root' "$program"
chmod -R u+w root
rm -rf root/nix/var root/nix/store/.links
`;
