import * as kplus from 'cdk8s-plus-28';

/** How many pods may use a store at the same time. */
export enum StoreReach {
  /** One pod in the whole cluster (ReadWriteOncePod). */
  ONE_POD,
  /** The pods of one node (ReadWriteOnce). */
  ONE_NODE,
  /** Any pod (ReadWriteMany). */
  MANY_NODES,
  /** Each pod has a store of its own. */
  EACH_POD,
}

/** A store in the place where it is used: what the environment has to know of it. */
export interface BoundStore {
  /** The source of the volume, as in a pod's spec. */
  readonly source: Omit<kplus.k8s.Volume, 'name'>;

  /** The claim behind the volume, where there is one that has a name. */
  readonly claim?: kplus.IPersistentVolumeClaim;

  readonly reach: StoreReach;

  /** Whether the store outlives the pod. */
  readonly persistent: boolean;
}
