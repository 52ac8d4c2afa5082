import { FlakePlace, FORGES } from './flake-place';

/** A flake reference as people write it, and what is taken of it. */
export interface Reference extends FlakePlace {
  /** Its attribute, which stays in what is to be written instead; empty if it has none. */
  readonly fragment: string;
  /** Whether it may stand for something else tomorrow. */
  readonly allowMoving: boolean;
}

export const EXAMPLE_REVISION = '4f3cbb5f9ae5a4fbd57fd4b6b0a1e3a0d7a0b3c1';

/** The name in a reference as it is written, which need not be the one that it means. */
export function writtenName({ namedText, queryText }: FlakePlace): string | undefined {
  return namedText ?? settings(queryText).find(({ name }) => name === 'ref')?.text.slice('ref='.length);
}

/** The reference with another name in the place of its own. */
export function withName(place: Reference, name: string): string {
  return FORGES.includes(place.scheme) ? changed(place, { path: name }) : changed(place, { ref: name });
}

export function withRevision(place: Reference, revision = EXAMPLE_REVISION): string {
  return FORGES.includes(place.scheme) ? changed(place, { path: revision }) : changed(place, { rev: revision });
}

/** The reference without any name. */
export function withoutName(place: Reference): string {
  return changed(place, {});
}

/**
 * A repository of GitLab in a subgroup: Nix takes what stands behind the second slash for a name.
 *
 * @returns undefined if there is no place for one
 */
export function inSubgroup(place: Reference): string | undefined {
  const [, groups, repository, name] = /^gitlab:(.+)\/([^/]+)\/([^/]+)\/*$/.exec(place.address) ?? [];
  return groups?.includes('/') ? `${changed({ ...place, address: `gitlab:${groups.replace(/\//g, '%2F')}/${repository}` }, { path: name })}` : undefined;
}

/** With the attribute of a reference behind another one. */
export function withFragment(reference: string, { fragment }: Pick<Reference, 'fragment'>): string {
  return `${reference}${fragment === '' ? '' : `#${fragment}`}`;
}

/** What it says stays as it is written, other than what is decoded. */
function changed(place: Reference, { path, ...named }: { path?: string; ref?: string; rev?: string }): string {
  const repository = path === undefined ? place.address : `${place.address.split('/').slice(0, 2).join('/')}/${path}`;
  const others = settings(place.queryText).filter(({ name }) => !['ref', 'rev', 'tag'].includes(name)).map(({ text }) => text);
  const all = [...Object.entries(named).map(([name, value]) => `${name}=${value}`), ...others];
  return withFragment(`${repository}${all.length === 0 ? '' : `?${all.join('&')}`}`, place);
}

function settings(query: string): Array<{ readonly name: string; readonly text: string }> {
  return query.split('&').filter(text => text !== '').map(text => ({ name: text.split('=')[0], text }));
}
