import { ApiObject, Chart } from 'cdk8s';
import { IConstruct } from 'constructs';

/**
 * The claims and ConfigMaps that pods need: in the YAML they stand before the workloads, so that who applies it from top to bottom
 * starts no pod that has to wait for them.
 */
export class NeededObjects {
  /** Those of the pods that `owner` looks after. */
  public static of(owner: IConstruct): NeededObjects {
    const marked = owner as { [OF_OWNER]?: NeededObjects };
    if (!marked[OF_OWNER]) {
      Object.defineProperty(owner, OF_OWNER, { value: new NeededObjects(owner) });
    }
    return marked[OF_OWNER]!;
  }

  /** The workloads whose pods need an object, whoever looks after them. */
  public static workloadsThatNeed(object: ApiObject): ApiObject[] {
    return (setsOf(object) ?? []).flatMap(({ workloads }) => workloads);
  }

  // An app has thousands of these lists, of few items: `concat` leaves no room to grow in them, as `push` and `...` do.
  private theirs: readonly ApiObject[] = [];
  private needed: readonly ApiObject[] = [];

  private constructor(private readonly owner: IConstruct) {}

  public add(object: ApiObject): void {
    if (!this.needed.includes(object)) {
      this.needed = this.needed.concat(object);
      join(this, object);
      this.theirs.forEach(workload => this.order(workload, object));
    }
  }

  /** The workloads that `owner` looks after. */
  public get workloads(): readonly ApiObject[] {
    return this.theirs;
  }

  /** All that were added. */
  public objects(): ApiObject[] {
    return [...this.needed];
  }

  public standBefore(workload: ApiObject): void {
    this.theirs = this.theirs.concat(workload);
    this.order(workload, ...this.needed);
  }

  /**
   * The objects themselves and no group of them, which cdk8s would look up at each synthesis and keep beside what it found. A workload of another
   * chart is none of their business: an edge between charts would give their files other names.
   */
  private order(workload: ApiObject, ...objects: ApiObject[]): void {
    if (Chart.of(workload) === Chart.of(this.owner)) {
      workload.node.addDependency(...objects);
    }
  }
}

/** Where an object keeps the sets it is in, which several environments may share; the same in every copy of this library. */
const SETS = Symbol.for('cdk8s-nix.neededObjects');

function setsOf(object: ApiObject): NeededObjects[] | undefined {
  return (object as { [SETS]?: NeededObjects[] })[SETS];
}

function join(set: NeededObjects, object: ApiObject): void {
  const sets = setsOf(object);
  if (sets) {
    sets.push(set);
  } else {
    Object.defineProperty(object, SETS, { value: [set] });
  }
}

/** Where who looks after pods keeps what they need; the same in every copy of this library. */
const OF_OWNER = Symbol.for('cdk8s-nix.neededObjectsOfOwner');
