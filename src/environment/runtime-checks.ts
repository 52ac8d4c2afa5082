import { ApiObject } from 'cdk8s';
import { isSameProblem, Problem } from '../base/problems';
import { NixImage } from '../image/nix-image';
import { NodeRuntime } from '../pod/bound-store';
import { setsMetadataAnew } from '../pod/lost-to-patches';
import { containersOf, PodManifest } from '../pod/pod-manifest';
import { lookAtPatches, patchesOf } from '../pod/written-manifest';
import { EnvironmentPrograms } from '../program/environment-programs';

/** What a pod says itself of that by which the runtime of the node finds its programs: they would not run, and nobody would say so. */
export function checkRuntime(pod: PodManifest, programs: EnvironmentPrograms): Problem[] {
  return check(pod, programs, false);
}

/** The same of what patches make of a pod that has all of it, and of what they take away. */
export function checkPatchedRuntime(object: ApiObject, programs: EnvironmentPrograms, podsIn: (manifest: any) => PodManifest[]): Problem[] {
  if (!programs.nodeRuntime) {
    return [];
  }
  try {
    const areBack = patchesOf(object).some(setsMetadataAnew);
    const looks = lookAtPatches(object, manifest => podsIn(manifest).flatMap(pod => check(pod, programs, true)))
      .map(problems => problems.filter(({ prop, value }) => !(areBack && value === undefined && prop.startsWith('podMetadata.'))));
    return looks[looks.length - 1].filter(problem => !looks[0].some(other => isSameProblem(problem, other)));
  } catch {
    // A patch that fails is told as the object is written.
    return [];
  }
}

/** @param isMerged whether all of it has been added */
function check(pod: PodManifest, programs: EnvironmentPrograms, isMerged: boolean): Problem[] {
  const runtime = programs.nodeRuntime;
  return runtime ? [
    ...checkClass(pod, runtime, isMerged), ...checkAnnotations(pod, programs.annotations, isMerged), ...checkImages(pod, programs, runtime),
  ] : [];
}

function checkClass({ spec }: PodManifest, { runtimeClassName: ours }: NodeRuntime, isMerged: boolean): Problem[] {
  const theirs = spec.runtimeClassName ?? undefined;
  return ours === undefined || theirs === ours || (!isMerged && theirs === undefined) ? [] : [{
    code: 'CDK8SNIX1206',
    prop: 'runtimeClassName',
    value: theirs,
    problem: `It is the runtime class ${JSON.stringify(ours)} that brings the programs of the environment.`,
    remedy: 'Leave it to the environment, or use NixStore.persistent(), whose programs any runtime runs.',
  }];
}

function checkAnnotations({ metadata }: PodManifest, annotations: EnvironmentPrograms['annotations'], isMerged: boolean): Problem[] {
  return Object.entries(annotations).flatMap(([name, ours]) => {
    const theirs = metadata?.annotations?.[name] ?? undefined;
    return theirs === ours || (!isMerged && theirs === undefined) ? [] : [{
      code: 'CDK8SNIX1206' as const,
      prop: `podMetadata.annotations[${name}]`,
      value: theirs,
      problem: `The runtime of the node finds by it what the pod runs, and the environment says ${JSON.stringify(ours)}.`,
      remedy: 'Leave it to the environment.',
    }];
  });
}

function checkImages(pod: PodManifest, programs: EnvironmentPrograms, runtime: NodeRuntime): Problem[] {
  const wrong = (container: any, problem: string, remedy: string): Problem => ({
    code: 'CDK8SNIX1206', prop: `containers[${container.name}].image`, value: container.image, problem, remedy,
  });
  return containersOf(pod).flatMap(({ container }) => {
    const isProgram = programs.names.includes(container.name);
    // That of a workspace is told by a check of its own, and that of a program by its options.
    if (container.image === NixImage.upstream().reference || programs.imageOf(container.name) === container.image) {
      return [];
    }
    if (runtime.runs === 'flake') {
      return [isProgram ? wrong(container, 'This runtime of the node ignores images.', 'Leave it to the environment.')
        : wrong(container, 'This runtime of the node ignores images: the container would run the flake of the pod.', 'Put it into a workload of its own, without this store.')];
    }
    return runtime.runs === 'image' && isProgram
      ? [wrong(container, 'The program is the image of its container here, and in another image it is nowhere.', 'Leave it to the environment.')] : [];
  });
}
