import * as kplus from 'cdk8s-plus-28';
import { checkClaimName, storeOnClaim } from './claim-options';
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
}

/** A claim that somebody else made. */
export function bindExisting({ scope, problems }: StoreContext, claimName: string, options: ExistingStoreOptions): BoundStore {
  checkClaimName(problems, claimName);
  const claim = kplus.PersistentVolumeClaim.fromClaimName(scope, 'Store', claimName);
  const accessModes = options.accessModes ?? [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE];
  return storeOnClaim(problems, claim, accessModes, options.shared ?? false);
}
