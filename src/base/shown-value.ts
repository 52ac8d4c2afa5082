import { isSecret } from './plain-secret';

const NOT_SHOWN = '(not shown)';

/**
 * A wrong value as a message may show it: plain data as it is, but for the text of secrets; of what is no data its kind.
 *
 * @param name what it is called
 * @param secretive whether a secret belongs in its place, so that a text there may well be one
 */
export function shownValue(name: string, value: unknown, secretive = false): unknown {
  const shown = (key: string, inner: any): unknown => {
    switch (typeof inner) {
      case 'string': return secretive || isSecret(key, inner) ? NOT_SHOWN : inner;
      case 'object': return inner === null || Array.isArray(inner) || isPlain(inner) ? inner : className(inner);
      case 'function': return inner.name === '' ? 'a function' : `function ${inner.name}`;
      case 'bigint': return `${inner}n`;
      case 'symbol': return String(inner);
      // JSON knows none of them.
      case 'number': return Number.isFinite(inner) ? inner : String(inner);
      default: return inner;
    }
  };
  try {
    const plain = JSON.stringify(shown(name, value), (key, inner) => shown(key === '' || /^\d+$/.test(key) ? name : key, inner));
    return plain === undefined ? undefined : JSON.parse(plain);
  } catch {
    return 'data in a circle';
  }
}

/** Whether it is plain data rather than an instance of a class, of whatever realm or copy of a package. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What the class of a value is called. */
export function className(value: object): string {
  return (value.constructor as Function | undefined)?.name || 'an object';
}
