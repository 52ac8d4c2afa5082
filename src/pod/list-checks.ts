import { isObject, listOf } from './pod-manifest';
import { Problem } from '../base/problems';

/** The lists of a pod and of its containers that something is added to, or looked for in. */
const LISTS_OF_POD = ['initContainers', 'containers', 'volumes'];
const LISTS_OF_CONTAINER = ['env', 'ports', 'volumeMounts'];

/**
 * Whether the lists of a pod are lists: a manifest that no class has made may have anything there, such as variables by their names. An
 * API server would refuse it, and all that comes after this reads them.
 */
export function checkLists({ path = '', spec }: { readonly path?: string; readonly spec: any }): Problem[] {
  if (isFine(spec)) {
    return [];
  }
  const ofPod = LISTS_OF_POD.flatMap(field => checkList(`${path}.spec.${field}`, spec[field]));
  return ofPod.length > 0 ? ofPod : ['initContainers', 'containers'].flatMap(sort => listOf(spec[sort]).flatMap((container, i) =>
    LISTS_OF_CONTAINER.flatMap(field => checkList(`${path}.spec.${sort}[${i}].${field}`, container[field]))));
}

/** As nearly all are: every pod is asked, each time something of it is read. */
function isFine(spec: any): boolean {
  return areLists(spec, LISTS_OF_POD)
    && ['initContainers', 'containers'].every(sort => listOf(spec[sort]).every(container => areLists(container, LISTS_OF_CONTAINER)));
}

function areLists(owner: any, fields: readonly string[]): boolean {
  return fields.every(field => isListOfObjects(owner[field]));
}

function isListOfObjects(value: unknown): boolean {
  return (value ?? undefined) === undefined || (Array.isArray(value) && value.every(isObject));
}

function checkList(prop: string, value: unknown): Problem[] {
  return isListOfObjects(value) ? [] : [{
    code: 'CDK8SNIX0520',
    prop,
    value,
    problem: 'It is a list of objects.',
    remedy: 'Write it as "- name: …", an item each.',
  }];
}
