import { isDeepStrictEqual } from 'util';

/**
 * The paths at which two manifests differ, `*` for what comes from or goes to nothing at all below it.
 *
 * Lists of things with a name are compared by name, since their order means nothing: `containers[backstage].env[PATH]`.
 */
export function differences(before: unknown, after: unknown, path: string = ''): string[] {
  if (isDeepStrictEqual(before, after)) {
    return [];
  }
  const [left, right] = [parts(before), parts(after)];
  if (!left || !right) {
    return [path];
  }
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys.flatMap(key => differences(left.get(key), right.get(key), join(path, key)));
}

/** The parts of a mapping, or of a list of things with a name or a path; undefined for what is compared as a whole. */
function parts(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const names = value.map(item => item?.mountPath ?? item?.name);
    return names.every(name => typeof name === 'string') ? new Map(value.map((item, i) => [`[${names[i]}]`, item])) : undefined;
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

function join(path: string, key: string): string {
  return path === '' || key.startsWith('[') ? `${path}${key}` : `${path}.${key}`;
}
