import * as kplus from 'cdk8s-plus-28';
import { BoundStore, StoreContext, StoreReach } from '../pod/bound-store';

/** Any volume of kplus. */
export function bindVolume({ problems }: StoreContext, volume: kplus.Volume): BoundStore {
  // kplus keeps the source to itself; `_toKube` is what its own pods call.
  const { name, ...source } = (volume as unknown as { _toKube(): kplus.k8s.Volume })._toKube();
  if (source.hostPath) {
    problems.add('CDK8SNIX0205', 'store', source.hostPath.path, 'Some kubelets mount the subPath of a hostPath volume empty, and the restricted profile refuses hostPath.',
      'Use NixStore.persistent(), on a class for local volumes if it must be this disk.');
  }
  return { source, reach: source.emptyDir ? StoreReach.EACH_POD : StoreReach.MANY_NODES, persistent: !source.emptyDir };
}
