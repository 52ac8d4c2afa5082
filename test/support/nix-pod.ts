import { execFileSync, spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';

const CONTAINER = path.join(__dirname, '../seed/support/container.sh');
/** The user of the pods. */
export const USER = 1001;

/** The root file system of the pods. The machine's own Nix may be years old. */
function rootfs(): string {
  const script = path.join(__dirname, 'debian-rootfs.sh');
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
