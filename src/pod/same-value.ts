/** Whether JSON would not tell two values from each other. */
export function isSameValue(one: any, other: any): boolean {
  if (one === other) {
    return true;
  }
  if (typeof one?.toJSON === 'function' || typeof other?.toJSON === 'function') {
    return isSameValue(asJson(one), asJson(other));
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) {
    return false;
  }
  return Array.isArray(one) ? one.length === other.length && one.every((item, i) => isSameValue(item, other[i])) : hasSameFields(one, other);
}

function hasSameFields(one: any, other: any): boolean {
  const fields = Object.keys(one);
  if (fields.length !== Object.keys(other).length) {
    return false;
  }
  for (const field of fields) {
    if (!Object.hasOwn(other, field) || !isSameValue(one[field], other[field])) {
      return false;
    }
  }
  return true;
}

function asJson(value: any): any {
  return typeof value?.toJSON === 'function' ? value.toJSON() : value;
}
