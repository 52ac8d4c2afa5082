import { ClaimStoreOptions, claimTemplate } from './claim-options';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

/** A claim that Kubernetes makes and deletes with the pod. */
export function bindEphemeral(context: StoreContext, options: ClaimStoreOptions): BoundStore {
  return { source: { ephemeral: { volumeClaimTemplate: claimTemplate(context, options) } }, reach: StoreReach.EACH_POD, persistent: false };
}
