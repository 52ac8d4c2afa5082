import * as kplus from 'cdk8s-plus-28';
import { checkArguments } from '../base/argument-check';
import { Problems } from '../base/problems';
import { NixImage } from '../image/nix-image';

/**
 * How the store is seeded.
 */
export interface NixSeedOptions {
  /**
   * How the seed image's `/nix` comes to where it is copied from.
   *
   * @default NixSeedSource.initContainer()
   */
  readonly source?: NixSeedSource;

  /**
   * Resources of the init containers that seed the store and look whether it is there.
   *
   * @default - `containerResources` of the environment. Without those the seed requests 100m CPU and 64Mi memory, limited to 512Mi memory and the
   * size limit of a store in memory, and the look 10m CPU and 16Mi memory, limited to 64Mi memory
   */
  readonly resources?: kplus.ContainerResources;

  /**
   * When the images of our init containers are pulled.
   *
   * @default - if not present; always if the reference is not pinned
   */
  readonly imagePullPolicy?: kplus.ImagePullPolicy;

  /**
   * How many store paths are copied at once, 1 to 64.
   *
   * @default - the script decides
   */
  readonly jobs?: number;

  /**
   * Write the progress as JSON lines rather than as text.
   *
   * @default false
   */
  readonly jsonLog?: boolean;
}

/**
 * How the seed image's `/nix` comes to where it is copied from.
 *
 * @example NixSeedSource.imageVolume('registry.example.org/busybox:1.37.0')
 */
export class NixSeedSource {
  /**
   * The seed image runs as an init container and copies its own `/nix`. Works on every cluster; the image needs a shell.
   */
  public static initContainer(): NixSeedSource {
    checkArguments('NixSeedSource.initContainer', arguments);
    return new NixSeedSource();
  }

  /**
   * The seed image is mounted as a read-only image volume, and an init container of another image copies from it: for seed images
   * that have no shell, or must not run.
   *
   * Needs Kubernetes 1.35, or 1.33 with the feature gate `ImageVolume`, and a container runtime that can mount a folder of an image.
   *
   * @param shellImage the image that runs the scripts: a POSIX shell and GNU coreutils, for example a pinned Debian
   */
  public static imageVolume(shellImage: string): NixSeedSource {
    checkArguments('NixSeedSource.imageVolume', arguments);
    return new NixSeedSource(shellImage);
  }

  private constructor(
    /**
     * The image that runs the scripts; none if it is the seed image itself.
     *
     * @internal
     */
    public readonly _shellImage?: string,
  ) {}
  /**
   * @internal
   */
  public _validate(problems: Problems): void {
    if (this._shellImage !== undefined) {
      NixImage.of(this._shellImage)._validate(problems, 'seed.source.shellImage');
    }
  }
}
