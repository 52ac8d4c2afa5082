import * as kplus from 'cdk8s-plus-28';
import { StoreReach } from '../pod/bound-store';

/** A home in the place where it is used: what the environment has to know of it. */
export interface BoundHome {
  /** The source of the volume, as in a pod's spec; none if it is that of the store. */
  readonly source?: Omit<kplus.k8s.Volume, 'name'>;

  /** The folder of the volume that is the home. */
  readonly folder: string;

  /** How many pods may use it at the same time, whatever the store can. */
  readonly reach: StoreReach;

  /** Whether it is on a claim whose access modes were said, or could have been. */
  readonly saysModes?: boolean;
}
