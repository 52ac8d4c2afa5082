import { ApiObject, Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { DoorKeeper } from './door-keeper';
import { checkPlaces } from './place-checks';
import { staysUp } from './workload-checks';
import { foundInApp } from '../base/found-in-app';
import { Problem } from '../base/problems';
import { BoundStore, StoreReach, VolumePlaces } from '../pod/bound-store';
import { podTemplatesOf } from '../pod/enabled-mark';
import { ACCESS_MODES, isKnownWord, VOLUME_MODES, wordWanted } from '../pod/known-words';
import { NeededObjects } from '../pod/needed-objects';
import { isKind } from '../pod/object-kind';
import { listOf, mayBeList, objectsOf, podsOf } from '../pod/pod-manifest';
import { PodTarget } from '../pod/pod-targets';
import { startersOf } from '../pod/starters';
import { isPatched, manifestAsWished, manifestToCheck } from '../pod/written-manifest';

/** Where an app keeps its claims while it is validated; the same in every copy of this library. */
const FOUND = Symbol.for('cdk8s-nix.madeClaims');

/** What a volume has to be, as an environment takes it. */
interface Taken {
  readonly prop: 'store' | 'home';
  readonly factory: 'NixStore' | 'NixHome';
  readonly source: BoundStore['source'];
  readonly reach: StoreReach;
  /** Whether its access modes were said, or could have been. */
  readonly saysModes: boolean;
}

/**
 * Claims that somebody else has made in the app, or patches of ours have made something else of, and that are not what the environment takes them for:
 * their pods would wait for ever.
 *
 * @param workloadsOn all that starts pods with a claim of the environment, by its name
 */
export function checkMadeClaims({ scope, store, boundHome }: DoorKeeper, workloadsOn: (claim: string) => readonly PodTarget[]): Problem[] {
  const home: Taken = { prop: 'home', factory: 'NixHome', source: boundHome.source, reach: boundHome.reach, saysModes: boundHome.saysModes === true };
  const all: Taken[] = [{ prop: 'store', factory: 'NixStore', source: store.source, reach: store.reach, saysModes: store.claim !== undefined }, home];
  return all.flatMap(taken => {
    const name = taken.source?.persistentVolumeClaim?.claimName;
    const spec = name === undefined ? undefined : specOf(scope, name);
    return name === undefined || spec === undefined ? [] : checkClaim(taken, name, spec, () => isForOnePod(taken, workloadsOn(name)));
  });
}

/** What a claim is in the app, if it is there; one of our own is what it was made for, unless it is patched. */
function specOf(scope: Construct, name: string): any {
  const own = NeededObjects.of(scope).objects().find(object => object.kind === 'PersistentVolumeClaim' && object.name === name);
  if (own !== undefined) {
    return isPatched(own) ? manifestAsWished(own).spec : undefined;
  }
  return claimsOf(scope.node.root).get(`${Chart.of(scope).namespace ?? ''}/${name}`);
}

/** Whether none of what uses a claim keeps another from it for ever. Where few pods were asked for, how many one workload has is told elsewhere. */
function isForOnePod({ prop, reach }: Taken, targets: readonly PodTarget[]): boolean {
  const parts = targets.flatMap(target => target.parts);
  return !(parts.length > 1 && parts.some(staysUp)) && (reach !== StoreReach.MANY_NODES || targets.every(target => startsOne(prop, target)));
}

function startsOne(what: string, { object, parts }: PodTarget): boolean {
  const places: VolumePlaces = { reach: StoreReach.ONE_NODE, what };
  try {
    return objectsOf(isPatched(object) ? manifestAsWished(object) : manifestToCheck(object)).map(inner => inner.object)
      .filter(inner => parts.some(part => part.kind === inner.kind))
      .every(inner => checkPlaces(places, inner, podsOf(inner, podTemplatesOf(object)), startersOf(object, inner)).length === 0);
  } catch {
    // What cannot be rendered is told by what renders it.
    return true;
  }
}

function checkClaim({ prop, factory, reach, saysModes }: Taken, name: string, { accessModes, volumeMode }: any, isOnePod: () => boolean): Problem[] {
  const refuse = (field: string, value: unknown, problem: string, remedy: string): Problem[] => [
    { code: 'CDK8SNIX0220', prop: `${prop}.${field}`, value, problem: `The claim ${name} ${problem}`, remedy },
  ];
  for (const [field, value, known] of [['accessModes', accessModes, ACCESS_MODES], ['volumeMode', volumeMode, VOLUME_MODES]] as const) {
    if (value !== undefined && value !== null && !isKnownWord(value, known)) {
      const { problem, remedy } = wordWanted(value, known);
      return refuse(field, value, `has what Kubernetes does not know there. ${problem}`, remedy);
    }
  }
  if (volumeMode === 'Block') {
    return refuse('volumeMode', volumeMode, 'is a device without a file system.', 'Leave out its volumeMode.');
  }
  const modes = listOf(accessModes);
  const has = (...wanted: string[]): boolean => modes.length === 0 || wanted.some(mode => modes.includes(mode));
  if (!has('ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod')) {
    return refuse('accessModes', modes, 'can only be read.', 'Give it ReadWriteOnce.');
  }
  // Nobody has said that a volume of kplus is for many, and it is not, where there is one pod.
  if (reach === StoreReach.MANY_NODES && !has('ReadWriteMany') && (saysModes || !isOnePod())) {
    return refuse('accessModes', modes, 'is for one node or pod, and the others would wait for it for ever.',
      saysModes ? 'Give it ReadWriteMany, or say here what it has: accessModes.' : `Use ${factory}.existing(${JSON.stringify(name)}), with its access modes.`);
  }
  return reach === StoreReach.ONE_NODE && !has('ReadWriteOnce', 'ReadWriteMany') && !isOnePod()
    ? refuse('accessModes', modes, 'is for one pod, and the others would wait for it for ever.', 'Say so here, accessModes: [READ_WRITE_ONCE_POD], or give it ReadWriteOnce.') : [];
}

/** The specs of the claims of an app, by namespace and name; most apps have none. */
function claimsOf(root: IConstruct): ReadonlyMap<string, any> {
  return foundInApp(root, FOUND, () => findClaims(root));
}

function findClaims(root: IConstruct): Map<string, any> {
  const isClaim = (object: { readonly kind: string; readonly apiVersion?: string }): boolean => isKind(object, 'PersistentVolumeClaim', 'core');
  return new Map(root.node.findAll().filter(ApiObject.isApiObject).filter(object => isClaim(object) || mayBeList(object))
    .flatMap(object => objectsOf(manifestAsWished(object))).map(({ object }) => object).filter(isClaim)
    .map(({ metadata, spec }) => [`${metadata?.namespace ?? ''}/${metadata?.name}`, spec ?? {}]));
}
