import * as fs from 'fs';
import * as path from 'path';
import { FolderCache } from './binary-cache';
import { care, CareOptions, Cared, inWorkload } from './care';
import { host, USER_ID } from '../../seed/support/container';
import { Image } from '../../seed/support/image';
import { seedWell } from '../../seed/support/seeder';
import { Volume } from '../../seed/support/volume';

/** What a script works on that brings things into a store: a seeded volume, and beside it the folder of a flake, which pods mount at /flake. */
export class StoreWithFlake {
  /**
   * Gives each test of the block a store and a folder of its own.
   *
   * @param release of Nix
   * @param files what the flake is at first, by their paths in its folder
   */
  public static forEachTest(release: '2.8' | '2.26', files: { [file: string]: string }): StoreWithFlake {
    const store = new StoreWithFlake();
    let seeded: Volume;
    beforeAll(async () => {
      store.ownImage = await Image.build({ version: '1', release });
      seeded = await Volume.create();
      await seedWell(store.image, seeded);
    });
    afterAll(async () => seeded.dispose());
    beforeEach(async () => {
      store.ownVolume = await seeded.clone();
      fs.mkdirSync(store.flake);
      await store.write(files);
    });
    afterEach(async () => store.volume.dispose());
    return store;
  }

  private ownImage?: Image;
  private ownVolume?: Volume;

  private constructor() {}

  /** The image it was seeded from. */
  public get image(): Image {
    return this.ownImage!;
  }

  public get volume(): Volume {
    return this.ownVolume!;
  }

  /** The folder of the flake, on the machine. */
  public get flake(): string {
    return path.join(path.dirname(this.volume.root), 'flake');
  }

  public async write(files: { [file: string]: string }) {
    for (const [file, content] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(this.flake, file)), { recursive: true });
      fs.writeFileSync(path.join(this.flake, file), content);
    }
    await host('chown', '-R', `${USER_ID}:${USER_ID}`, this.flake);
  }

  /** Runs one of our scripts to its end, however that is. */
  public async care(script: string, args: string[], options: CareOptions = {}): Promise<Cared> {
    return care(script, this.image, this.volume, { ...options, args, mounts: { [this.flake]: '/flake', ...options.mounts } });
  }

  /** The same for one that must succeed, without a complaint. */
  public async careWell(script: string, args: string[], options: CareOptions = {}): Promise<Cared> {
    const cared = await this.care(script, args, options);
    expect({ code: cared.code, stderr: cared.stderr }).toEqual({ code: 0, stderr: '' });
    return cared;
  }

  public async collectGarbage() {
    expect(await care('collect-garbage', this.image, this.volume)).toMatchObject({ code: 0 });
  }

  /** Whether a store path is there. */
  public exists(storePath: string): boolean {
    return this.volume.exists(storePath.slice('/nix/'.length));
  }

  /**
   * Builds something that only a binary cache has from then on.
   *
   * @param build prints its store path, or several
   */
  public async cached(build: string): Promise<{ readonly wanted: string; readonly cache: FolderCache }> {
    const paths = await inWorkload(this.image, this.volume, build, { mounts: { [this.flake]: '/flake' } });
    const cache = FolderCache.create(this.volume);
    await cache.copy(this.image, this.volume, paths);
    await this.collectGarbage();
    expect(paths.filter(made => this.exists(made))).toEqual([]);
    return { wanted: paths[0], cache };
  }
}
