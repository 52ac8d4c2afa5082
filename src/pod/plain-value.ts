/**
 * A value as YAML holds it, in the form in which cdk8s writes all others: without what is undefined, keys sorted unless that is
 * switched off, quantities and the like (classes of an import that wrap a number or a text) as what they wrap.
 */
export function plainValue(value: any): any {
  if (Array.isArray(value)) {
    return value.map(plainValue);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (value.constructor !== Object && ['string', 'number'].includes(typeof value.value)) {
    return value.value;
  }
  const keys = Object.keys(value).filter(key => value[key] !== undefined && value[key] !== null);
  return Object.fromEntries((process.env.CDK8S_DISABLE_SORT ? keys : keys.sort()).map(key => [key, plainValue(value[key])]));
}

/** An object of YAML with some fields set, those that are `undefined` left out, its keys in the order in which cdk8s writes them. */
export function withFields(object: any, fields: { readonly [field: string]: unknown }): any {
  const all: { [field: string]: unknown } = { ...object, ...fields };
  const keys = Object.keys(all).filter(key => all[key] !== undefined);
  return Object.fromEntries((process.env.CDK8S_DISABLE_SORT ? keys : keys.sort()).map(key => [key, all[key]]));
}
