import { execFileSync, spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';

const CONTAINER = path.join(__dirname, '../../seed/support/container.sh');
const USER = 1001;

/** The root file system of the pods. The machine's own Nix may be years old. */
function rootfs(): string {
  const script = path.join(__dirname, '../../support/debian-rootfs.sh');
  return execFileSync('sh', [script, 'trixie', 'trixie-nix', 'nix-bin', 'busybox-static', 'patchelf'], { encoding: 'utf-8' }).trim();
}

/** Without these folders Nix would make a store below HOME. */
const PREPARE = 'mkdir -p "$HOME" /nix/store /nix/var/nix\n';

export interface Result {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Run a shell script in a pod of its own with Nix: an empty /nix, an ordinary user, `folder` at /mnt/work.
 *
 * @param settings nix.conf
 */
export async function inNixPod(folder: string, settings: string[], script: string, ...args: string[]): Promise<Result> {
  const nix = fs.mkdtempSync(path.join(folder, 'nix-'));
  fs.chownSync(nix, USER, USER);
  const conf = ['sandbox = false', 'build-users-group =', 'experimental-features = nix-command', ...settings].join('\n');
  const child = spawn('sh', [CONTAINER, rootfs(), `${USER}:${USER}:${USER}`, `${nix}:/nix ${folder}:/mnt/work /etc/hosts:/etc/hosts:ro`, 'sh', '-euc', PREPARE + script, 'sh', ...args], {
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/tmp/home', USER: 'code', NIX_CONFIG: conf },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', chunk => output += chunk);
  child.stderr.on('data', chunk => output += chunk);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ code, output }));
  });
}

/** Realise paths in an empty store. */
export function realise(folder: string, settings: string[], ...storePaths: string[]): Promise<Result> {
  return inNixPod(folder, settings, 'nix-store --realise "$@"; for path; do wc -c < "$path/data"; done; nix-store --verify --check-contents', ...storePaths);
}

export interface CachedPath {
  readonly storePath: string;
  /** The names of its files in the binary cache. */
  readonly narInfo: string;
  readonly nar: string;
}

export interface SignedCache {
  readonly folder: string;
  readonly publicKey: string;
  readonly paths: { [name: string]: CachedPath };
}

/** A binary cache as `nix copy` makes it, signed, with a path of random bytes for each name. */
export async function makeBinaryCache(folder: string, key: string, sizes: { [name: string]: number }): Promise<SignedCache> {
  const cache = path.join(folder, key);
  fs.mkdirSync(cache);
  fs.chownSync(cache, USER, USER);
  fs.writeFileSync(path.join(folder, 'random.nix'), RANDOM);
  const { code, output } = await inNixPod(folder, ['substituters ='], MAKE_CACHE, key, ...Object.entries(sizes).map(([name, bytes]) => `${name} ${bytes}`));
  if (code !== 0) {
    throw new Error(`no binary cache:\n${output}`);
  }
  const paths = Object.keys(sizes).map((name): [string, CachedPath] => {
    const storePath = new RegExp(`^/nix/store/\\S+-${name}$`, 'm').exec(output)![0];
    const narInfo = `${path.basename(storePath).slice(0, 32)}.narinfo`;
    const nar = /^URL: (.+)$/m.exec(fs.readFileSync(path.join(cache, narInfo), 'utf-8'))![1];
    return [name, { storePath, narInfo, nar }];
  });
  return { folder: cache, publicKey: fs.readFileSync(path.join(cache, 'public-key'), 'utf-8').trim(), paths: Object.fromEntries(paths) };
}

const RANDOM = `{ name, bytes }: derivation {
  inherit name bytes;
  system = builtins.currentSystem;
  builder = "/bin/sh";
  PATH = "/usr/bin:/bin";
  args = [ "-c" "mkdir $out; head -c $bytes /dev/urandom > $out/data" ];
}
`;

const MAKE_CACHE = `
key=$1
shift
nix-store --generate-binary-cache-key "$key" /tmp/secret-key "/mnt/work/$key/public-key"
for path in "$@"; do
  nix-build --no-out-link /mnt/work/random.nix --argstr name "\${path% *}" --argstr bytes "\${path#* }" >> /tmp/paths
done
nix copy --to "file:///mnt/work/$key?compression=none&secret-key=/tmp/secret-key" $(cat /tmp/paths)
cat /tmp/paths
`;
