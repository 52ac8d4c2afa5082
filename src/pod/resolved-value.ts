import { ApiObject, App, Lazy } from 'cdk8s';
import { isDictionary } from './dictionary';
import { keysAreSorted, keysOf } from './plain-value';

/** Of lazy values, of tokens, and of classes that wrap a number or a text: those that every app has. */
const BUILT_IN_RESOLVERS = 3;

/** Whether the values of an object are resolved as cdk8s does by itself; an app may have resolvers of its own. */
export function hasBuiltInResolvers(object: ApiObject): boolean {
  return App.of(object).resolvers.length === BUILT_IN_RESOLVERS;
}

/** What becomes of a class that wraps a number or a text, such as a quantity. */
export type Wrap = (value: number | string) => unknown;

/** What it wraps, as YAML has it. */
export const UNWRAPPED: Wrap = value => value;

/** As cdk8s gives it to the class of a typed object, which is to unwrap it, and as JSON patches meet it. */
export const AS_DICTIONARY: Wrap = value => ({ value });

/** The same for who compares what was rendered: JSON does not tell it from what it wraps. */
export const AS_WRAPPED: Wrap = value => new Wrapped(value);

class Wrapped {
  constructor(public readonly value: number | string) {}

  public toJSON(): number | string {
    return this.value;
  }
}

/**
 * What cdk8s makes of a value as it is written: resolved, sorted, without what is undefined. cdk8s' own way to it asks three resolvers at every
 * text and number and walks up the tree at each, which an app of a thousand workloads would pay twice, for its checks and for its YAML.
 */
export function resolveValue(value: any, wrap: Wrap, sort = keysAreSorted()): any {
  if (typeof value !== 'object' || value === null) {
    return value ?? undefined;
  }
  if (Array.isArray(value)) {
    return value.map(item => resolveValue(item, wrap, sort));
  }
  if (isDictionary(value) && typeof value.resolve !== 'function') {
    return resolveFields(value, wrap, sort);
  }
  if (value instanceof Lazy) {
    return resolveValue(value.produce(), wrap, sort);
  }
  if (typeof value.resolve === 'function') {
    return resolveValue(value.resolve(), wrap, sort);
  }
  if (['number', 'string'].includes(typeof value.value)) {
    return wrap(value.value);
  }
  throw new Error(`can't render non-simple object of type '${value.constructor?.name}'`);
}

function resolveFields(value: { [field: string]: any }, wrap: Wrap, sort: boolean): any {
  const fields: { [field: string]: any } = {};
  for (const key of keysOf(value, sort)) {
    const inner = typeof value[key] === 'object' ? resolveValue(value[key], wrap, sort) : value[key];
    if (inner !== undefined) {
      fields[key] = inner;
    }
  }
  return fields;
}
