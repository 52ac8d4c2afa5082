/**
 * What a value says, to see later whether it has changed without keeping all of it: a thousand manifests that are kept until they are written cost
 * more to collect than all checks of them.
 *
 * @returns undefined for what JSON cannot hold; whether that has changed nobody knows
 */
export function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
