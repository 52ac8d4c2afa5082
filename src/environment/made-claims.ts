import { ApiObject, Chart } from 'cdk8s';
import { IConstruct } from 'constructs';
import { DoorKeeper } from './door-keeper';
import { Problem } from '../base/problems';
import { BoundStore, StoreReach } from '../pod/bound-store';
import { NeededObjects } from '../pod/needed-objects';
import { isKind } from '../pod/object-kind';
import { listOf, mayBeList, objectsOf } from '../pod/pod-manifest';
import { manifestAsWished } from '../pod/written-manifest';

/** Where an app keeps its claims while it is validated; the same in every copy of this library. */
const FOUND = Symbol.for('cdk8s-nix.madeClaims');

interface Found {
  /** The specs of claims, by namespace and name. */
  claims?: ReadonlyMap<string, any>;
}

/** What a volume has to be, as an environment takes it. */
interface Taken {
  readonly prop: 'store' | 'home';
  readonly factory: 'NixStore' | 'NixHome';
  readonly source: BoundStore['source'];
  readonly reach: StoreReach;
  /** Whether its access modes were said, or could have been. */
  readonly isClaim: boolean;
}

/** Claims that somebody else has made in the app, and that are not what the environment takes them for: their pods would wait for ever. */
export function checkMadeClaims({ scope, store, boundHome }: DoorKeeper): Problem[] {
  const home: Taken = { prop: 'home', factory: 'NixHome', source: boundHome.source, reach: boundHome.reach, isClaim: true };
  return [{ prop: 'store', factory: 'NixStore', source: store.source, reach: store.reach, isClaim: store.claim !== undefined } as const, home].flatMap(taken => {
    const name = taken.source?.persistentVolumeClaim?.claimName;
    if (name === undefined || NeededObjects.of(scope).objects().some(object => object.kind === 'PersistentVolumeClaim' && object.name === name)) {
      return [];
    }
    const spec = claimsOf(scope.node.root).get(`${Chart.of(scope).namespace ?? ''}/${name}`);
    return spec === undefined ? [] : checkClaim(taken, name, spec);
  });
}

function checkClaim({ prop, factory, reach, isClaim }: Taken, name: string, { accessModes, volumeMode }: any): Problem[] {
  const refuse = (field: string, value: unknown, problem: string, remedy: string): Problem[] => [
    { code: 'CDK8SNIX0220', prop: `${prop}.${field}`, value, problem: `The claim ${name} ${problem}`, remedy },
  ];
  if (volumeMode === 'Block') {
    return refuse('volumeMode', volumeMode, 'is a device without a file system.', 'Leave out its volumeMode.');
  }
  const modes = listOf(accessModes);
  const has = (...wanted: string[]): boolean => modes.length === 0 || wanted.some(mode => modes.includes(mode));
  if (!has('ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod')) {
    return refuse('accessModes', modes, 'can only be read.', 'Give it ReadWriteOnce.');
  }
  if (reach === StoreReach.MANY_NODES && !has('ReadWriteMany')) {
    return refuse('accessModes', modes, 'is for one node or pod, and the others would wait for it for ever.',
      isClaim ? 'Give it ReadWriteMany, or say here what it has: accessModes.' : `Use ${factory}.existing(${JSON.stringify(name)}), with its access modes.`);
  }
  return reach === StoreReach.ONE_NODE && !has('ReadWriteOnce', 'ReadWriteMany')
    ? refuse('accessModes', modes, 'is for one pod, and the others would wait for it for ever.', 'Say so here, accessModes: [READ_WRITE_ONCE_POD], or give it ReadWriteOnce.') : [];
}

/** Found once for all environments that use such a claim, whenever the app is synthesized; most apps have none. */
function claimsOf(root: IConstruct): ReadonlyMap<string, any> {
  const marked = root as { [FOUND]?: Found };
  if (!marked[FOUND]) {
    const found: Found = {};
    Object.defineProperty(root, FOUND, { value: found });
    root.node.addValidation({
      validate: () => {
        found.claims = undefined;
        return [];
      },
    });
  }
  marked[FOUND]!.claims ??= findClaims(root);
  return marked[FOUND]!.claims;
}

function findClaims(root: IConstruct): Map<string, any> {
  const isClaim = (object: { readonly kind: string; readonly apiVersion?: string }): boolean => isKind(object, 'PersistentVolumeClaim', 'core');
  return new Map(root.node.findAll().filter(ApiObject.isApiObject).filter(object => isClaim(object) || mayBeList(object))
    .flatMap(object => objectsOf(manifestAsWished(object))).map(({ object }) => object).filter(isClaim)
    .map(({ metadata, spec }) => [`${metadata?.namespace ?? ''}/${metadata?.name}`, spec ?? {}]));
}
