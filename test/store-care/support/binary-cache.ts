import * as fs from 'fs';
import * as path from 'path';
import { inWorkload } from './care';
import { USER_ID } from '../../seed/support/container';
import { Image } from '../../seed/support/image';
import { Volume } from '../../seed/support/volume';

/** A binary cache in a folder, which pods mount at /cache. */
export class FolderCache {
  public static create(volume: Volume): FolderCache {
    const folder = fs.mkdtempSync(path.join(path.dirname(volume.root), 'cache-'));
    fs.chownSync(folder, USER_ID, USER_ID);
    return new FolderCache(folder);
  }

  /** How a pod has it, and Nix trusts it. */
  public readonly pod: { readonly mounts: { [source: string]: string }; readonly environment: { [name: string]: string } };

  private constructor(public readonly folder: string) {
    this.pod = {
      mounts: { [folder]: '/cache' },
      environment: {
        NIX_CONFIG: ['sandbox = false', 'build-users-group =', 'filter-syscalls = false', 'substituters = file:///cache', 'require-sigs = false',
          'experimental-features = nix-command flakes'].join('\n'),
      },
    };
  }

  /** Keeps what lies in the store of a volume. */
  public async copy(image: Image, volume: Volume, paths: string[]) {
    await inWorkload(image, volume, `nix copy --to file:///cache ${paths.join(' ')}`, this.pod);
  }
}
