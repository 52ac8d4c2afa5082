import { Lazy } from 'cdk8s';
import { isDictionary } from './dictionary';
import { keysAreSorted } from './plain-value';

/** Of lazy values, of tokens, and of classes that wrap a number or a text: those that every app has. */
export const BUILT_IN_RESOLVERS = 3;

/**
 * What cdk8s makes of a value as it is written: resolved, sorted, without what is undefined. cdk8s' own way to it asks three resolvers at every
 * text and number and walks up the tree at each, which an app of a thousand workloads would pay twice, for its checks and for its YAML.
 *
 * @param forL1 whether the class of a typed object follows, which expects what wraps a number or a text as an object with that value
 */
export function resolveValue(value: any, forL1: boolean, sort = keysAreSorted()): any {
  if (typeof value !== 'object' || value === null) {
    return value ?? undefined;
  }
  if (Array.isArray(value)) {
    return value.map(item => resolveValue(item, forL1, sort));
  }
  if (isDictionary(value) && typeof value.resolve !== 'function') {
    return resolveFields(value, forL1, sort);
  }
  if (value instanceof Lazy) {
    return resolveValue(value.produce(), forL1, sort);
  }
  if (typeof value.resolve === 'function') {
    return resolveValue(value.resolve(), forL1, sort);
  }
  if (['number', 'string'].includes(typeof value.value)) {
    return forL1 ? { value: value.value } : value.value;
  }
  throw new Error(`can't render non-simple object of type '${value.constructor?.name}'`);
}

function resolveFields(value: { [field: string]: any }, forL1: boolean, sort: boolean): any {
  const fields: { [field: string]: any } = {};
  const keys = Object.keys(value);
  for (const key of sort ? keys.sort() : keys) {
    const inner = resolveValue(value[key], forL1, sort);
    if (inner !== undefined) {
      fields[key] = inner;
    }
  }
  return fields;
}
