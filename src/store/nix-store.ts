import * as kplus from 'cdk8s-plus-28';
import { ClaimStoreOptions } from './claim-options';
import { bindCsi, CsiStoreOptions } from './csi-store';
import { bindEmptyDir, EmptyDirStoreOptions } from './empty-dir-store';
import { bindEphemeral } from './ephemeral-store';
import { bindExisting, ExistingStoreOptions } from './existing-store';
import { NixRuntimeClass } from './nix-runtime-class';
import { bindPerReplica, PerReplicaStoreOptions } from './per-replica-store';
import { bindPersistent, PersistentStoreOptions } from './persistent-store';
import { bindVolume, VolumeStoreOptions } from './volume-store';
import { checkArguments } from '../base/argument-check';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

/**
 * The volume that holds `/nix`.
 *
 * The store lives in the folder `nix/` of the volume, so that the volume's root, which belongs to the cluster,
 * is left alone and `lost+found` stays out of `/nix`.
 *
 * @example NixStore.persistent({ size: Size.gibibytes(40), storageClassName: 'fast' })
 */
export class NixStore {
  /**
   * A claim of its own: packages survive restarts.
   *
   * @param options size, class, access
   */
  public static persistent(options: PersistentStoreOptions = {}): NixStore {
    checkArguments('NixStore.persistent', arguments);
    return new NixStore(context => bindPersistent(context, options));
  }

  /**
   * A claim that exists already, by its name.
   *
   * @param claimName the name of the PersistentVolumeClaim, in the namespace of the workload
   * @param options the access modes it has
   */
  public static existing(claimName: string, options: ExistingStoreOptions = {}): NixStore {
    checkArguments('NixStore.existing', arguments);
    return new NixStore(context => bindExisting(context, claimName, options));
  }

  /**
   * A claim for each replica of a StatefulSet, from its `volumeClaimTemplates`: packages survive restarts, and replicas do not meet.
   *
   * @param options size, class, retention
   */
  public static perReplica(options: PerReplicaStoreOptions = {}): NixStore {
    checkArguments('NixStore.perReplica', arguments);
    return new NixStore(context => bindPerReplica(context, options));
  }

  /**
   * A claim that is made and deleted with each pod (a generic ephemeral volume): the size and speed of a storage class for a store
   * that need not last. With a data source each pod starts with a warm store.
   *
   * @param options size, class, data source
   */
  public static ephemeral(options: ClaimStoreOptions = {}): NixStore {
    checkArguments('NixStore.ephemeral', arguments);
    return new NixStore(context => bindEphemeral(context, options));
  }

  /**
   * A volume that dies with the pod. Each start is a cold start.
   *
   * @param options medium and size limit
   */
  public static emptyDir(options: EmptyDirStoreOptions = {}): NixStore {
    checkArguments('NixStore.emptyDir', arguments);
    return new NixStore(context => bindEmptyDir(context, options));
  }

  /**
   * A volume of a CSI driver that serves a complete `/nix`. Nothing is seeded: what is in the store is the driver's business.
   *
   * @param options driver and attributes
   */
  public static csi(options: CsiStoreOptions): NixStore {
    checkArguments('NixStore.csi', arguments);
    return new NixStore(context => bindCsi(context, options));
  }

  /**
   * No volume: a runtime on the nodes brings the programs of the pod, from what a shim or a snapshotter keeps there. The same workload, for clusters
   * that have one; nothing can be installed at run time.
   *
   * @param runtime which one
   * @throws if it is none
   */
  public static runtimeClass(runtime: NixRuntimeClass): NixStore {
    checkArguments('NixStore.runtimeClass', arguments);
    return new NixStore(({ problems }) => {
      runtime._validate(problems);
      return { reach: StoreReach.EACH_POD, persistent: false, served: { profile: '/nix', readOnly: true }, runtime: runtime._runtime };
    });
  }

  /**
   * Any other volume that UID 1001 or the fsGroup can write, for example NFS.
   *
   * @param volume the volume; a hostPath is refused, since its subPath mounts are not dependable
   * @param options the architecture of the nodes
   */
  public static fromVolume(volume: kplus.Volume, options: VolumeStoreOptions = {}): NixStore {
    checkArguments('NixStore.fromVolume', arguments);
    return new NixStore(context => bindVolume(context, volume, options));
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
