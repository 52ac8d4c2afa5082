import { Problem } from '../base/problems';
import { isKind } from '../pod/object-kind';
import { Kinded, PodManifest } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';

/** What Knative lets a container write to; the last one since its version 1.23. */
const WRITTEN = ['emptyDir', 'persistentVolumeClaim', 'ephemeral'];

/** What else it mounts, to be read. */
const READ = ['secret', 'configMap', 'projected', 'csi', 'hostPath', 'image'];

export function isKnative(object: Kinded): boolean {
  return isKind(object, 'Service', 'serving.knative.dev');
}

/** What is added to the pods of an object: Knative refuses one of the fields whatever its feature flags are, and the kubelet does without. */
export function additionsFor(object: Kinded, additions: PodAdditions): PodAdditions {
  return isKnative(object) ? { ...additions, podSecurityContext: { ...additions.podSecurityContext, fsGroupChangePolicy: undefined } } : additions;
}

/** Volumes of the environment that no feature flag of Knative allows. */
export function checkKnative({ owner }: PodManifest, { initContainers, mounts, nixInitContainers, volumes }: PodAdditions): Problem[] {
  if (!isKnative(owner)) {
    return [];
  }
  const all = [...mounts, ...[...initContainers, ...nixInitContainers].flatMap(container => container.volumeMounts ?? [])];
  return volumes.flatMap(({ name, ...source }): Problem[] => {
    const [kind] = Object.keys(source);
    const isWritten = all.some(mount => mount.name === name && !mount.readOnly);
    return WRITTEN.includes(kind) || (READ.includes(kind) && !isWritten) ? [] : [{
      code: 'CDK8SNIX0526',
      prop: name === VOLUME.store ? 'store' : name === VOLUME.home ? 'home' : `volumes[${name}]`,
      value: kind,
      problem: READ.includes(kind) ? 'Knative lets no container write to such a volume.' : 'Knative has no such volumes.',
      remedy: name === VOLUME.store ? 'Use NixStore.emptyDir(), or NixStore.persistent() with READ_WRITE_MANY and shared: true.' : 'Use NixHome.ephemeral().',
    }];
  });
}
