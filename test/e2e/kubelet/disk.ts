import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { Size } from 'cdk8s';

/**
 * A persistent volume as a block device's driver leaves it: ext4 of the size asked for, `lost+found` in it, its root
 * root:root 0755. The size is only promised to the file system, not taken from the machine.
 */
export class Disk {
  constructor(
    /** Where it is mounted on this machine. */
    public readonly folder: string,
    quantity: string,
  ) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.image, '');
    truncateSync(this.image, bytes(quantity));
    execFileSync('mkfs.ext4', ['-q', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', this.image], { env: withAdminPath() });
    execFileSync('mount', ['-o', 'loop', this.image, folder]);
  }

  /** What lies on the volume's root, but for what mkfs put there. */
  public get entries(): string[] {
    return readdirSync(this.folder).filter(name => name !== 'lost+found').sort();
  }

  public destroy(): void {
    execFileSync('umount', [this.folder]);
    rmSync(this.image);
    rmSync(this.folder, { recursive: true });
  }

  private get image(): string {
    return `${this.folder}.ext4`;
  }
}

function bytes(quantity: string): number {
  const [, amount, unit] = /^(\d+)(Ki|Mi|Gi|Ti)$/.exec(quantity) ?? [];
  const units: Record<string, (n: number) => Size> = { Ki: Size.kibibytes, Mi: Size.mebibytes, Gi: Size.gibibytes, Ti: Size.tebibytes };
  if (!unit) {
    throw new Error(`a claim for "${quantity}" is not played: use whole Ki, Mi, Gi or Ti`);
  }
  return units[unit](Number(amount)).toKibibytes() * 1024;
}

function withAdminPath(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}
