import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const repository = path.join(__dirname, '..', '..');

export interface RunOptions {
  /** Variables beside PATH; HOME and USER are set only where named here. */
  readonly env?: Record<string, string>;
  /** Numeric user and group. @default '1001:1001', for which there is no passwd entry */
  readonly user?: string;
  /** Commands that run as root in the container's mount namespace first, with the container's folder as working directory. */
  readonly prepare?: string;
}

export interface RunResult {
  readonly status: number;
  readonly output: string;
}

/**
 * A container as a restricted pod sees it: Debian with Nix, no network, a user without passwd entry, writable /nix, HOME and /tmp.
 * Programs come from the shared root file system, which stays untouched; what a run leaves in /nix, /home and /tmp is there for the next.
 */
export class NixContainer {
  public static readonly path = '/usr/bin:/bin';

  /** The value of HOME_MANAGER_OVERRIDE_INPUTS that takes the place of the network. */
  public static readonly overrides = 'nixpkgs=path:/opt/stand-ins/nixpkgs home-manager=path:/opt/stand-ins/home-manager';

  /** Where the container's folders are on this machine. */
  public readonly root: string;

  private readonly rootfs: string;

  public constructor() {
    this.rootfs = spawnSync('sh', [path.join(repository, 'test/support/debian-rootfs.sh'), 'trixie', 'trixie-nix', 'nix-bin', 'busybox-static', 'patchelf'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout.trim();
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), 'nix-container-'));
    fs.chmodSync(this.root, 0o755);
    for (const folder of ['usr', 'etc/nix', 'proc', 'dev', 'tmp', 'opt/cdk8s-nix', 'opt/stand-ins']) {
      fs.mkdirSync(path.join(this.root, folder), { recursive: true });
    }
    for (const link of ['bin', 'sbin', 'lib', 'lib64']) {
      fs.symlinkSync(`usr/${link}`, path.join(this.root, link));
    }
    fs.chmodSync(path.join(this.root, 'tmp'), 0o1777);
    this.write('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnode:x:1002:1002::/srv/node:/bin/sh\n');
    this.write('etc/group', 'root:x:0:\n');
    this.write('etc/nix/nix.conf', 'substituters =\nsandbox = false\nfilter-syscalls = false\nbuild-users-group =\nextra-platforms = aarch64-linux\n');
    this.addFolder('nix/store', '1001:1001');
    this.addFolder('nix/var', '1001:1001');
    this.addFolder('nix/var/nix', '1001:1001');
    this.addFolder('home/code', '1001:1001');

    // As in an image: the script, and beside it the flake.
    fs.copyFileSync(path.join(repository, 'images/install-container.sh'), path.join(this.root, 'opt/cdk8s-nix/install-container.sh'));
    fs.cpSync(path.join(repository, 'nix'), path.join(this.root, 'opt/cdk8s-nix/nix'), { recursive: true });
    fs.cpSync(path.join(__dirname, 'stand-ins'), path.join(this.root, 'opt/stand-ins'), { recursive: true });
    // The stand-ins build with it.
    fs.mkdirSync(path.join(this.root, 'opt/stand-ins/nixpkgs/bin'));
    fs.copyFileSync(path.join(this.rootfs, 'bin/busybox'), path.join(this.root, 'opt/stand-ins/nixpkgs/bin/busybox'));
  }

  public addFolder(name: string, owner: string, mode = 0o755): void {
    const folder = path.join(this.root, name);
    fs.mkdirSync(folder, { recursive: true });
    fs.chownSync(folder, Number(owner.split(':')[0]), Number(owner.split(':')[1]));
    fs.chmodSync(folder, mode);
  }

  public write(name: string, content: string, mode = 0o644): void {
    const file = path.join(this.root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    fs.chmodSync(file, mode);
  }

  public read(name: string): string {
    return fs.readFileSync(path.join(this.root, name), 'utf8');
  }

  /** Also true for a link that leads nowhere outside of the container. */
  public has(name: string): boolean {
    return fs.lstatSync(path.join(this.root, name), { throwIfNoEntry: false }) !== undefined;
  }

  /** A new emptyDir at HOME. */
  public emptyHome(owner = '1001:1001', mode = 0o755): void {
    fs.rmSync(path.join(this.root, 'home/code'), { recursive: true, force: true });
    this.addFolder('home/code', owner, mode);
  }

  /** A new store volume and a new HOME. */
  public reset(): void {
    for (const folder of ['nix', 'tmp']) {
      fs.rmSync(path.join(this.root, folder), { recursive: true, force: true });
    }
    this.addFolder('tmp', '0:0', 0o1777);
    this.addFolder('nix/store', '1001:1001');
    this.addFolder('nix/var', '1001:1001');
    this.addFolder('nix/var/nix', '1001:1001');
    this.emptyHome();
  }

  public run(script: string, options: RunOptions = {}): RunResult {
    const environment = Object.entries({ PATH: NixContainer.path, ...options.env }).map(([name, value]) => `${name}=${value}`);
    const result = spawnSync('unshare', [
      '--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-euc', `
        cd "$1"
        mount --bind "$2/usr" usr
        mount -o remount,ro,bind usr
        mount -t proc proc proc
        mount --rbind /dev dev
        ${options.prepare ?? ''}
        user=$3; script=$4; root=$1; shift 4
        exec chroot --userspec="$user" --groups= "$root" /usr/bin/env -i "$@" /bin/sh -c "$script"
      `, 'container', this.root, this.rootfs, options.user ?? '1001:1001', script, ...environment,
    ], { encoding: 'utf8' });
    return { status: result.status ?? -1, output: `${result.stdout}${result.stderr}` };
  }

  public remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
