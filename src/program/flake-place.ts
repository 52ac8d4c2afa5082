/** The parts of a flake reference, without its attribute. */
export interface FlakePlace {
  /** `github`, `git+https`, `path` …; that of a folder without one is `path`, too. */
  readonly scheme: string;
  /** What stands before `?`. */
  readonly address: string;
  readonly query: URLSearchParams;
  /** What stands behind `?`, as it is written. */
  readonly queryText: string;
  /** The branch, tag or revision behind a repository of a forge that Nix knows. */
  readonly named?: string;
  /** The same, as it is written. */
  readonly namedText?: string;
}

/** Forges whose archives Nix fetches, by the name of a repository. */
export const FORGES: readonly string[] = ['github', 'gitlab', 'sourcehut'];

export function flakePlace(flake: string): FlakePlace {
  const [address, query = ''] = flake.split('?');
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(address)?.[1] ?? 'path';
  const named = FORGES.includes(scheme) ? /^[a-z]+:[^/]+\/[^/]+\/(.*[^/])\/*$/.exec(address)?.[1] : undefined;
  return {
    scheme,
    address,
    // A plus in a query is not a blank to Nix.
    query: new URLSearchParams(query.replace(/\+/g, '%2B')),
    queryText: query,
    named: named === undefined ? undefined : decoded(named),
    namedText: named,
  };
}

/** Of bytes that are no UTF-8 nobody can say anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
