import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, run, USER_ID } from './container';
import { Image } from './image';

export interface VolumeOptions {
  /** @default 400 */
  readonly mebibytes?: number;
  /** @default as many as the size suggests */
  readonly inodes?: number;
  /** Further options of mkfs.ext4. @default none */
  readonly mkfs?: string[];
  /** Mount options. @default none */
  readonly mount?: string;
  /** Who owns the root folder, and how. @default as the kubelet leaves it with fsGroup 1001 */
  readonly owner?: { readonly uid: number; readonly gid: number; readonly mode: number };
}

/** A volume as a cluster gives it: an ext4 of its own with lost+found, whose root folder belongs to root and the fsGroup. */
export class Volume {
  public static async create(options: VolumeOptions = {}): Promise<Volume> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-volume-'));
    const volume = new Volume(folder, options.mount);
    await host('truncate', '-s', `${options.mebibytes ?? 400}M`, volume.disk);
    await host('mkfs.ext4', '-q', '-m', '0', ...(options.inodes ? ['-N', String(options.inodes)] : []), ...(options.mkfs ?? []), volume.disk);
    await volume.attach();
    const owner = options.owner ?? { uid: 0, gid: USER_ID, mode: 0o2775 };
    fs.chownSync(volume.root, owner.uid, owner.gid);
    fs.chmodSync(volume.root, owner.mode);
    return volume;
  }

  /** Where it is mounted on the machine. */
  public readonly root: string;
  private disk: string;

  private constructor(private readonly folder: string, private readonly mountOptions?: string) {
    this.root = path.join(folder, 'root');
    this.disk = path.join(folder, 'disk');
  }

  public get nix(): string {
    return path.join(this.root, 'nix');
  }

  /** The content of a file below nix/. */
  public read(file: string): string {
    return fs.readFileSync(path.join(this.nix, file), 'utf-8');
  }

  public exists(file: string): boolean {
    return fs.lstatSync(path.join(this.nix, file), { throwIfNoEntry: false }) !== undefined;
  }

  /** All files and folders below a folder of nix/, relative to it. */
  public async list(folder: string): Promise<string[]> {
    return (await host('find', path.join(this.nix, folder), '-mindepth', '1', '-printf', '%P\n')).split('\n').filter(line => line !== '');
  }

  /** A volume with the same content. */
  public async clone(): Promise<Volume> {
    await host('sync', '-f', this.root);
    const copy = new Volume(fs.mkdtempSync(path.join(os.tmpdir(), 'seed-volume-')), this.mountOptions);
    await host('cp', '--sparse=always', this.disk, copy.disk);
    await copy.attach();
    return copy;
  }

  /** The node loses its power: what was not synced is gone. Needs nobody to be using the volume any more. */
  public async losePower() {
    await this.die();
    await this.detach();
    // Some other mount namespace of the machine may keep the dead file system for a while; what is on the disk is final.
    const disk = `${this.disk}-again`;
    await host('cp', '--sparse=always', this.disk, disk);
    await host('rm', this.disk);
    this.disk = disk;
    await this.attach();
  }

  /** Its disk is gone, for good: nothing can be written any more. */
  public async die() {
    // EXT4_IOC_SHUTDOWN without flushing the log.
    await host('perl', '-e', 'open(my $root, "<", $ARGV[0]) or die; my $how = pack("L", 2); ioctl($root, 0x8004587d, $how) or die "ioctl: $!"', this.root);
  }

  /** The kernel finds an error on it; mounted with `errors=remount-ro`, it turns read-only. */
  public async findError() {
    const device = (await host('findmnt', '-n', '-o', 'SOURCE', this.root)).trim();
    fs.writeFileSync(`/sys/fs/ext4/${path.basename(device)}/trigger_fs_error`, '1');
  }

  public async remount(options: string) {
    await host('mount', '-o', `remount,${options}`, this.root);
  }

  public async dispose() {
    await this.detach();
    await host('rm', '-rf', this.folder);
  }

  /** Lines that a shell script prints in a workload on this volume: the store is at /nix. */
  public async inWorkload(image: Image, script: string, environment: { [name: string]: string } = {}): Promise<string[]> {
    const { code, stdout, stderr } = await run({
      rootfs: image.rootfs,
      mounts: { [this.nix]: '/nix', [__dirname]: '/support:ro' },
      environment: {
        HOME: '/tmp/home',
        USER: 'code',
        NIX_CONFIG: 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =',
        ...environment,
      },
      command: ['sh', '-ec', script],
    });
    if (code !== 0) {
      throw new Error(`in the workload, \`${script}\` ended with ${code}: ${stderr}${stdout}`);
    }
    return stdout.split('\n').filter(line => line !== '');
  }

  private async attach() {
    fs.mkdirSync(this.root, { recursive: true });
    await host('mount', '-o', ['loop', ...(this.mountOptions ? [this.mountOptions] : [])].join(','), this.disk, this.root);
  }

  private async detach() {
    await host('umount', this.root);
  }
}
