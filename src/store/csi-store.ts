import * as kplus from 'cdk8s-plus-28';
import { isDnsSubdomain, isPlainAbsolutePath } from '../base/kubernetes-name';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

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

/** An inline volume of a CSI driver that brings a whole `/nix` along. */
export function bindCsi({ problems }: StoreContext, options: CsiStoreOptions): BoundStore {
  const profile = options.profile ?? '/nix/var/nix/profiles/default';
  const readOnly = options.readOnly ?? false;
  if (!isDnsSubdomain(options.driver) || options.driver.length > 63) {
    problems.add('CDK8SNIX0211', 'store.driver', options.driver, 'The name of a CSI driver is a domain name of at most 63 characters.',
      'Name one that `kubectl get csidriver` lists.');
  }
  if (!isPlainAbsolutePath(profile) || !profile.startsWith('/nix/')) {
    problems.add('CDK8SNIX0211', 'store.profile', profile, 'A profile is a folder in /nix.', 'Use for example "/nix/var/nix/profiles/default".');
  }
  return {
    source: {
      csi: {
        driver: options.driver,
        readOnly,
        volumeAttributes: options.volumeAttributes,
        nodePublishSecretRef: options.secret && { name: options.secret.name },
      } satisfies kplus.k8s.CsiVolumeSource,
    },
    reach: StoreReach.EACH_POD,
    persistent: false,
    served: { profile, readOnly },
  };
}
