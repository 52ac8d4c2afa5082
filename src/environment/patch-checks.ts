import { ApiObject } from 'cdk8s';
import { checkMountClashes, checkMountPaths } from './mount-checks';
import { checkMountedVolumes, checkVolumeNames, volumeNames } from './volume-checks';
import { isSameProblem, Problem } from '../base/problems';
import { checkContainerNames } from '../pod/container-checks';
import { lostToPatches, setsMetadataAnew } from '../pod/lost-to-patches';
import { withoutAdditions } from '../pod/patched-pod';
import { requiredTerms } from '../pod/pod-labels';
import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions, usesNix } from '../pod/pod-merge';
import { lookAtPatches, patchesOf } from '../pod/written-manifest';

/**
 * What patches do to what was added to pods: they take it away in passing, or add something that excludes it. All else that they ask for is their
 * user's last word.
 *
 * @param made the pods before anything was added
 * @param podsIn those of the manifest once it was, and after each patch
 */
export function checkPatches(object: ApiObject, made: PodManifest[], additions: PodAdditions, podsIn: (manifest: any) => PodManifest[]): Problem[] {
  try {
    const lost = lostToPatches(object, made, additions, podsIn);
    return [
      ...lost, ...checkLabels(object, additions, podsIn, lost.length > 0),
      ...addedByPatches(object, additions, podsIn), ...checkAddedTerms(object, additions, podsIn),
    ];
  } catch {
    // A patch that fails is told as the object is written.
    return [];
  }
}

/** Where a patch may bring, or take away, what is mounted, or another container. */
const BRINGING = /\/(volumes|volumeMounts|volumeDevices|volumeClaimTemplates)(\/|$)|\/\w*[cC]ontainers(\/[^/]+(\/name)?)?$|(^|\/(spec|template|jobTemplate|items|\d+))$/;

function addedByPatches(object: ApiObject, additions: PodAdditions, podsIn: (manifest: any) => PodManifest[]): Problem[] {
  if (!patchesOf(object).some(({ op, path }) => op !== 'test' && BRINGING.test(path))) {
    return [];
  }
  const looks = lookAtPatches(object, manifest => podsIn(manifest).flatMap(pod => checkTogether(pod, additions)));
  const [before, after] = [looks[0], looks[looks.length - 1]];
  return after.filter(problem => !before.some(other => isSameProblem(problem, other)));
}

/** A term that a patch adds to the one of ours: together they leave the pod without a node. */
function checkAddedTerms(object: ApiObject, { affinity }: PodAdditions, podsIn: (manifest: any) => PodManifest[]): Problem[] {
  if (affinity === undefined) {
    return [];
  }
  const looks = lookAtPatches(object, podsIn);
  return looks[looks.length - 1].flatMap(({ path, spec }): Problem[] => {
    const terms = requiredTerms(spec.affinity);
    const theirs = terms.filter(term => JSON.stringify(term) !== JSON.stringify(affinity[0]));
    return theirs.length === 0 || theirs.length === terms.length ? [] : [{
      code: 'CDK8SNIX0221',
      prop: `${path}.spec.affinity.podAffinity`,
      value: theirs[0].labelSelector?.matchLabels ?? theirs[0],
      problem: 'Beside the term of the environment only a pod counts that matches both.',
      remedy: 'Give the affinity to the workload itself, which then has yours alone, or replace the term: JsonPatch.replace(".../requiredDuringSchedulingIgnoredDuringExecution/0", …).',
    }];
  });
}

/** Where a patch may take away a label of ours, with what holds it. */
const LABELLING = /(^|\/(items|\d+|spec|template|jobTemplate|metadata|labels|labels\/cdk8s-nix~1\w+))$/;

/**
 * A label by which policies and affinities find the pods, and that a patch has made another one.
 *
 * @param isTold whether it is told that something was taken away as a whole
 */
function checkLabels(object: ApiObject, { labels }: PodAdditions, podsIn: (manifest: any) => PodManifest[], isTold: boolean): Problem[] {
  const patches = patchesOf(object);
  if (!patches.some(({ op, path, from }) => op !== 'test' && (LABELLING.test(path) || (op === 'move' && LABELLING.test(from!))))) {
    return [];
  }
  // With all of the others it is put back.
  const mayBeMissing = isTold || patches.some(setsMetadataAnew);
  const looks = lookAtPatches(object, podsIn);
  return looks[looks.length - 1].flatMap(({ path, metadata }) => Object.entries(labels).flatMap(([label, ours]): Problem[] => {
    const theirs = metadata.labels?.[label];
    return theirs === ours || (theirs === undefined && mayBeMissing) ? [] : [{
      code: 'CDK8SNIX0533',
      prop: `${path}.metadata.labels.${label}`,
      value: theirs,
      problem: `By ${label}: ${ours} the affinities and NetworkPolicies of the environment find the pod, which a JSON patch keeps from them.`,
      remedy: 'Leave this label out of the patches, and add another one of yours beside it.',
    }];
  }));
}

/** What in a pod that was given Nix excludes each other, whoever it is of. */
function checkTogether(pod: PodManifest, additions: PodAdditions): Problem[] {
  const names = volumeNames(pod);
  const volumes = listOf(pod.spec.volumes);
  const isVolume = (name: string): boolean => additions.volumes.some(volume => volume.name === name);
  // What only the claim templates bring is put back after the patches.
  const isOfTemplate = (name: string): boolean => additions.mounts.some(mount => mount.name === name) && !isVolume(name);
  const theirs = containersOf({ ...pod, ...withoutAdditions(pod, additions) }).map(({ container }) => container);
  const clashes = theirs.filter(container => usesNix(container, additions))
    .flatMap(container => checkMountClashes(container, volumes, leftOf(pod, container.name, additions)));
  return [
    ...checkVolumeNames(names),
    // A claim takes the place of the volume, and says nothing.
    ...names.ofClaims.filter(isVolume).map((name): Problem => ({
      code: 'CDK8SNIX0504', prop: 'volumeClaimTemplates', value: name, problem: 'The environment uses this name.', remedy: 'Give yours another name.',
    })),
    ...checkContainerNames(pod),
    ...clashes,
    ...containersOf(pod).flatMap(({ container }) => [
      // The clash says more of it.
      ...checkMountPaths(container, volumes).filter(({ prop, value }) => !clashes.some(clash => clash.prop === prop && clash.value === value)),
      ...checkMountedVolumes(container, pod, names, isOfTemplate),
    ]),
  ];
}

/** The additions with those of the mounts alone that patches have left to a container: what takes the place of one is meant. */
function leftOf(pod: PodManifest, name: string, additions: PodAdditions): PodAdditions {
  const mounts = containersOf(pod).filter(({ container }) => container.name === name).flatMap(({ container }) => listOf(container.volumeMounts));
  const isLeft = (ours: { readonly name: string; readonly mountPath: string }): boolean =>
    mounts.some(mount => mount.name === ours.name && mount.mountPath === ours.mountPath);
  return { ...additions, mounts: additions.mounts.filter(isLeft) };
}
