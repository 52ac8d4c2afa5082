import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixHomeFile } from './nix-home-file';
import { NixDataSource } from '../store/nix-data-source';

/**
 * What is in a home from the start.
 */
export interface NixHomeOptions {
  /**
   * Folders to make before a container starts, relative to the home, for example `.cache/pip`. Those above what a container mounts below the home,
   * and the working directories there, are made anyway.
   *
   * @default - none
   */
  readonly folders?: string[];

  /**
   * Files from Secrets and ConfigMaps, such as `.netrc`.
   *
   * @default - none
   */
  readonly files?: NixHomeFile[];
}

/**
 * Options of `NixHome.ephemeral`.
 */
export interface EphemeralHomeOptions extends NixHomeOptions {
  /**
   * The most the home may hold; the pod is evicted above it.
   *
   * @default - no limit
   */
  readonly sizeLimit?: Size;
}

/**
 * Options of `NixHome.persistent`.
 */
export interface PersistentHomeOptions extends NixHomeOptions {
  /**
   * How much to ask for: whole GiB, since cloud disks come that way.
   *
   * @default Size.gibibytes(10)
   */
  readonly size?: Size;

  /**
   * The storage class.
   *
   * @default - the default class of the cluster
   */
  readonly storageClassName?: string;

  /**
   * The access modes asked for. How many pods there may be is a matter of the home then, too.
   *
   * @default [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: kplus.PersistentVolumeAccessMode[];

  /**
   * Keep the claim when it disappears from the manifests, or the release is uninstalled: Argo CD, Flux and Helm are told not to
   * delete it.
   *
   * @default false
   */
  readonly retain?: boolean;

  /**
   * What the volume starts with: a clone of another one, or a snapshot.
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
 * Options of `NixHome.fromVolume`.
 */
export interface VolumeHomeOptions extends NixHomeOptions {
  /**
   * The folder of the volume that is the home. The volume's root cannot be it, since that does not belong to the user.
   *
   * @default 'home'
   */
  readonly folder?: string;
}

/**
 * Options of `NixHome.existing`.
 */
export interface ExistingHomeOptions extends VolumeHomeOptions {
  /**
   * The access modes the claim has.
   *
   * @default [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: kplus.PersistentVolumeAccessMode[];
}
