import { claimTemplate } from './claim-options';
import { NixClaimRetention } from './nix-claim-retention';
import { PerReplicaStoreOptions } from './nix-store';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

/** A claim for each pod of a StatefulSet, made by its controller from a template. */
export function bindPerReplica(context: StoreContext, options: PerReplicaStoreOptions): BoundStore {
  return {
    claimTemplate: {
      ...claimTemplate(context, options),
      retention: {
        whenDeleted: options.whenDeleted ?? NixClaimRetention.RETAIN,
        whenScaled: options.whenScaled ?? NixClaimRetention.RETAIN,
      },
    },
    reach: StoreReach.EACH_POD,
    persistent: true,
  };
}
