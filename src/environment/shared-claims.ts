import { Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { DoorKeeper } from './door-keeper';
import { urlHoldsSecret } from '../base/plain-secret';
import { describe, Problem } from '../base/problems';
import { HomeManager } from '../home/home-manager';
import { StoreReach } from '../pod/bound-store';
import { sharedVolume } from '../pod/volume-kind';

/** An environment on a claim, as far as others on it have to know; plain data, which every copy of this library can read. */
interface ClaimUser {
  readonly path: string;
  /** Each value that all have to agree on, by its prop. */
  readonly terms: { readonly [prop: string]: unknown };
  /** Set for a home that is where its store is, which tells whose both are. */
  readonly isOnStore?: boolean;
}

/** Where an app keeps who uses a claim. */
const OF_APP = Symbol.for('cdk8s-nix.claimUsers');

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

/** Make known that an environment has its store or its home on a claim or another volume that lasts, and tell what of it the others there exclude. */
export function shareClaims(keeper: DoorKeeper): void {
  const { path, scope, boundHome, home, homeManager, store, user } = keeper;
  const { architecture, claim, reach } = store;
  const volume = sharedVolume(store.source);
  if (volume) {
    const accessModes = claim && REACHES[reach];
    const terms = {
      'user.uid': user.uid, 'user.gid': user.gid, 'user.fsGroup': user.fsGroup, 'store.architecture': architecture, 'store.accessModes': accessModes,
    };
    const own: ClaimUser = { path, terms };
    share(scope, volume, own, others => checkTerms(volume, own, others));
  }
  const homes = home.isOnStoreVolume ? volume : sharedVolume(boundHome.source);
  if (homes) {
    const place = `the folder ${boundHome.folder} of ${homes}`;
    const terms = { 'home.user': user.uid, 'home.store': volume?.replace(/^the claim /, ''), 'home.profile': profileOf(homeManager) };
    const own: ClaimUser = { path, terms, isOnStore: home.isOnStoreVolume };
    share(scope, place, own, others => checkTerms(place, own, others));
  }
}

/** Which home configuration it is, for people and for comparing; one that is built into an image is one, whatever it is. */
function profileOf(homeManager: HomeManager | undefined): string | undefined {
  const { reference, attribute = 'prebuilt' } = homeManager ?? {};
  return homeManager && (reference === undefined ? attribute : `${urlHoldsSecret(reference) ? '(not shown)' : reference}#${attribute}`);
}

/** Make known who uses a place, and let it be checked against those that were there before. */
function share(scope: Construct, place: string, own: ClaimUser, check: (others: readonly ClaimUser[]) => Problem[]): void {
  const all = ofApp(scope.node.root);
  const key = `${Chart.of(scope).namespace ?? ''}/${place}`;
  const others = all.get(key);
  all.set(key, others ? others.concat(own) : [own]);
  if (others) {
    scope.node.addValidation({ validate: () => check(others).map(describe) });
  }
}

const REACHES: { readonly [reach in StoreReach]?: string } = {
  [StoreReach.ONE_POD]: 'ReadWriteOncePod', [StoreReach.ONE_NODE]: 'ReadWriteOnce', [StoreReach.MANY_NODES]: 'ReadWriteMany',
};

function checkTerms(place: string, { isOnStore, terms }: ClaimUser, [{ path, terms: theirs, ...other }]: readonly ClaimUser[]): Problem[] {
  // What one does not say, of the architecture or the fsGroup, is as the other has it.
  const differs = (prop: string): boolean => terms[prop] !== undefined && theirs[prop] !== undefined && terms[prop] !== theirs[prop];
  const isTold = (prop: string): boolean => prop === 'home.user' && isOnStore === true && other.isOnStore === true;
  return Object.keys(terms).filter(prop => differs(prop) && !isTold(prop)).map((prop): Problem => ({
    code: 'CDK8SNIX0219',
    prop,
    value: terms[prop],
    problem: `${path} uses ${place} with ${theirs[prop]}: ${REASONS[prop]}.`,
    remedy: prop.startsWith('home.') ? `Say the same in both, or give one a home of its own: ${isOnStore ? 'NixHome.persistent() or NixHome.ephemeral().' : 'another claim, or another folder of it.'}` : 'Say the same in both, or use another claim.',
  }));
}

function ofApp(root: IConstruct): Map<string, readonly ClaimUser[]> {
  const marked = root as { [OF_APP]?: Map<string, readonly ClaimUser[]> };
  if (!marked[OF_APP]) {
    Object.defineProperty(root, OF_APP, { value: new Map() });
  }
  return marked[OF_APP]!;
}
