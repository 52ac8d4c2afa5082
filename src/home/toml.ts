/** Plain data as TOML: a line for each key, with inline tables for what lies deeper. */
export function toml(table: { readonly [key: string]: unknown }): string {
  return entries(table).map(entry => `${entry}\n`).join('');
}

function entries(table: object): string[] {
  return Object.entries(table).filter(([, value]) => value !== undefined && value !== null).map(([key, item]) => `${JSON.stringify(key)} = ${tomlValue(item)}`);
}

/** A value on one line, of plain data. */
export function tomlValue(item: unknown): string {
  if (Array.isArray(item)) {
    return `[${item.map(tomlValue).join(', ')}]`;
  }
  // What JSON escapes in a string, TOML escapes in the same way; numbers and booleans are written alike.
  return typeof item === 'object' ? `{ ${entries(item!).join(', ')} }` : JSON.stringify(item);
}
