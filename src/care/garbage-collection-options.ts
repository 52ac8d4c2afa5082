import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/**
 * What is garbage, and when it is collected. Whatever is asked for, the seed image's own paths, Nix itself, profiles and other roots, and
 * what running builds use are never collected.
 */
export interface NixGarbageCollectionOptions {
  /**
   * Delete generations of profiles that are older, in whole days. The current generation stays.
   *
   * @default - generations are kept, and so is what they hold
   */
  readonly deleteOlderThan?: Duration;

  /**
   * Spare what came into the store less than this ago, even if nothing roots it: somebody may use it in `nix shell`, which keeps no root.
   *
   * @default - Duration.days(1) for a CronJob; nothing at the start of a pod, where nobody is at work yet
   */
  readonly keepRecent?: Duration;

  /**
   * Only if less than this is free on the volume.
   *
   * @default - whatever is free
   */
  readonly whenFreeBelow?: Size;

  /**
   * Only if the store holds more than this, by the sizes in Nix's database. With `whenFreeBelow` too, either is enough.
   *
   * @default - whatever it holds
   */
  readonly whenStoreAbove?: Size;

  /**
   * Link equal files in the store to each other afterwards. Reads the whole store.
   *
   * @default false
   */
  readonly optimise?: boolean;

  /**
   * Forget the programs of workloads that no pod has started with for this long, in whole days: what is left of an
   * environment that was removed or renamed. Longer than any pod on the store runs without a restart, since who runs cannot be seen. Those of
   * this environment are never forgotten.
   *
   * @default - they stay rooted
   */
  readonly forgetProgramsAfter?: Duration;

  /**
   * Take roots that cannot be seen for deleted ones. A `result` link in a volume that is not mounted where garbage is collected looks
   * like that; without this it is a reason to collect nothing.
   *
   * @default false
   */
  readonly forgetUnseenRoots?: boolean;

  /**
   * When to stop. What was collected up to then stays collected.
   *
   * @default - Duration.hours(1) for a CronJob, Duration.minutes(10) at the start of a pod
   */
  readonly deadline?: Duration;

  /**
   * Resources of the container.
   *
   * @default - requests 50m CPU and 64Mi memory, limited to 1Gi memory
   */
  readonly resources?: kplus.ContainerResources;
}
