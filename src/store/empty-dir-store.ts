import { Size, SizeRoundingBehavior } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

/**
 * Options of `NixStore.emptyDir`.
 */
export interface EmptyDirStoreOptions {
  /**
   * Where the store lives. In memory it counts against the memory limits of the containers.
   *
   * @default kplus.EmptyDirMedium.DEFAULT
   */
  readonly medium?: kplus.EmptyDirMedium;

  /**
   * The most the store may hold; the pod is evicted above it.
   *
   * @default - no limit
   */
  readonly sizeLimit?: Size;
}

/** A folder of the node, or memory, that dies with the pod. */
export function bindEmptyDir({ problems }: StoreContext, options: EmptyDirStoreOptions): BoundStore {
  if (options.sizeLimit && options.sizeLimit.toKibibytes() <= 0) {
    problems.add('CDK8SNIX0201', 'store.sizeLimit', options.sizeLimit.asString(), 'The seed image alone needs some hundred MiB.',
      'Use for example Size.gibibytes(5), or leave it out.');
  }
  return {
    source: {
      emptyDir: {
        medium: options.medium || undefined,
        sizeLimit: options.sizeLimit && kplus.k8s.Quantity.fromString(`${options.sizeLimit.toMebibytes({ rounding: SizeRoundingBehavior.NONE })}Mi`),
      },
    },
    inMemory: options.medium === kplus.EmptyDirMedium.MEMORY ? { limit: options.sizeLimit } : undefined,
    reach: StoreReach.EACH_POD,
    persistent: false,
  };
}
