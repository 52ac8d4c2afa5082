import { isDnsLabel } from '../base/kubernetes-name';
import { Problem } from '../base/problems';
import { listOf, PodManifest, startsPods } from '../pod/pod-manifest';

/** The names of a pod's volumes: its own, and those that a StatefulSet makes of its claim templates. */
export interface VolumeNames {
  readonly own: readonly string[];
  readonly ofClaims: readonly string[];
}

export function volumeNames({ owner, spec }: PodManifest): VolumeNames {
  return {
    own: listOf(spec.volumes).map(volume => volume.name),
    ofClaims: listOf(owner.spec?.volumeClaimTemplates).map(template => template.metadata?.name),
  };
}

/** Names by which a volume cannot be told from others. */
export function checkVolumeNames({ own }: VolumeNames): Problem[] {
  const refuse = (value: unknown, problem: string, remedy: string): Problem => ({ code: 'CDK8SNIX0525', prop: 'volumes', value, problem, remedy });
  return [
    ...own.filter(name => typeof name !== 'string' || !isDnsLabel(name))
      .map(name => refuse(name, 'The name of a volume has lower-case letters, digits and "-"; 63 at most.', 'Use for example "data".')),
    ...own.filter((name, i) => own.indexOf(name) < i).map(name => refuse(name, 'Two volumes of the pod have this name.', 'Give each a name of its own, or leave one out.')),
  ];
}

/**
 * Mounts of volumes that there are not. Whoever makes pods of a kind that is not known here may add volumes of its own.
 *
 * @param isOurs whether the environment brings a volume of this name
 */
export function checkMountedVolumes(
  container: any, { owner }: PodManifest, { own, ofClaims }: VolumeNames, isOurs: (name: string) => boolean,
): Problem[] {
  const isMissing = ({ name }: { readonly name: string }): boolean =>
    !own.includes(name) && !ofClaims.includes(name) && !isOurs(name) && startsPods(owner);
  return ['volumeMounts', 'volumeDevices'].flatMap(prop => listOf(container[prop]).filter(isMissing).map(({ name }): Problem => ({
    code: 'CDK8SNIX0525',
    prop: `containers[${container.name}].${prop}`,
    value: name,
    problem: 'The pod has no volume of this name.',
    remedy: own.length + ofClaims.length === 0 ? 'Add it to the volumes of the pod.' : `Add it to the volumes of the pod, or use one of: ${[...own, ...ofClaims].join(', ')}.`,
  })));
}
