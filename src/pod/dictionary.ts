/** Whether a value is a dictionary, and no instance of a class: by the name, since other realms have an `Object` of their own. */
export function isDictionary(value: object): boolean {
  return value.constructor === Object || value.constructor?.name === 'Object';
}
