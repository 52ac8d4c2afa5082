import { ApiObject, Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { whenValidated } from '../base/found-in-app';
import { removedPart } from '../base/tree';
import { NeededObjects } from '../pod/needed-objects';
import { isPatched, metadataAsWished } from '../pod/written-manifest';

/** Something that lasts, and that pods of several environments may have: a claim, another volume, a folder. Plain data, which every copy of this library can read. */
export interface Place {
  /** Whose place it is, who may have been removed since. */
  readonly scope: Construct;
  readonly namespace: string;
  /** What it is, as messages say it, in front of the name. */
  readonly what: string;
  readonly name: string;
  /** The claim, where the environment makes it: a patch may give it another name. */
  readonly claim?: ApiObject;
}

/** What an app keeps of those who use its places: nearly each environment, of thousands, has places of its own. */
interface Kept<T> {
  /** By the name alone, a text that is there anyway. */
  readonly made: Map<string, readonly T[]>;
  /** By the whole place, as patches have it, since the app was last validated; undefined if no patch has moved one. */
  written?: ReadonlyMap<string, readonly T[]>;
  /** Whether that is known. */
  isLookedAt: boolean;
  /** What was found out of them since then. */
  readonly found: Map<unknown, unknown>;
  /** How often something has changed. */
  changes: number;
}

/** Those of an app who use places, each by its place as it is written. */
export class PlaceUses<T extends Place> {
  /** @param mark where the app keeps them */
  public static of<U extends Place>(root: IConstruct, mark: symbol): PlaceUses<U> {
    const marked = root as unknown as { [mark: symbol]: Kept<U> | undefined };
    const kept = marked[mark];
    if (kept) {
      return new PlaceUses(kept);
    }
    const made: Kept<U> = { made: new Map(), isLookedAt: false, found: new Map(), changes: 0 };
    Object.defineProperty(root, mark, { value: made });
    const uses = new PlaceUses(made);
    whenValidated(root, () => uses.forget());
    return uses;
  }

  private constructor(private readonly kept: Kept<T>) {}

  public add(use: T): void {
    const { kept } = this;
    // `concat` leaves no room to grow in a list, as `push` and `...` do.
    kept.made.set(use.name, kept.made.get(use.name)?.concat(use) ?? [use]);
    this.change();
  }

  /** Make known that something of those who use places is another. */
  public change(): void {
    this.kept.changes++;
    this.forget();
  }

  /** Another number after each change. */
  public get revision(): number {
    return this.kept.changes;
  }

  /**
   * What somebody finds out of all of them.
   *
   * @param others for whom it is the same: they need not look themselves
   */
  public known<V>(key: unknown, find: () => V, others: (value: V) => readonly unknown[]): V {
    const { found } = this.kept;
    if (!found.has(key)) {
      const value = find();
      [key, ...others(value)].forEach(other => found.set(other, value));
    }
    return found.get(key) as V;
  }

  /** All who use a place, in the order in which they were made; itself too. */
  public with(use: T): readonly T[] {
    const all = this.near(use);
    return all.length === 1 ? all : this.known(use, () => all.filter(other => isThere(other) && isSame(use, other)), () => []);
  }

  /** The first of them. */
  public firstWith(use: T): T {
    return this.near(use).find(other => other === use || (isSame(use, other) && isThere(other))) ?? use;
  }

  /** Those among which they are. */
  private near(use: T): readonly T[] {
    const { kept } = this;
    if (!kept.isLookedAt) {
      kept.written = isAnyMoved(kept.made) ? byWritten(kept.made) : undefined;
      kept.isLookedAt = true;
    }
    return (kept.written ? kept.written.get(writtenKey(use)) : kept.made.get(use.name)) ?? [use];
  }

  /** What was removed, or patched, between two syntheses is no change that anybody tells. */
  private forget(): void {
    this.kept.isLookedAt = false;
    if (this.kept.found.size > 0) {
      this.kept.found.clear();
    }
  }
}

/** The place of a claim that an environment uses, whoever makes it. */
export function placeOf(scope: Construct, what: string, name: string): Place {
  const isIt = (object: ApiObject): boolean => object.kind === 'PersistentVolumeClaim' && object.name === name;
  return { scope, namespace: Chart.of(scope).namespace ?? '', what, name, claim: NeededObjects.of(scope).objects().find(isIt) };
}

function byWritten<T extends Place>(made: ReadonlyMap<string, readonly T[]>): ReadonlyMap<string, readonly T[]> {
  const written = new Map<string, readonly T[]>();
  for (const use of [...made.values()].flat()) {
    const key = writtenKey(use);
    written.set(key, [...written.get(key) ?? [], use]);
  }
  return written;
}

function isAnyMoved(made: ReadonlyMap<string, readonly Place[]>): boolean {
  for (const uses of made.values()) {
    if (uses.some(isMoved)) {
      return true;
    }
  }
  return false;
}

function isThere({ scope }: Place): boolean {
  return removedPart(scope) === undefined;
}

function isSame(one: Place, other: Place): boolean {
  return one.what === other.what && (isMoved(one) || isMoved(other) ? writtenKey(one) === writtenKey(other)
    : one.name === other.name && one.namespace === other.namespace);
}

function isMoved({ claim }: Place): boolean {
  return claim !== undefined && isPatched(claim);
}

function keyOf({ namespace, what, name }: Place): string {
  return `${namespace}/${what}${name}`;
}

function writtenKey(place: Place): string {
  return keyOf(isMoved(place) ? { ...place, namespace: metadataAsWished(place.claim!).namespace ?? '', name: writtenName(place) } : place);
}

/** What a place is called in the cluster. */
export function writtenName(place: Place): string {
  return isMoved(place) ? metadataAsWished(place.claim!).name : place.name;
}
