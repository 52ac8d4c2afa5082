import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { host, REPOSITORY, run, USER_ID } from './container';
import { lock } from '../../support/lock';

export interface ImageProps {
  /** Packages that differ between versions carry it. */
  readonly version: string;
  /** @default 40 */
  readonly packages?: number;
  /** How many of the packages differ from other versions. @default 5 */
  readonly changed?: number;
  /** How many numbers the last package has in it; a line each. @default no more than others */
  readonly large?: number;
  /** `whole`: Nix with its libraries, as real images have it; `thin`: links to the Nix of the root file system. @default thin */
  readonly nix?: 'whole' | 'thin';
  /** Which Nix: Debian 12 has 2.8, trixie 2.26. @default 2.8 */
  readonly release?: '2.8' | '2.26';
  /** Whether the image carries a recording of what it ships. @default false */
  readonly recorded?: boolean;
}

/** A seed image: a root file system, and the folder that lies at /nix in it. */
export class Image {
  public static async build(props: ImageProps): Promise<Image> {
    const rootfs = await rootfsWithNix(props.release ?? '2.8');
    const scripts = path.join(REPOSITORY, 'scripts');
    const sources = [
      path.join(__dirname, 'image.nix'),
      path.join(__dirname, 'build-image.sh'),
      ...(props.recorded ? fs.readdirSync(scripts).filter(name => /^(seed|record)-/.test(name)).sort().map(name => path.join(scripts, name)) : []),
    ];
    const key = createHash('sha256').update(JSON.stringify(props));
    sources.forEach(source => key.update(fs.readFileSync(source)));
    const folder = path.join(REPOSITORY, '.cache/seed-images', key.digest('hex').slice(0, 16));
    const image = new Image(rootfs, path.join(folder, 'nix'));
    const unlock = lock(`seed-image-${path.basename(folder)}`);
    try {
      if (!fs.existsSync(path.join(folder, 'complete'))) {
        await image.make(props);
        fs.writeFileSync(path.join(folder, 'complete'), '');
      }
    } finally {
      unlock();
    }
    return image;
  }

  private constructor(public readonly rootfs: string, public readonly nix: string) {}

  /** The store paths it ships. */
  public async paths(): Promise<string[]> {
    return nixStore(this.rootfs, this.nix, '--query --requisites /nix/var/nix/profiles/default');
  }

  /** The store path of its default profile. */
  public get profile(): string {
    const link = fs.readlinkSync(path.join(this.nix, 'var/nix/profiles/default'));
    return fs.readlinkSync(path.join(this.nix, 'var/nix/profiles', link));
  }

  /** A copy to spoil, in a folder that does not exist yet. */
  public async copyTo(folder: string): Promise<Image> {
    await host('cp', '-a', this.nix, folder);
    return new Image(this.rootfs, folder);
  }

  private async make(props: ImageProps) {
    await host('rm', '-rf', path.dirname(this.nix));
    fs.mkdirSync(this.nix, { recursive: true });
    fs.chownSync(this.nix, USER_ID, USER_ID);
    const built = await run({
      rootfs: this.rootfs,
      mounts: { [this.nix]: '/nix', [__dirname]: '/support:ro' },
      command: ['sh', '/support/build-image.sh', props.version, String(props.packages ?? 40), String(props.changed ?? 5), props.nix ?? 'thin', String(props.large ?? 0)],
    });
    if (built.code !== 0) {
      throw new Error(`building the image failed: ${built.stderr}`);
    }
    if (props.recorded) {
      await this.record();
    }
  }

  /** Records what it ships, as the last step of an image build does. */
  public async record() {
    const recorded = await run({
      rootfs: this.rootfs,
      mounts: { [this.nix]: '/nix', [path.join(REPOSITORY, 'scripts')]: '/scripts:ro' },
      command: ['sh', '/scripts/record-seed-image.sh'],
    });
    if (recorded.code !== 0) {
      throw new Error(`recording failed: ${recorded.stderr}`);
    }
  }
}

export async function rootfsWithNix(release: '2.8' | '2.26'): Promise<string> {
  if (release === '2.8') {
    return '/';
  }
  const script = path.join(REPOSITORY, 'test/support/debian-rootfs.sh');
  return (await host('sh', script, 'trixie', 'trixie-nix', 'nix-bin', 'busybox-static', 'patchelf')).trim();
}

/** Lines that nix-store prints, run on a folder as its /nix. */
export async function nixStore(rootfs: string, nix: string, args: string): Promise<string[]> {
  const { code, stdout, stderr } = await run({
    rootfs,
    mounts: { [nix]: '/nix' },
    command: ['sh', '-c', `HOME=/tmp/home USER=code exec nix-store ${args}`],
  });
  if (code !== 0) {
    throw new Error(`nix-store ${args} ended with ${code}: ${stderr}`);
  }
  return stdout.split('\n').filter(line => line !== '');
}
