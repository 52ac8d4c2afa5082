import * as kplus from 'cdk8s-plus-28';
import { checkClaimName, storeOnClaim } from './claim-options';
import { NixArchitecture } from './nix-architecture';
import { BoundStore, StoreContext } from '../pod/bound-store';

/**
 * A claim that exists already.
 */
export interface ExistingStoreOptions {
  /**
   * The access modes the claim has.
   *
   * @default [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: kplus.PersistentVolumeAccessMode[];

  /**
   * Accept that pods on several nodes write to one store (ReadWriteMany).
   *
   * @default false
   */
  readonly shared?: boolean;

  /**
   * The architecture of the nodes that may mount it. Programs of two architectures cannot be in one store, so in a cluster of several a claim that lasts
   * belongs to one of them: its pods run on no other node.
   *
   * @default - any node; the seed refuses a volume with a store of another architecture
   */
  readonly architecture?: NixArchitecture;
}

/** A claim that somebody else made. */
export function bindExisting(context: StoreContext, claimName: string, options: ExistingStoreOptions): BoundStore {
  checkClaimName(context, claimName);
  const claim = kplus.PersistentVolumeClaim.fromClaimName(context.scope, context.role.id, claimName);
  const accessModes = options.accessModes ?? [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE];
  return storeOnClaim(context, claim, accessModes, options.shared ?? false, options.architecture);
}
