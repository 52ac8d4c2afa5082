import { Construct } from 'constructs';
import { DoorKeeper } from './door-keeper';
import { Place, placeOf, PlaceUses, writtenName } from './place-uses';
import { urlHoldsSecret } from '../base/plain-secret';
import { Problem } from '../base/problems';
import { HomeManager } from '../home/home-manager';
import { StoreReach } from '../pod/bound-store';
import { sharedVolume } from '../pod/volume-kind';

/** An environment on a claim, as far as others on it have to know; plain data, which every copy of this library can read. */
interface ClaimUser extends Place {
  readonly path: string;
  /** Each value that all have to agree on, by its prop. */
  readonly terms: { readonly [prop: string]: unknown };
  /** Set for a home that is where its store is, which tells whose both are. */
  readonly isOnStore?: boolean;
  /** Where the store is of which a home is. */
  readonly store?: Place;
}

/** Where an app keeps who uses a claim. */
const OF_APP = Symbol.for('cdk8s-nix.placeUses');

const CLAIM = 'the claim ';

/** One for all: an app has thousands of environments. */
const NONE: readonly ClaimUser[] = [];

/** Why they have to agree. */
const REASONS: { readonly [prop: string]: string } = {
  'user.uid': 'Nix works only for the owner of a store',
  'user.gid': 'a store belongs to one group',
  'user.fsGroup': 'the kubelet would give all of the volume to another group at each start',
  'store.architecture': 'programs of two architectures cannot be in one store',
  'home.user': 'Nix works only for the owner of a home',
  'home.store': 'the links of a home lead into one store, and what one environment installs would be missing in the other',
  'home.profile': 'each start would activate its own home configuration over the other\'s',
  'store.accessModes': 'which pods may use it, and how Nix locks its database, follows from them',
};

/** Make known that an environment has its store or its home on a claim or another volume that lasts; what comes back tells what of it the others there exclude. */
export function shareClaims(keeper: DoorKeeper): () => Problem[] {
  const { path, scope, boundHome, home, homeManager, store, user } = keeper;
  const { architecture, claim, reach } = store;
  const uses = PlaceUses.of<ClaimUser>(scope.node.root, OF_APP);
  const volume = placeOfVolume(scope, store.source);
  const accessModes = claim && REACHES[reach];
  // Field by field: what is spread has a shape of its own in memory, each time.
  const ofStore: ClaimUser | undefined = volume && {
    scope,
    namespace: volume.namespace,
    what: volume.what,
    name: volume.name,
    claim: volume.claim,
    path,
    terms: {
      'user.uid': user.uid, 'user.gid': user.gid, 'user.fsGroup': user.fsGroup, 'store.architecture': architecture, 'store.accessModes': accessModes,
    },
  };
  const homes = home.isOnStoreVolume ? volume : placeOfVolume(scope, boundHome.source);
  const ofHome: ClaimUser | undefined = homes && {
    scope,
    namespace: homes.namespace,
    name: homes.name,
    claim: homes.claim,
    what: `the folder ${boundHome.folder} of ${homes.what}`,
    path,
    // What is compared as it is written has its place among the others here.
    terms: { 'home.user': user.uid, 'home.store': undefined, 'home.profile': profileOf(homeManager) },
    isOnStore: home.isOnStoreVolume,
    store: volume,
  };
  // `concat` leaves no room to grow in a list, as `filter` does.
  const own = NONE.concat(ofStore ?? [], ofHome ?? []);
  own.forEach(use => uses.add(use));
  return () => own.flatMap(use => {
    const first = uses.firstWith(use);
    return first === use ? [] : checkTerms(use, first);
  });
}

/** A volume that pods of several environments may have; undefined if each pod has one of its own. */
function placeOfVolume(scope: Construct, source: any): Place | undefined {
  const claim = source?.persistentVolumeClaim?.claimName;
  const volume = claim === undefined ? sharedVolume(source) : undefined;
  return claim !== undefined ? placeOf(scope, CLAIM, claim) : volume === undefined ? undefined : placeOf(scope, '', volume);
}

/** Which home configuration it is, for people and for comparing; one that is built into an image is one, whatever it is. */
function profileOf(homeManager: HomeManager | undefined): string | undefined {
  const { reference, attribute = 'prebuilt' } = homeManager ?? {};
  return homeManager && (reference === undefined ? attribute : `${urlHoldsSecret(reference) ? '(not shown)' : reference}#${attribute}`);
}

const REACHES: { readonly [reach in StoreReach]?: string } = {
  [StoreReach.ONE_POD]: 'ReadWriteOncePod', [StoreReach.ONE_NODE]: 'ReadWriteOnce', [StoreReach.MANY_NODES]: 'ReadWriteMany',
};

function checkTerms(own: ClaimUser, other: ClaimUser): Problem[] {
  const { isOnStore } = own;
  const [terms, theirs] = [termsOf(own), termsOf(other)];
  // What one does not say, of the architecture or the fsGroup, is as the other has it.
  const differs = (prop: string): boolean => terms[prop] !== undefined && theirs[prop] !== undefined && terms[prop] !== theirs[prop];
  const isTold = (prop: string): boolean => prop === 'home.user' && isOnStore === true && other.isOnStore === true;
  return Object.keys(terms).filter(prop => differs(prop) && !isTold(prop)).map((prop): Problem => ({
    code: 'CDK8SNIX0219',
    prop,
    value: terms[prop],
    problem: `${other.path} uses ${own.what}${own.name} with ${theirs[prop]}: ${REASONS[prop]}.`,
    remedy: prop.startsWith('home.') ? `Say the same in both, or give one a home of its own: ${isOnStore ? 'NixHome.persistent() or NixHome.ephemeral().' : 'another claim, or another folder of it.'}` : 'Say the same in both, or use another claim.',
  }));
}

function termsOf({ terms, store }: ClaimUser): ClaimUser['terms'] {
  return store === undefined ? terms : { ...terms, 'home.store': `${store.what.replace(/^the claim /, '')}${writtenName(store)}` };
}
