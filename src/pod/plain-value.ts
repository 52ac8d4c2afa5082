import { isDictionary } from './dictionary';

/** Whether cdk8s sorts the keys of what it writes. A look at the environment of the process takes its time: once a manifest. */
export function keysAreSorted(): boolean {
  return !process.env.CDK8S_DISABLE_SORT;
}

/**
 * A value as YAML holds it, in the form in which cdk8s writes all others: without what is undefined, keys sorted unless that is
 * switched off, quantities and the like (classes of an import that wrap a number or a text) as what they wrap.
 */
export function plainValue(value: any, sort = keysAreSorted()): any {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(item => plainValue(item, sort));
  }
  if (!isDictionary(value) && ['string', 'number'].includes(typeof value.value)) {
    return value.value;
  }
  const plain: { [field: string]: unknown } = {};
  for (const key of keysOf(value, sort)) {
    const inner = value[key];
    if (inner !== undefined && inner !== null) {
      plain[key] = typeof inner === 'object' ? plainValue(inner, sort) : inner;
    }
  }
  return plain;
}

/** The keys of an object, sorted: which nearly always they are. */
export function keysOf(object: object, sort: boolean): string[] {
  const keys = Object.keys(object);
  for (let i = 1; sort && i < keys.length; i++) {
    if (keys[i - 1] > keys[i]) {
      return keys.sort();
    }
  }
  return keys;
}

/** An object of YAML with some fields set, those that are `undefined` left out, its keys in the order in which cdk8s writes them. */
export function withFields(object: any, fields: { readonly [field: string]: unknown }): any {
  const all: { [field: string]: unknown } = { ...object, ...fields };
  const set: { [field: string]: unknown } = {};
  for (const key of keysOf(all, keysAreSorted())) {
    if (all[key] !== undefined) {
      set[key] = all[key];
    }
  }
  return set;
}
