import { argumentsHoldSecret, holdsSecret, isSecret } from '../base/plain-secret';

/** What neither a file nor a program takes: a character 0, and one half of a pair that is a character. */
export const NO_TEXT = /\0|\p{Surrogate}/u;

/** What is wrong with a setting, and where it stands. */
export interface SettingProblem {
  readonly path: string[];
  readonly value: string;
  readonly problem: string;
  /** A secret in plain text. */
  readonly secret?: boolean;
}

/**
 * The first setting that the file of an assistant cannot hold, or must not: files take what is plain data, and anybody who may read the
 * manifest sees it.
 *
 * @param takesNull whether the file's format knows of it
 */
export function settingProblem(settings: unknown, takesNull: boolean): SettingProblem | undefined {
  return isMapping(settings) ? problemOf(settings, takesNull, [], []) : { path: [], value: nameOf(settings), problem: 'Settings are a mapping.' };
}

function problemOf(value: unknown, takesNull: boolean, path: string[], above: readonly unknown[]): SettingProblem | undefined {
  if (typeof value === 'string' && NO_TEXT.test(value)) {
    return { path, value: '(not shown)', problem: 'A text has no character 0, and no half of a character.' };
  }
  if (typeof value === 'string') {
    return (namesVariable(path, value) ? holdsSecret(value) : isSecret(path.at(-1) ?? '', value)) ? secretAt(path) : undefined;
  }
  if (typeof value === 'number' && isSecret(path.at(-1) ?? '', String(value))) {
    return secretAt(path);
  }
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || (value === null && takesNull)) {
    return undefined;
  }
  if (above.includes(value)) {
    return { path, value: '(circular)', problem: 'It holds itself.' };
  }
  const inside = [...above, value];
  if (Array.isArray(value)) {
    if (path.at(-1) === 'args' && argumentsHoldSecret(value.map(String))) {
      return secretAt(path);
    }
    return first(value.map((item, i): [string, unknown] => [String(i), item]));
  }
  if (isMapping(value)) {
    return first(Object.entries(value).filter(([, item]) => item !== undefined));
  }
  return { path, value: nameOf(value), problem: 'A file holds texts, numbers, switches, lists and mappings only.' };

  function first(entries: Array<[string, unknown]>): SettingProblem | undefined {
    for (const [key, item] of entries) {
      if (holdsSecret(key)) {
        return secretAt(path);
      }
      const problem = problemOf(item, takesNull, [...path, key], inside);
      if (problem) {
        return problem;
      }
    }
    return undefined;
  }
}

function secretAt(path: string[]): SettingProblem {
  return { path, value: '(not shown)', problem: 'It would be plain text, in the manifest and in the file.', secret: true };
}

/** Codex takes headers from the variables that its `env_http_headers` name. */
function namesVariable(path: string[], value: string): boolean {
  return path.at(-2) === 'env_http_headers' && /^[A-Za-z_]\w*$/.test(value);
}

/** What stands at a place, written with dots; undefined if nothing does. */
export function settingAt(settings: unknown, place: string): unknown {
  return place.split('.').reduce((value, key) => isMapping(value) ? (value as { readonly [key: string]: unknown })[key] : undefined, settings);
}

export function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && [null, 'Object'].includes(Object.getPrototypeOf(value)?.constructor?.name ?? null);
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? value.constructor.name : String(value);
}
