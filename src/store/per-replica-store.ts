import { ClaimStoreOptions, claimTemplate } from './claim-options';
import { NixArchitecture } from './nix-architecture';
import { NixClaimRetention } from './nix-claim-retention';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

/**
 * A claim for each replica of a StatefulSet.
 */
export interface PerReplicaStoreOptions extends ClaimStoreOptions {
  /**
   * What becomes of the claims when the StatefulSet is deleted.
   *
   * @default NixClaimRetention.RETAIN
   */
  readonly whenDeleted?: NixClaimRetention;

  /**
   * What becomes of the claim of a replica that is scaled away.
   *
   * @default NixClaimRetention.RETAIN
   */
  readonly whenScaled?: NixClaimRetention;

  /**
   * The architecture of the nodes that may mount it. Programs of two architectures cannot be in one store, so in a cluster of several a claim that lasts
   * belongs to one of them: its pods run on no other node.
   *
   * @default - any node; the seed refuses a volume with a store of another architecture
   */
  readonly architecture?: NixArchitecture;
}

/** A claim for each pod of a StatefulSet, made by its controller from a template. */
export function bindPerReplica(context: StoreContext, options: PerReplicaStoreOptions): BoundStore {
  return {
    claimTemplate: {
      ...claimTemplate(context, options),
      retention: { whenDeleted: options.whenDeleted, whenScaled: options.whenScaled },
    },
    reach: StoreReach.EACH_POD,
    persistent: true,
    architecture: options.architecture,
  };
}
