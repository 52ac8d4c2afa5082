import { Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';
import { DoorKeeper } from './door-keeper';
import { staysUp } from './workload-checks';
import { Problem } from '../base/problems';
import { StoreReach } from '../pod/bound-store';
import { ENVIRONMENT_LABEL } from '../pod/pod-labels';
import { PodTargetPart } from '../pod/pod-targets';

/** An environment on a claim, as its neighbours there know it; plain data, which every copy of this library can read. */
interface Neighbour {
  readonly path: string;
  /** The value of the label that finds its pods. */
  readonly label: string;
  /** What gets Nix from it. */
  parts: readonly PodTargetPart[];
}

/** A claim for one node or one pod, and all that use it, of whichever folder. */
interface UsedClaim {
  readonly name: string;
  /** What the environment has there. */
  readonly prop: 'store' | 'home';
  readonly reach: StoreReach;
  readonly users: readonly Neighbour[];
  /** How many were there before. */
  readonly before: number;
}

/** The workloads that share the claims of an environment: those of its own, and of others. */
export class ClaimCompany {
  // An app has a thousand of all lists here: `concat` leaves no room to grow in them, as `push` and `...` do.
  private claims: readonly UsedClaim[] = [];
  private readonly own: Neighbour;

  constructor({ path, scope, store, boundHome, labels }: DoorKeeper) {
    this.own = { path, label: labels[ENVIRONMENT_LABEL], parts: [] };
    this.join(scope, 'store', store.claim?.name, store.reach);
    this.join(scope, 'home', boundHome.source?.persistentVolumeClaim?.claimName, boundHome.reach);
  }

  /** What gets Nix from the environment. */
  public get parts(): readonly PodTargetPart[] {
    return this.own.parts;
  }

  public add(parts: readonly PodTargetPart[]): void {
    this.own.parts = this.own.parts.concat(parts);
  }

  /** How many workloads there are on its claims: another number after anything that changes their affinity. */
  public get size(): number {
    return this.claims.reduce((sum, { users }) => users.reduce((all, { parts }) => all + parts.length, sum), 0);
  }

  /**
   * Where the pods have to be: on the node of the others on a claim for one node, since elsewhere the second would wait for the volume for ever. The very
   * first pod matches its own label, so it may go anywhere.
   */
  public affinity(): kplus.k8s.PodAffinityTerm[] {
    const isShared = ({ users }: UsedClaim): boolean => users.reduce((sum, { parts }) => sum + parts.length, 0) > 1;
    const together = this.claims.filter(claim => claim.reach === StoreReach.ONE_NODE && isShared(claim));
    const terms = together.flatMap(({ users }): kplus.k8s.PodAffinityTerm[] => {
      // Sorted: which environment was made first is nothing to roll pods for.
      const labels = users.filter(({ parts }) => parts.length > 0).map(({ label }) => label).sort();
      return [{
        labelSelector: labels.length === 1 ? { matchLabels: { [ENVIRONMENT_LABEL]: labels[0] } }
          : { matchExpressions: [{ key: ENVIRONMENT_LABEL, operator: 'In', values: labels }] },
        topologyKey: 'kubernetes.io/hostname',
      }];
    });
    return [...new Map(terms.map(term => [JSON.stringify(term), term])).values()];
  }

  /** Workloads of several environments on a claim for one pod, of which one keeps the others from it for ever. */
  public problems(): Problem[] {
    if (!this.claims.some(({ reach }) => reach === StoreReach.ONE_POD)) {
      return [];
    }
    const named = ({ parts }: Neighbour): string[] => parts.map(({ kind, name }) => `${kind}/${name}`);
    const namedOf = (other: Neighbour): string[] => named(other).map(each => `${each} of ${other.path}`);
    return this.claims.flatMap(({ name, prop, reach, users, before }): Problem[] => {
      const others = users.slice(0, before).filter(({ parts }) => parts.length > 0);
      const stay = [this.own, ...others].some(({ parts }) => parts.some(staysUp));
      return reach !== StoreReach.ONE_POD || this.own.parts.length === 0 || others.length === 0 || !stay ? [] : [{
        code: 'CDK8SNIX0219',
        prop,
        value: 'ReadWriteOncePod',
        problem: `Several workloads need the claim ${name} at once: ${[...named(this.own), ...others.flatMap(namedOf)].join(', ')}.`,
        remedy: 'Use another claim, or READ_WRITE_ONCE, which lets the pods of one node share it.',
      }];
    });
  }

  private join(scope: IConstruct, prop: UsedClaim['prop'], name: string | undefined, reach: StoreReach): void {
    if (name === undefined || (reach !== StoreReach.ONE_NODE && reach !== StoreReach.ONE_POD) || this.claims.some(claim => claim.name === name)) {
      return;
    }
    const users = join(scope.node.root, `${Chart.of(scope).namespace ?? ''}/${name}`, this.own);
    this.claims = this.claims.concat({ name, prop, reach, users, before: users.length - 1 });
  }
}

/** Where an app keeps who uses a claim. */
const OF_APP = Symbol.for('cdk8s-nix.claimNeighbours');

/** Those on a claim, with one more of them; grows. */
function join(root: IConstruct, claim: string, user: Neighbour): readonly Neighbour[] {
  const marked = root as { [OF_APP]?: Map<string, Neighbour[]> };
  if (!marked[OF_APP]) {
    Object.defineProperty(root, OF_APP, { value: new Map() });
  }
  const users = marked[OF_APP]!.get(claim);
  if (users) {
    users.push(user);
    return users;
  }
  const alone = [user];
  marked[OF_APP]!.set(claim, alone);
  return alone;
}
