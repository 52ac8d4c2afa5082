import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { bindCsi } from './csi-store';
import { bindEmptyDir } from './empty-dir-store';
import { bindEphemeral } from './ephemeral-store';
import { bindExisting } from './existing-store';
import { NixClaimRetention } from './nix-claim-retention';
import { NixDataSource } from './nix-data-source';
import { bindPerReplica } from './per-replica-store';
import { bindPersistent } from './persistent-store';
import { bindVolume } from './volume-store';
import { BoundStore, StoreContext } from '../pod/bound-store';

/**
 * What all claims for store volumes have in common.
 */
export interface ClaimStoreOptions {
  /**
   * How much to ask for: whole GiB, since cloud disks come that way.
   *
   * @default Size.gibibytes(20)
   */
  readonly size?: Size;

  /**
   * The storage class.
   *
   * @default - the default class of the cluster
   */
  readonly storageClassName?: string;

  /**
   * What the volume starts with: a clone of a seeded volume, or a snapshot of one. The seed then finds everything there.
   *
   * @default - an empty volume
   */
  readonly dataSource?: NixDataSource;

  /**
   * Labels of the claim.
   *
   * @default - those of the environment's objects
   */
  readonly labels?: { [name: string]: string };

  /**
   * Annotations of the claim.
   *
   * @default - those of the environment's objects
   */
  readonly annotations?: { [name: string]: string };
}

/**
 * A claim for a store volume.
 */
export interface PersistentStoreOptions extends ClaimStoreOptions {
  /**
   * The access modes asked for.
   *
   * @default [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: kplus.PersistentVolumeAccessMode[];

  /**
   * Accept that pods on several nodes write to one store (ReadWriteMany). Nix's database then works without its
   * write-ahead log, which needs memory shared between the writers; all of them must run the same version of Nix.
   *
   * @default false
   */
  readonly shared?: boolean;

  /**
   * Keep the claim when it disappears from the manifests, or the release is uninstalled: Argo CD, Flux and Helm are told not to
   * delete it.
   *
   * @default false
   */
  readonly retain?: boolean;
}

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
}

/**
 * A volume of a CSI driver that serves `/nix` ready-made.
 */
export interface CsiStoreOptions {
  /**
   * The name of the driver, as its CSIDriver object has it.
   */
  readonly driver: string;

  /**
   * What the driver wants to know, for example which store path or flake to bring.
   *
   * @default - none
   */
  readonly volumeAttributes?: { [name: string]: string };

  /**
   * Mount `/nix` read-only: what the driver brought can be run, and nothing can be installed or built.
   *
   * @default false
   */
  readonly readOnly?: boolean;

  /**
   * The folder in `/nix` whose `bin` is in PATH.
   *
   * @default '/nix/var/nix/profiles/default'
   */
  readonly profile?: string;

  /**
   * A Secret that the driver needs to mount the volume.
   *
   * @default - none
   */
  readonly secret?: kplus.ISecret;
}

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

/**
 * Options of `NixStore.emptyDir`.
 */
export interface EmptyDirStoreOptions {
  /**
   * Where the store lives. In memory it counts against the memory limits of the containers.
   *
   * @default kplus.EmptyDirMedium.DEFAULT
   */
  readonly medium?: kplus.EmptyDirMedium;

  /**
   * The most the store may hold; the pod is evicted above it.
   *
   * @default - no limit
   */
  readonly sizeLimit?: Size;
}

/**
 * The volume that holds `/nix`.
 *
 * The store lives in the folder `nix/` of the volume, so that the volume's root, which belongs to the cluster,
 * is left alone and `lost+found` stays out of `/nix`.
 */
export class NixStore {
  /**
   * A claim of its own: packages survive restarts.
   *
   * @param options size, class, access
   */
  public static persistent(options: PersistentStoreOptions = {}): NixStore {
    return new NixStore(context => bindPersistent(context, options));
  }

  /**
   * A claim that exists already, by its name.
   *
   * @param claimName the name of the PersistentVolumeClaim, in the namespace of the workload
   * @param options the access modes it has
   */
  public static existing(claimName: string, options: ExistingStoreOptions = {}): NixStore {
    return new NixStore(context => bindExisting(context, claimName, options));
  }

  /**
   * A claim for each replica of a StatefulSet, from its `volumeClaimTemplates`: packages survive restarts, and replicas do not meet.
   *
   * @param options size, class, retention
   */
  public static perReplica(options: PerReplicaStoreOptions = {}): NixStore {
    return new NixStore(context => bindPerReplica(context, options));
  }

  /**
   * A claim that is made and deleted with each pod (a generic ephemeral volume): the size and speed of a storage class for a store
   * that need not last. With a data source each pod starts with a warm store.
   *
   * @param options size, class, data source
   */
  public static ephemeral(options: ClaimStoreOptions = {}): NixStore {
    return new NixStore(context => bindEphemeral(context, options));
  }

  /**
   * A volume that dies with the pod. Each start is a cold start.
   *
   * @param options medium and size limit
   */
  public static emptyDir(options: EmptyDirStoreOptions = {}): NixStore {
    return new NixStore(context => bindEmptyDir(context, options));
  }

  /**
   * A volume of a CSI driver that serves a complete `/nix`. Nothing is seeded: what is in the store is the driver's business.
   *
   * @param options driver and attributes
   */
  public static csi(options: CsiStoreOptions): NixStore {
    return new NixStore(context => bindCsi(context, options));
  }

  /**
   * Any other volume that UID 1001 or the fsGroup can write, for example NFS.
   *
   * @param volume the volume; a hostPath is refused, since its subPath mounts are not dependable
   */
  public static fromVolume(volume: kplus.Volume): NixStore {
    return new NixStore(context => bindVolume(context, volume));
  }

  private constructor(private readonly binder: (context: StoreContext) => BoundStore) {}

  /**
   * Make the objects the store needs.
   *
   * @internal
   */
  public _bind(context: StoreContext): BoundStore {
    return this.binder(context);
  }
}
