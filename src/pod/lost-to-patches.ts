import { ApiObject } from 'cdk8s';
import { containersOf, listOf, PodManifest } from './pod-manifest';
import { lookAtPatches, patchesOf, PatchOperation } from './written-manifest';
import { Problem } from '../base/problems';

/** The fields of a pod in which something is added, and items of their lists. */
const HOLDING = /\/(spec|securityContext|nodeSelector|volumes|\w*[cC]ontainers|volumeMounts|env|\d+)$/;

/**
 * What was added to pods and is gone since a JSON patch sets a whole list or object anew: who writes one of theirs seldom knows what else is in it. What
 * a patch removes by itself is meant, and so is what another patch puts back.
 *
 * @param made the pods before anything was added
 * @param podsIn those of the manifest once it was, and after each patch
 */
export function lostToPatches(object: ApiObject, made: PodManifest[], podsIn: (manifest: any) => PodManifest[]): Problem[] {
  const patches = patchesOf(object);
  const mayTakeAway = (patch: PatchOperation): boolean =>
    setsAnew(patch) && (HOLDING.test(patch.path) || made.some(pod => `${pointerTo(pod)}/`.startsWith(`${patch.path}/`)));
  if (!patches.some(mayTakeAway)) {
    return [];
  }
  const theirs = thingsIn(made);
  const looks = lookAtPatches(object, manifest => thingsIn(podsIn(manifest)));
  const last = looks[looks.length - 1];
  return patches.flatMap((patch, i) => {
    const lost = mayTakeAway(patch) ? [...looks[i]].filter(thing => !looks[i + 1].has(thing) && !last.has(thing) && !theirs.has(thing)) : [];
    return lost.length === 0 ? [] : [{
      code: 'CDK8SNIX0524' as const,
      prop: patch.path,
      value: patch.op,
      problem: `The JSON patch takes away what the environment has put there: ${lost.slice(0, SHOWN).join(', ')}${lost.length > SHOWN ? `, and ${lost.length - SHOWN} more` : ''}.`,
      remedy: remedyFor(patch),
    }];
  });
}

/** How many things a message names. */
const SHOWN = 4;

/** Whether a patch sets something anew, or removes it, with all that it holds; to a list it may only add. */
function setsAnew({ op, path }: PatchOperation): boolean {
  return op === 'replace' || (op !== 'test' && !/\/(\d+|-)$/.test(path));
}

/** Whether a patch sets all labels or annotations anew, of a pod or of something else. */
export function setsMetadataAnew(patch: PatchOperation): boolean {
  return setsAnew(patch) && /\/(metadata|labels|annotations)$/.test(patch.path);
}

function pointerTo({ path }: PodManifest): string {
  return path.replace(/[.[]/g, '/').replace(/\]/g, '');
}

/** All that pods hold, of what may be added to them, in words. */
function thingsIn(pods: PodManifest[]): Set<string> {
  return new Set(pods.flatMap((pod, i) => {
    const { initContainers, nodeSelector, securityContext, volumes } = pod.spec;
    const where = i === 0 ? '' : `${pod.path} `;
    return [
      ...listOf(volumes).map(({ name }) => `volume ${name}`),
      ...listOf(initContainers).map(({ name }) => `init container ${name}`),
      ...Object.keys(securityContext ?? {}).map(field => `securityContext.${field}`),
      ...Object.keys(nodeSelector ?? {}).map(label => `nodeSelector ${label}`),
      ...containersOf(pod).flatMap(({ container }) => [
        ...listOf(container.volumeMounts).map(({ mountPath }) => `mount ${mountPath} of ${container.name}`),
        ...listOf(container.env).map(({ name }) => `variable ${name} of ${container.name}`),
      ]),
    ].map(thing => where + thing);
  }));
}

function remedyFor({ op, path }: PatchOperation): string {
  if (/\/(volumes|\w*[cC]ontainers|volumeMounts|env)$/.test(path)) {
    return op === 'remove' ? `Remove one by one what is yours: JsonPatch.remove("${path}/0").` : `Add to the list instead: JsonPatch.add("${path}/-", …).`;
  }
  return `Patch the fields in it one by one, and add to lists: JsonPatch.add("${path}/…", …), with "/-" at the end for a list.`;
}
