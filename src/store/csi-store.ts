import * as kplus from 'cdk8s-plus-28';
import { CsiStoreOptions } from './nix-store';
import { isDnsSubdomain, isPlainAbsolutePath } from '../base/kubernetes-name';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

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
