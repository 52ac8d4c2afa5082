import * as kplus from 'cdk8s-plus-28';
import { NixArchitecture } from './nix-architecture';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';
import { isReadOnlyVolume } from '../pod/volume-kind';

/**
 * Options of `NixStore.fromVolume`.
 */
export interface VolumeStoreOptions {
  /**
   * The architecture of the nodes that may mount it. Programs of two architectures cannot be in one store, so in a cluster of several a claim that lasts
   * belongs to one of them: its pods run on no other node.
   *
   * @default - any node; the seed refuses a volume with a store of another architecture
   */
  readonly architecture?: NixArchitecture;
}

/** Any volume of kplus. */
export function bindVolume({ problems, role }: StoreContext, volume: kplus.Volume, options: VolumeStoreOptions = {}): BoundStore {
  // kplus keeps the source to itself; `_toKube` is what its own pods call.
  const { name, ...source } = (volume as unknown as { _toKube(): kplus.k8s.Volume })._toKube();
  if (source.hostPath) {
    problems.add('CDK8SNIX0205', role.prop, source.hostPath.path, 'Some kubelets mount the subPath of a hostPath volume empty, and the restricted profile refuses hostPath.',
      `Use ${role.factory}.persistent(), on a class for local volumes if it must be this disk.`);
  }
  if (isReadOnlyVolume(source)) {
    problems.add('CDK8SNIX0216', role.prop, name, 'Nothing can be written to that volume.',
      `Use one that can be written, such as ${role.factory}.persistent(), or leave out its readOnly.`);
  }
  return {
    source,
    reach: source.emptyDir ? StoreReach.EACH_POD : StoreReach.MANY_NODES,
    persistent: !source.emptyDir,
    architecture: options.architecture,
  };
}
