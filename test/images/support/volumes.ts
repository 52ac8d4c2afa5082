import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/** Folders that take the place of a pod's volumes, for one test. */
export class Volumes {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'cdk8s-nix-volumes-'));

  /** An empty folder as a kubelet gives it to a pod with `fsGroup: 1001`: root's, and the group's to write. */
  public empty(name: string): string {
    const volume = path.join(this.folder, name);
    mkdirSync(volume);
    chownSync(volume, 0, 1001);
    chmodSync(volume, 0o2775);
    return volume;
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
