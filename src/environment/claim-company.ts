import * as kplus from 'cdk8s-plus-28';
import { checkApart } from './apart-checks';
import { DoorKeeper } from './door-keeper';
import { Place, placeOf, PlaceUses } from './place-uses';
import { Followed, followedBy } from './placed-pods';
import { staysUp } from './workload-checks';
import { Problem } from '../base/problems';
import { removedPart } from '../base/tree';
import { StoreReach } from '../pod/bound-store';
import { ENVIRONMENT_LABEL, HOSTNAME_LABEL } from '../pod/pod-labels';
import { PodTarget, PodTargetPart } from '../pod/pod-targets';

/** An environment on claims, as its neighbours there know it; plain data, which every copy of this library can read. */
interface Neighbour {
  readonly path: string;
  /** The value of the label that finds its pods. */
  readonly label: string;
  /** What gets Nix from it. */
  targets: readonly PodTarget[];
  /** What comes and goes with them. */
  followers: readonly PodTarget[];
  /** The claims that it uses, which outlive a pod. */
  claims: readonly UsedClaim[];
}

/** A claim in use, for however many pods. */
interface UsedClaim extends Place {
  /** What the environment has there. */
  readonly prop: 'store' | 'home';
  readonly reach: StoreReach;
  readonly user: Neighbour;
}

/** Where an app keeps who uses a claim. */
const OF_APP = Symbol.for('cdk8s-nix.claimCompany');

/** All with a workload who are bound to one node, and what follows for their pods. */
interface Company {
  readonly members: readonly Neighbour[];
  readonly parts: readonly PodTargetPart[];
  /** One for all, the same for each: of several required terms only a pod counts that matches all. */
  readonly term: kplus.k8s.PodAffinityTerm;
}

/** One for all: an app has thousands of environments. */
const NONE: readonly never[] = [];

/** The workloads that share the claims of an environment: those of its own, and of others. */
export class ClaimCompany {
  private readonly own: Neighbour;
  private readonly uses: PlaceUses<UsedClaim>;

  constructor({ path, scope, store, boundHome, labels }: DoorKeeper) {
    this.own = { path, label: labels[ENVIRONMENT_LABEL], targets: NONE, followers: NONE, claims: NONE };
    this.uses = PlaceUses.of(scope.node.root, OF_APP);
    const join = (prop: UsedClaim['prop'], name: string | undefined, reach: StoreReach): void => {
      if (name !== undefined && reach !== StoreReach.EACH_POD && !this.own.claims.some(claim => claim.name === name)) {
        const { namespace, what, claim: made } = placeOf(scope, '', name);
        // Field by field: what is spread has a shape of its own in memory, each time.
        const claim: UsedClaim = { scope, namespace, what, name, claim: made, prop, reach, user: this.own };
        this.own.claims = this.own.claims.concat(claim);
        this.uses.add(claim);
      }
    };
    join('store', store.source?.persistentVolumeClaim?.claimName, store.reach);
    join('home', boundHome.source?.persistentVolumeClaim?.claimName, boundHome.reach);
  }

  /** What gets Nix from the environment, without what was removed since. */
  public get parts(): readonly PodTargetPart[] {
    return partsOf(this.own);
  }

  /** @param follow whether their pods come and go */
  public add(targets: readonly PodTarget[], follow: boolean): void {
    if (follow) {
      this.own.followers = this.own.followers.concat(targets);
    } else {
      this.own.targets = this.own.targets.concat(targets);
    }
    this.uses.change();
  }

  /** All that starts pods with a claim of the environment, of whichever, by the claim's name. */
  public workloadsOn(name: string): PodTarget[] {
    const claim = this.own.claims.find(each => each.name === name);
    return claim === undefined ? [] : this.uses.with(claim).flatMap(({ user }) => [...targetsOf(user), ...present(user.followers)]);
  }

  /** Another number after anything that changes who is there. */
  public get revision(): number {
    return this.uses.revision;
  }

  /**
   * Where the pods have to be: on the node of the others on a claim for one node, since elsewhere the second would wait for the volume for ever. The very
   * first pod matches its own label, so it may go anywhere.
   */
  public affinity(): kplus.k8s.PodAffinityTerm[] {
    const company = this.isAlone() ? undefined : this.onOneNode();
    return company && company.parts.length > 1 ? [company.term] : [];
  }

  /** Where a pod has to be that comes and goes: with whichever of the others runs. While none does it may go anywhere, since it has their label too. */
  public affinityOfFollowers(): kplus.k8s.PodAffinityTerm[] {
    const company = this.onOneNode();
    return company === undefined ? [] : [company.term];
  }

  /** What a pod that comes and goes needs of the others, on a node with whom it has to be, or whose image it runs. */
  public followed(): Followed {
    const find = (): Followed => followedBy((this.onOneNode()?.members ?? [this.own]).flatMap(targetsOf));
    return this.uses.known(`followed by ${this.own.path}`, find, () => []);
  }

  /** Workloads of several environments on a claim for one pod, of which one keeps the others from it for ever. */
  public problems(): Problem[] {
    if (!this.own.claims.some(({ reach }) => reach === StoreReach.ONE_POD) || this.isAlone()) {
      return [];
    }
    const named = (neighbour: Neighbour): string[] => partsOf(neighbour).map(({ kind, name }) => `${kind}/${name}`);
    const namedOf = (other: Neighbour): string[] => named(other).map(each => `${each} of ${other.path}`);
    return this.own.claims.flatMap((claim): Problem[] => {
      const users = this.uses.with(claim).map(({ user }) => user);
      const others = users.slice(0, users.indexOf(this.own)).filter(other => partsOf(other).length > 0);
      const stay = [this.own, ...others].some(neighbour => partsOf(neighbour).some(staysUp));
      return claim.reach !== StoreReach.ONE_POD || this.parts.length === 0 || others.length === 0 || !stay ? [] : [{
        code: 'CDK8SNIX0219',
        prop: claim.prop,
        value: 'ReadWriteOncePod',
        problem: `Several workloads need the claim ${claim.name} at once: ${[...named(this.own), ...others.flatMap(namedOf)].join(', ')}.`,
        remedy: 'Use another claim, or READ_WRITE_ONCE, which lets the pods of one node share it.',
      }];
    });
  }

  /** Nearly every environment is, of an app that has thousands: nothing more is asked of it. */
  private isAlone(): boolean {
    const { claims, targets } = this.own;
    const hasSeveral = targets.length > 1 || (targets.length === 1 && targets[0].parts.length > 1);
    return claims.length === 0 || (!hasSeveral && claims.every(claim => this.uses.with(claim).length === 1));
  }

  /** What keeps workloads apart that have to be on one node, told by the first of their environments. */
  public apart(): Problem[] {
    if (this.isAlone()) {
      return [];
    }
    const members = this.onOneNode()?.members ?? [];
    const first = members.map(({ path }) => path).reduce((least, path) => path < least ? path : least, this.own.path);
    return first === this.own.path && this.parts.length > 0
      ? checkApart(members.map(member => ({ ...member, targets: targetsOf(member) }))) : [];
  }

  /** With whom the environment's own are on one node: by its claims, by those of others on them, and so on. */
  private onOneNode(): Company | undefined {
    return this.uses.known(this.own, () => this.findOnOneNode(), company => this.parts.length > 0 ? company?.members ?? [] : []);
  }

  private findOnOneNode(): Company | undefined {
    const found = new Set([this.own]);
    const seen = new Set<readonly UsedClaim[]>();
    for (const { claims } of found) {
      for (const users of claims.filter(isForOneNode).map(claim => this.uses.with(claim)).filter(each => !seen.has(each))) {
        seen.add(users);
        users.filter(isForOneNode).map(({ user }) => user).filter(user => partsOf(user).length > 0).forEach(user => found.add(user));
      }
    }
    const members = [...found].filter(neighbour => partsOf(neighbour).length > 0);
    return seen.size === 0 || members.length === 0 ? undefined : { members, parts: members.flatMap(partsOf), term: termFor(members) };
  }
}

function isForOneNode({ reach }: UsedClaim): boolean {
  return reach === StoreReach.ONE_NODE;
}

/** What gets Nix from an environment, without what was removed since. */
function partsOf(neighbour: Neighbour): PodTargetPart[] {
  return targetsOf(neighbour).flatMap(({ parts }) => parts);
}

function targetsOf({ targets }: Neighbour): PodTarget[] {
  return present(targets);
}

function present(targets: readonly PodTarget[]): PodTarget[] {
  return targets.filter(({ object }) => removedPart(object) === undefined);
}

function termFor(company: readonly Neighbour[]): kplus.k8s.PodAffinityTerm {
  // Sorted: which environment was made first is nothing to roll pods for.
  const labels = company.map(({ label }) => label).sort();
  return {
    labelSelector: labels.length === 1 ? { matchLabels: { [ENVIRONMENT_LABEL]: labels[0] } }
      : { matchExpressions: [{ key: ENVIRONMENT_LABEL, operator: 'In', values: labels }] },
    topologyKey: HOSTNAME_LABEL,
  };
}
