import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ObjectMetadata } from '../base/object-metadata';
import { Problems } from '../base/problems';

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

/** A claim that a StatefulSet makes for each of its pods, and what becomes of it. */
export interface ClaimTemplate extends ClaimSpecAndMetadata {
  /** @default - Kubernetes keeps the claims */
  readonly retention?: kplus.k8s.StatefulSetPersistentVolumeClaimRetentionPolicy;
}

/** The inner part of a claim, as it stands in templates. */
export interface ClaimSpecAndMetadata {
  readonly metadata?: ObjectMetadata;
  readonly spec: kplus.k8s.PersistentVolumeClaimSpec;
}

/** A store whose `/nix` somebody else has filled. */
export interface ServedStore {
  /** The folder of the profile whose programs are in PATH. */
  readonly profile: string;
  readonly readOnly: boolean;
}

/** A runtime of the node that brings programs by itself: the pod has no store of its own. */
export interface NodeRuntime {
  /** @default - that of the node */
  readonly runtimeClassName?: string;
  /** The stand-in image of containers. @default - none: programs are images */
  readonly image?: string;
  readonly annotations: { readonly [name: string]: string };
  /** What a program is for it: a flake, a command in what its annotations name, or an image that is a store path. */
  readonly runs: 'flake' | 'command' | 'image';
  /** The annotation that names the flake. */
  readonly flakeAnnotation?: string;
}

/** A store in the place where it is used: what the environment has to know of it. */
export interface BoundStore {
  /** The source of the volume, as in a pod's spec; none if the volume comes from the claim template. */
  readonly source?: Omit<kplus.k8s.Volume, 'name'>;

  /** The claim template of the volume, which only a StatefulSet can have. */
  readonly claimTemplate?: ClaimTemplate;

  /** The claim behind the volume, where there is one that has a name. */
  readonly claim?: kplus.IPersistentVolumeClaim;

  readonly reach: StoreReach;

  /** Set if the store is in memory, which counts as memory of the container that writes. */
  readonly inMemory?: { readonly limit?: Size };

  /** Whether the store outlives the pod. */
  readonly persistent: boolean;

  /** Set if the store comes ready-made: it is not seeded, and the volume's root is `/nix`. */
  readonly served?: ServedStore;

  /** Set if the node's runtime brings programs: there is no volume at all. */
  readonly runtime?: NodeRuntime;
}

/** Where a store is bound. */
export interface StoreContext {
  readonly scope: Construct;
  readonly problems: Problems;
  /** Labels and annotations of all objects of the environment. */
  readonly metadata: ObjectMetadata;
}
