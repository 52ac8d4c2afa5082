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

/** A volume that says how many pods there may be at the same time. */
export interface VolumePlaces {
  readonly reach: StoreReach;
  /** What it is, as messages call it. */
  readonly what: string;
}

/** A claim that a StatefulSet makes for each of its pods, and what becomes of it. */
export interface ClaimTemplate extends ClaimSpecAndMetadata {
  /** What was asked for; what is left out is kept, as Kubernetes does. @default - nothing */
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

  /** The architecture of the nodes that may mount it, as their label has it; any if not set. */
  readonly architecture?: string;

  /** Set if the store comes ready-made: it is not seeded, and the volume's root is `/nix`. */
  readonly served?: ServedStore;

  /** Set if the node's runtime brings programs: there is no volume at all. */
  readonly runtime?: NodeRuntime;
}

/** What a volume is for, as it stands in construct ids and messages. */
export interface VolumeRole {
  readonly id: string;
  readonly prop: string;
  /** The class whose factories make such volumes. */
  readonly factory: string;
}

/** Where a store, or another volume of the environment, is bound. */
export interface StoreContext {
  readonly role: VolumeRole;
  readonly scope: Construct;
  readonly problems: Problems;
  /** Labels and annotations of all objects of the environment. */
  readonly metadata: ObjectMetadata;
}
