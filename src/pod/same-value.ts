/** Whether JSON would not tell two values from each other. A set is what is in it. */
export function isSameValue(one: any, other: any): boolean {
  if (one === other) {
    return true;
  }
  const [a, b] = [asJson(one), asJson(other)];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) {
    return a === b;
  }
  const fields = Object.keys(a);
  return fields.length === Object.keys(b).length && fields.every(field => Object.hasOwn(b, field) && isSameValue(a[field], b[field]));
}

function asJson(value: any): any {
  return value instanceof Set ? [...value] : typeof value?.toJSON === 'function' ? value.toJSON() : value;
}
