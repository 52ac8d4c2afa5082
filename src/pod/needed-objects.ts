import { ApiObject, Chart } from 'cdk8s';
import { Dependable, IConstruct } from 'constructs';

/**
 * The claims and ConfigMaps that pods need: in the YAML they stand before the workloads, so that who applies it from top to bottom
 * starts no pod that has to wait for them.
 */
export class NeededObjects {
  /** Those of the pods that `owner` looks after. */
  public static of(owner: IConstruct): NeededObjects {
    const known = OF_OWNER.get(owner);
    if (known) {
      return known;
    }
    const needed = new NeededObjects(owner);
    OF_OWNER.set(owner, needed);
    return needed;
  }

  private readonly objects = new Set<ApiObject>();

  private constructor(private readonly owner: IConstruct) {
    const objects = this.objects;
    // Asked at synth, when all are known.
    Dependable.implement(this, {
      get dependencyRoots() {
        return [...objects];
      },
    });
  }

  public add(object: ApiObject): void {
    this.objects.add(object);
  }

  /** A workload of another chart is none of their business: an edge between charts would give their files other names. */
  public standBefore(workload: ApiObject): void {
    if (Chart.of(workload) === Chart.of(this.owner)) {
      workload.node.addDependency(this);
    }
  }
}

const OF_OWNER = new WeakMap<IConstruct, NeededObjects>();
