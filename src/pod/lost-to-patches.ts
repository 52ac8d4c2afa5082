import { ApiObject } from 'cdk8s';
import { requiredTerms } from './pod-labels';
import { containersOf, isObject, listOf, PodManifest } from './pod-manifest';
import { PodAdditions, usesNix } from './pod-merge';
import { lookAtPatches, patchesOf, PatchOperation } from './written-manifest';
import { Problem } from '../base/problems';

/** The fields of a pod in which something is added, and items of their lists; and what a List holds. */
const HOLDING = /\/(items|spec|securityContext|capabilities|nodeSelector|affinity|podAffinity|requiredDuringSchedulingIgnoredDuringExecution|volumes|\w*[cC]ontainers|volumeMounts|env|command|\d+)$/;

/**
 * What was added to pods and is gone since a JSON patch sets a whole list or object anew: who writes one of theirs seldom knows what else is in it. What
 * a patch removes by itself is meant, and so is what another patch puts back.
 *
 * @param made the pods before anything was added
 * @param podsIn those of the manifest once it was, and after each patch
 */
export function lostToPatches(
  object: ApiObject, made: PodManifest[], additions: PodAdditions, podsIn: (manifest: any) => PodManifest[],
): Problem[] {
  const patches = patchesOf(object);
  const holds = (path: string): boolean => HOLDING.test(path) || made.some(pod => `${pointerTo(pod)}/`.startsWith(`${path}/`));
  const mayTakeAway = (patch: PatchOperation): boolean => (setsAnew(patch) && holds(patch.path)) || (patch.op === 'move' && holds(patch.from!));
  if (!patches.some(mayTakeAway)) {
    return [];
  }
  const theirs = thingsIn(made);
  const looks = lookAtPatches(object, manifest => {
    const pods = podsIn(manifest);
    return { things: new Set([...thingsIn(pods), ...startsIn(pods, additions)]), lists: namesInLists(pods) };
  });
  const { things: last } = looks[looks.length - 1];
  return patches.flatMap((patch, i) => {
    const { things, lists } = looks[i];
    const lost = mayTakeAway(patch) ? [...things].filter(thing => !looks[i + 1].things.has(thing) && !last.has(thing) && !theirs.has(thing)) : [];
    return lost.length === 0 ? [] : [{
      code: 'CDK8SNIX0524' as const,
      prop: patch.path,
      value: patch.op,
      problem: `The JSON patch takes away what the environment has put there: ${lost.slice(0, SHOWN).join(', ')}${lost.length > SHOWN ? `, and ${lost.length - SHOWN} more` : ''}.`,
      remedy: remedyFor(patch, lost.some(thing => thing.startsWith(START)) ? additions.commandPrefix : [], lists, namesInLists(made)),
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
    const { affinity, initContainers, nodeSelector, securityContext, volumes } = pod.spec;
    const where = i === 0 ? '' : `${pod.path} `;
    return [
      ...listOf(volumes).map(({ name }) => `volume ${name}`),
      ...listOf(initContainers).map(({ name }) => `init container ${name}`),
      ...Object.keys(securityContext ?? {}).map(field => `securityContext.${field}`),
      ...Object.keys(nodeSelector ?? {}).map(label => `nodeSelector ${label}`),
      // Another term in its place is somebody's word.
      ...(requiredTerms(affinity).length > 0 ? ['affinity to the pods on the same volume'] : []),
      ...containersOf(pod).flatMap(({ container }) => [
        ...listOf(container.volumeMounts).map(({ mountPath }) => `mount ${mountPath} of ${container.name}`),
        ...listOf(container.env).map(({ name }) => `variable ${name} of ${container.name}`),
        ...Object.keys(container.securityContext ?? {}).filter(field => field !== 'capabilities').map(field => `securityContext.${field} of ${container.name}`),
        ...listOf(container.securityContext?.capabilities?.drop).map(capability => `drop ${capability} of ${container.name}`),
      ]),
    ].map(thing => where + thing);
  }));
}

/** What begins the name of what is set before a command. */
const START = 'start of the command';

/** The containers whose command begins as it was written for them; one without a command has lost nothing yet. */
function startsIn(pods: PodManifest[], additions: PodAdditions): string[] {
  const { commandPrefix } = additions;
  return commandPrefix.length === 0 ? [] : pods.flatMap(pod => containersOf(pod).filter(({ container }) => {
    const command = listOf(container.command);
    return usesNix(container, additions) && (command.length === 0 || commandPrefix.every((word, i) => command[i] === word));
  }).map(({ container }) => `${START} of ${container.name}`));
}

/** The names in the lists of pods from which somebody may remove all, by the last steps of their paths. */
type NamesInLists = ReadonlyMap<string, readonly string[]>;

function namesInLists(pods: PodManifest[]): NamesInLists {
  const lists = new Map<string, string[]>();
  const join = (list: string, names: string[]): void => {
    lists.set(list, [...lists.get(list) ?? [], ...names]);
  };
  for (const { spec } of pods) {
    ['volumes', 'initContainers', 'containers'].forEach(list => join(list, listOf(spec[list]).map(({ name }) => name)));
    ['initContainers', 'containers'].forEach(sort => listOf(spec[sort]).forEach((container, i) => {
      join(`${sort}/${i}/env`, listOf(container.env).map(({ name }) => name));
      join(`${sort}/${i}/volumeMounts`, listOf(container.volumeMounts).map(({ mountPath }) => mountPath));
    }));
  }
  return lists;
}

function fieldsOf(value: any): string[] {
  return isObject(value) ? Object.keys(value) : [];
}

function remedyFor({ op, path, value }: PatchOperation, start: readonly string[], now: NamesInLists, made: NamesInLists): string {
  if (op === 'move') {
    return 'Add a copy of what is yours instead, and leave the rest where it is.';
  }
  if (start.length > 0) {
    return `Begin the command with what the environment sets first: ${start.map(word => JSON.stringify(word)).join(', ')}.`;
  }
  if (op !== 'remove' && /\/(affinity|podAffinity)$/.test(path)) {
    const fields = fieldsOf(value).flatMap(field => field === 'podAffinity' ? fieldsOf(value[field]).map(inner => `${field}/${inner}`) : [field])
      .map(field => `JsonPatch.add("${path}/${field}", …)`);
    return fields.length === 0 ? 'Leave the patch out: it says nothing of its own.'
      : `Patch only what is yours, ${fields.join(' and ')}, or give the affinity to the workload itself, and both are there.`;
  }
  if (path.endsWith('/requiredDuringSchedulingIgnoredDuringExecution')) {
    return `Leave the patch out, or remove the term by itself: JsonPatch.remove("${path}/0").`;
  }
  const list = /(?:containers|initContainers)\/\d+\/(?:env|volumeMounts)$|[^/]*$/.exec(path)![0];
  if (!/\/(volumes|\w*[cC]ontainers|volumeMounts|env)$/.test(path)) {
    return op === 'remove' ? 'Leave the patch out, or remove the fields in it one by one.'
      : `Patch the fields in it one by one, and add to lists: JsonPatch.add("${path}/…", …), with "/-" at the end for a list.`;
  }
  if (op !== 'remove') {
    return `Add to the list instead: JsonPatch.add("${path}/-", …).`;
  }
  const theirs = (now.get(list) ?? []).findIndex(name => made.get(list)?.includes(name));
  return theirs === -1 ? 'Leave the patch out: nothing in the list is yours.' : `Remove one by one what is yours: JsonPatch.remove("${path}/${theirs}").`;
}
