/** Plain data as TOML: a line for each key, with inline tables for what lies deeper. */
export function toml(table: { readonly [key: string]: unknown }): string {
  return entries(table).map(entry => `${entry}\n`).join('');
}

function entries(table: object): string[] {
  return Object.entries(table).filter(([, value]) => value !== undefined && value !== null).map(([key, item]) => `${plain(key)} = ${tomlValue(item)}`);
}

/** A value on one line, of plain data. */
export function tomlValue(item: unknown): string {
  if (Array.isArray(item)) {
    return `[${item.map(tomlValue).join(', ')}]`;
  }
  if (typeof item === 'number' && Number.isInteger(item) && !Number.isSafeInteger(item)) {
    // What an integer of 64 bits does not hold is a float.
    return item.toExponential();
  }
  return typeof item === 'object' ? `{ ${entries(item!).join(', ')} }` : plain(item);
}

/** What JSON escapes in a string, TOML escapes in the same way, and one character more; numbers and booleans are written alike. */
function plain(item: unknown): string {
  return JSON.stringify(item).replace(/\x7f/g, '\\u007f');
}
