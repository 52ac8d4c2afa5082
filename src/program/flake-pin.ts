import { FlakePlace, flakePlace, FORGES } from './flake-place';
import { isVersionName } from './version-name';

/** Where a flake is, and what of it is meant. */
interface Reference extends FlakePlace {
  readonly fragment: string;
}

/** What is wrong with a reference, and what to write instead. */
export interface Finding {
  readonly problem: string;
  readonly remedy: string;
}

/** What Nix finds without having been told about anything, and by which programs: those of any seed image. */
const FETCHED = /^(?:github|gitlab|sourcehut|path|flake|git(?:\+(?:https?|ssh|file))?|(?:tarball\+)?(?:https?|file))$/;

const REVISION = /^[0-9a-f]{40}$/i;

/** As forges show them. */
const SHORT_REVISION = /^(?=.*\d)(?=.*[a-f])[0-9a-f]{7,39}$/i;

/** What nobody calls a tag. */
const BRANCH = /^(?:HEAD|main|master)$/;

/** By SRI, which alone Nix takes in a reference; SHA-256 alone: Nix has no other for an archive. */
const NAR_HASH = /^sha256-[A-Za-z0-9+/]{43}=$/;

/** Not by a way that leads out of it again. */
const IN_STORE = /^(?:path:)?(?:\/\/)?\/nix\/store\/[0-9a-z]{32}-(?!.*(?:\/|%2F)(?:\.|%2E){2}(?:\/|%2F|$))/i;

const EXAMPLE_REVISION = '4f3cbb5f9ae5a4fbd57fd4b6b0a1e3a0d7a0b3c1';

const NAR_HASH_REMEDY = 'Add "narHash=sha256-…" behind "?" or "&", as `nix flake metadata` says it';

/**
 * What Nix would find wrong with a reference before it fetches anything.
 *
 * @param fragment its attribute, which stays in what is to be written instead
 */
export function wrongPlace(flake: string, fragment = ''): Finding | undefined {
  const place = { ...flakePlace(flake), fragment };
  const { scheme, named, query } = place;
  const [revision, hash] = [query.get('rev'), query.get('narHash')];
  const pins = 'Use for example "?rev=" with all forty digits of a commit, and "?narHash=sha256-…", as `nix flake metadata` says.';
  if (!FETCHED.test(scheme)) {
    return {
      problem: `${scheme.startsWith('hg') ? 'The seed image has no Mercurial' : `Nix fetches nothing by ${JSON.stringify(scheme)}`}.`,
      remedy: scheme === 'ssh' ? `Use "git+${flake}".` : 'Use for example "github:owner/repository/v1.2.3", or an archive by https: with its narHash.',
    };
  }
  if (FORGES.includes(scheme) && !/^[a-z]+:[^/]+\/[^/]+/.test(place.address)) {
    return { problem: 'It names no repository.', remedy: `Use "${scheme}:owner/repository/v1.2.3".` };
  }
  if (/^(?:path|git\+file):(?!\/(?!\/)|\/\/\/)/.test(place.address)) {
    return {
      problem: 'A relative path depends on where it is used, and the pod does not have your files.', remedy: 'Use for example "github:owner/repository/v1.2.3".',
    };
  }
  if (revision !== null && !REVISION.test(revision)) {
    return { problem: 'Its rev is no revision.', remedy: pins };
  }
  if (hash !== null && !NAR_HASH.test(hash)) {
    return { problem: 'Its narHash is no hash of a source.', remedy: pins };
  }
  if (FORGES.includes(scheme) && [named !== undefined, revision !== null, query.has('ref')].filter(names => names).length > 1) {
    return { problem: 'It names what to fetch twice: in its path, as rev or as ref.', remedy: pins };
  }
  return isUnchecked(scheme) ? wrongOfArchive(place) : scheme === 'sourcehut' ? wrongOfSourcehut(place) : undefined;
}

/** What Nix would not compare with what it got, and would write down all the same. */
function wrongOfArchive({ scheme, query }: FlakePlace): Finding | undefined {
  if (scheme === 'path' && query.has('ref')) {
    return { problem: 'A folder has no ref.', remedy: 'Leave it out, or use "git+file:" for a repository.' };
  }
  return query.has('rev') && !query.has('narHash') ? {
    problem: 'Nix does not look whether an archive or a folder is of that revision.', remedy: `${NAR_HASH_REMEDY}, or leave the rev out.`,
  } : undefined;
}

/** Nix looks there for refs/heads/NAME and refs/tags/NAME. */
function wrongOfSourcehut(place: Reference): Finding | undefined {
  const name = nameOf(place);
  return name?.startsWith('refs/') ? {
    problem: 'At sourcehut Nix finds no whole name of a ref.', remedy: `Use "${withName(place, name.replace(/^refs\/[^/]*\//, ''))}", or a revision.`,
  } : undefined;
}

/**
 * Why the same reference may bring other sources another day; undefined if it does not, as far as its owner moves no tag.
 *
 * @param fragment its attribute, which stays in what is to be written instead
 */
export function whyMoving(flake: string, fragment = ''): Finding | undefined {
  const place = { ...flakePlace(flake), fragment };
  const { scheme, query } = place;
  if (scheme === 'flake') {
    return {
      problem: 'What a name of the registry stands for is said where it is looked up.',
      remedy: `Name the repository, as in "github:NixOS/nixpkgs/${EXAMPLE_REVISION}", or say allowMoving: true.`,
    };
  }
  if (isUnchecked(scheme)) {
    // Nix compares the one with what it got, of these alone; and a folder of the store has its hash in its name.
    return query.has('narHash') || IN_STORE.test(place.address) ? undefined : {
      problem: `Of ${scheme === 'path' ? 'a folder' : 'an archive'} Nix checks nothing but its narHash, so what runs would depend on when it is brought.`,
      remedy: `${NAR_HASH_REMEDY}, or say allowMoving: true.`,
    };
  }
  const name = nameOf(place);
  if (query.has('rev') || (name !== undefined && isPinnedName(scheme, name))) {
    return undefined;
  }
  return name === undefined ? unnamed(place) : unclear(place, name);
}

/** A whole name of a tag, a revision, or what is clearly a version where Nix looks among tags, too. */
function isPinnedName(scheme: string, name: string): boolean {
  return /^refs\/tags\/[^*]+$/.test(name) || (FORGES.includes(scheme) && (REVISION.test(name) || isVersionName(name)));
}

function unnamed(place: Reference): Finding {
  const name = FORGES.includes(place.scheme) ? 'v1.2.3' : 'refs/tags/v1.2.3';
  return {
    problem: 'It names neither a revision nor a tag, so what runs would depend on when it is brought.',
    remedy: `Name one, as in "${withName(place, name)}" or "${withRevision(place)}", or say allowMoving: true.`,
  };
}

/** What is a branch to Nix, or may be one. */
function unclear(place: Reference, name: string): Finding {
  if (REVISION.test(name)) {
    return { problem: 'A revision is no ref.', remedy: `Write "${changed(place, { rev: name })}".` };
  }
  if (SHORT_REVISION.test(name)) {
    return { problem: `${JSON.stringify(name)} is less than a revision.`, remedy: `Write all forty digits of it, as in "${withRevision(place)}", or say allowMoving: true.` };
  }
  const isForge = FORGES.includes(place.scheme);
  const whole = BRANCH.test(name) || place.scheme === 'sourcehut' || name.startsWith('refs/') ? undefined : withName(place, `refs/tags/${name}`);
  const subgroup = place.scheme === 'gitlab' && place.named?.includes('/') && !name.startsWith('refs/')
    ? 'If that is the repository of a subgroup, write its group as "group%2Fsubgroup". ' : '';
  return {
    problem: `${isForge ? `${JSON.stringify(name)} may well be a branch` : `Nix takes the ref ${JSON.stringify(name)} for a branch`}, `
      + 'so what runs would depend on when it is brought.',
    remedy: `${subgroup}${whole === undefined ? '' : `If it is a tag, write "${whole}"; otherwise `}${whole === undefined ? 'Name' : 'name'} a revision, as in `
      + `"${withRevision(place)}", or say allowMoving: true.`,
  };
}

function nameOf({ named, query }: FlakePlace): string | undefined {
  return named ?? query.get('ref') ?? undefined;
}

/** The reference with another name in the place of its own. */
function withName(place: Reference, name: string): string {
  return FORGES.includes(place.scheme) ? changed(place, { path: name }) : changed(place, { ref: name });
}

function withRevision(place: Reference): string {
  return FORGES.includes(place.scheme) ? changed(place, { path: EXAMPLE_REVISION }) : changed(place, { rev: EXAMPLE_REVISION });
}

function changed({ address, fragment, query }: Reference, { path, ...named }: { path?: string; ref?: string; rev?: string }): string {
  const repository = path === undefined ? address : `${address.split('/').slice(0, 2).join('/')}/${path}`;
  const others = [...query].filter(([name]) => !['ref', 'rev', 'tag'].includes(name));
  const all = [...Object.entries(named), ...others].map(([name, value]) => `${name}=${value}`);
  return `${repository}${all.length === 0 ? '' : `?${all.join('&')}`}${fragment === '' ? '' : `#${fragment}`}`;
}

/** Whether Nix takes what it gets there for what was meant. */
function isUnchecked(scheme: string): boolean {
  return scheme === 'path' || /^(?:tarball\+)?(?:https?|file)$/.test(scheme);
}
