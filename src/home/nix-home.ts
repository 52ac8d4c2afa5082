import { Size } from 'cdk8s';

/**
 * Options of `NixHome.ephemeral`.
 */
export interface EphemeralHomeOptions {
  /**
   * The most the home may hold; the pod is evicted above it.
   *
   * @default - no limit
   */
  readonly sizeLimit?: Size;
}

/**
 * Where the home folder of the user lives.
 *
 * Nix refuses a HOME that belongs to somebody else, so an init container makes the folder as the user of the
 * pod, whichever volume it is on.
 */
export class NixHome {
  /**
   * In the folder `home/` of the store volume: it lives as long as the store does. The profile links
   * in a home point into the store, so the two belong together.
   */
  public static onStoreVolume(): NixHome {
    return new NixHome(true);
  }

  /**
   * In an emptyDir: every pod starts with an empty home.
   *
   * @param options the size limit
   */
  public static ephemeral(options: EphemeralHomeOptions = {}): NixHome {
    return new NixHome(false, options.sizeLimit);
  }

  private constructor(
    /** Whether the home is on the store volume. */
    public readonly isOnStoreVolume: boolean,
    /** The most an ephemeral home may hold. */
    public readonly sizeLimit?: Size,
  ) {}
}
