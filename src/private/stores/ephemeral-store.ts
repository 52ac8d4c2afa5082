import { ClaimStoreOptions } from '../../nix-store';
import { BoundStore, StoreContext, StoreReach } from '../bound-store';
import { claimTemplate } from './claim-options';

/** A claim that Kubernetes makes and deletes with the pod. */
export function bindEphemeral(context: StoreContext, options: ClaimStoreOptions): BoundStore {
  return { source: { ephemeral: { volumeClaimTemplate: claimTemplate(context, options) } }, reach: StoreReach.EACH_POD, persistent: false };
}
