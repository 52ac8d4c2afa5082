import { EXAMPLE_REVISION, inSubgroup, Reference, withFragment, withName, withoutName, withRevision, writtenName } from './flake-instead';
import { FlakePlace, flakePlace, FORGES } from './flake-place';
import { isVersionName } from './version-name';

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

const NAR_HASH_REMEDY = 'Add "narHash=sha256-…" behind "?" or "&", as `nix flake metadata` says it';

/** What is to be known of a reference, beside itself. */
export interface ReferenceOptions {
  /** Its attribute, which stays in what is to be written instead. @default - none */
  readonly fragment?: string;
  /** Whether it may stand for something else tomorrow, and so may what is to be written instead. @default false */
  readonly allowMoving?: boolean;
}

/** What is to be written instead is taken, if it is a whole reference: nobody has to ask twice. */
export function findingOf(flake: string, options: ReferenceOptions): Finding & { readonly isMoving: boolean } | undefined {
  const wrong = wrongPlace(flake, options);
  const moving = wrong || options.allowMoving ? undefined : whyMoving(flake, options);
  return wrong ? { ...wrong, isMoving: false } : moving && { ...moving, isMoving: true };
}

function referenceOf(flake: string, { fragment = '', allowMoving = false }: ReferenceOptions): Reference {
  return { ...flakePlace(flake), fragment, allowMoving };
}

/** What Nix would find wrong with a reference before it fetches anything. */
function wrongPlace(flake: string, options: ReferenceOptions): Finding | undefined {
  const place = referenceOf(flake, options);
  const { scheme, named, query } = place;
  const [revision, hash] = [query.get('rev'), query.get('narHash')];
  const pins = 'Use for example "?rev=" with all forty digits of a commit, and "?narHash=sha256-…", as `nix flake metadata` says.';
  if (!FETCHED.test(scheme)) {
    return {
      problem: `${scheme.startsWith('hg') ? 'The seed image has no Mercurial' : `Nix fetches nothing by ${JSON.stringify(scheme)}`}.`,
      remedy: scheme === 'ssh' ? insteadOf(`git+${flake}`, place) : 'Use for example "github:owner/repository/v1.2.3", or an archive by https: with its narHash.',
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

/** Advice to write another reference, and if that moves, what it takes to have it taken. */
function insteadOf(flake: string, { fragment, allowMoving }: Reference): string {
  return findingOf(flake, { fragment, allowMoving })?.remedy ?? `Use "${withFragment(flake, { fragment })}".`;
}

/** What Nix would not compare with what it got, and would write down all the same. */
function wrongOfArchive(place: Reference): Finding | undefined {
  const { scheme, query, allowMoving } = place;
  const canBeLeftOut = allowMoving || whyMoving(withoutName({ ...place, fragment: '' }), {}) === undefined;
  if (scheme === 'path' && query.has('ref')) {
    const leftOut = canBeLeftOut ? 'Leave it out' : `${NAR_HASH_REMEDY} in its place`;
    return { problem: 'A folder has no ref.', remedy: `${leftOut}, or use "git+file:" for a repository.` };
  }
  return query.has('rev') && !query.has('narHash') ? {
    problem: 'Nix does not look whether an archive or a folder is of that revision.', remedy: `${NAR_HASH_REMEDY}${canBeLeftOut ? ', or leave the rev out' : ''}.`,
  } : undefined;
}

/** Nix looks there for refs/heads/NAME and refs/tags/NAME. */
function wrongOfSourcehut(place: Reference): Finding | undefined {
  const name = nameOf(place);
  if (!name?.startsWith('refs/')) {
    return undefined;
  }
  const short = writtenName(place)!.replace(/^refs\/[^/]*\//, '');
  const revision = `Name a revision, as in "${withRevision(place)}"`;
  const byShort = short.startsWith('refs/') || short === '' ? undefined : withName(place, short);
  return {
    problem: 'At sourcehut Nix finds no whole name of a ref.',
    remedy: byShort === undefined ? `${revision}.` : place.allowMoving || isPinnedName(place, short) ? `Use "${byShort}", or a revision.`
      : `${revision}, or use "${byShort}" and say allowMoving: true.`,
  };
}

/** Why the same reference may bring other sources another day; undefined if it does not, as far as its owner moves no tag. */
function whyMoving(flake: string, options: ReferenceOptions): Finding | undefined {
  const place = referenceOf(flake, options);
  const { scheme, query } = place;
  if (scheme === 'flake') {
    return {
      problem: 'What a name of the registry stands for is said where it is looked up.',
      remedy: `Name the repository, as in "${withFragment(`github:NixOS/nixpkgs/${EXAMPLE_REVISION}`, place)}", or say allowMoving: true.`,
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
  if (query.has('rev') || (name !== undefined && isPinnedName(place, name))) {
    return undefined;
  }
  return name === undefined ? unnamed(place) : unclear(place, name);
}

/** A whole name of a tag, a revision, or what is clearly a version where Nix looks among tags, too. */
function isPinnedName({ scheme, address }: FlakePlace, name: string): boolean {
  const project = address.split(/[:/]/).slice(1, 3);
  return (/^refs\/tags\/[^*]+$/.test(name) && scheme !== 'sourcehut') || (FORGES.includes(scheme) && (REVISION.test(name) || isVersionName(name, project)));
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
    return { problem: 'A revision is no ref.', remedy: `Write "${withRevision(place, name)}".` };
  }
  if (SHORT_REVISION.test(name)) {
    return { problem: `${JSON.stringify(name)} is less than a revision.`, remedy: `Write all forty digits of it, as in "${withRevision(place)}", or say allowMoving: true.` };
  }
  const isForge = FORGES.includes(place.scheme);
  const [whole, nested] = [withTag(place, name), name.startsWith('refs/') ? undefined : inSubgroup(place)];
  const isNestedTaken = nested !== undefined && findingOf(nested.split('#')[0], {}) === undefined;
  const subgroup = nested === undefined ? ''
    : `If that is the repository of a subgroup, write its group as "group%2Fsubgroup"${isNestedTaken ? `, "${nested}"` : ''}. `;
  return {
    problem: `${isForge ? `${JSON.stringify(name)} may well be a branch` : `Nix takes the ref ${JSON.stringify(name)} for a branch`}, `
      + 'so what runs would depend on when it is brought.',
    remedy: `${subgroup}${whole === undefined ? '' : `If it is a tag, write "${whole}"; otherwise `}${whole === undefined ? 'Name' : 'name'} a revision, as in `
      + `"${withRevision(place)}", or say allowMoving: true.`,
  };
}

/** The reference by the whole name of its tag; undefined if it names none, or Nix would not find that. */
function withTag(place: Reference, name: string): string | undefined {
  const tag = writtenName(place)!.replace(/^tags\//, '');
  const whole = place.scheme === 'sourcehut' ? tag : `refs/tags/${tag}`;
  return BRANCH.test(name) || /^(?:refs|heads)\//.test(name) || !isPinnedName(place, whole) ? undefined : withName(place, whole);
}

function nameOf({ named, query }: FlakePlace): string | undefined {
  return named ?? query.get('ref') ?? undefined;
}

/** Whether Nix takes what it gets there for what was meant. */
function isUnchecked(scheme: string): boolean {
  return scheme === 'path' || /^(?:tarball\+)?(?:https?|file)$/.test(scheme);
}
