import * as kplus from 'cdk8s-plus-28';
import { FlakeTarget, flakeTarget } from './flake-target';
import { checkArguments } from '../base/argument-check';
import { urlHoldsSecret } from '../base/plain-secret';
import { Problems } from '../base/problems';
import { NixImage } from '../image/nix-image';
import { NixImageKind } from '../image/nix-image-recipe';
import { BoundStore } from '../pod/bound-store';

/**
 * The home-manager configurations of the flake in this package. Each holds the one before.
 */
export enum HomeManagerProfile {
  /** What is missed first in a bare container: git, vim, curl, jq, htop. */
  MINIMAL = 'minimal',

  /** And the AI assistants. */
  ESSENTIAL = 'essential',

  /** And tools for working on code and on the cluster. */
  DEVELOPMENT = 'development',

  /** And what assistants call on when they work by themselves. */
  AI = 'ai',

  /** And a headless browser, for MCP servers that drive one. It is bigger than all the rest. */
  BROWSER = 'browser',
}

/**
 * When a pod looks for a newer version of its home configuration.
 */
export enum HomeManagerRefresh {
  /** Once it is active it stays, even if the reference is a branch that moved. */
  NEVER = 'never',

  /** At each start; what is active stays if the look fails. */
  ALWAYS = 'always',
}

/**
 * What becomes of a pod whose home configuration cannot be activated.
 */
export enum HomeManagerOnFailure {
  /** It does not start, and Kubernetes tries again. */
  FAIL = 'fail',

  /** It starts with the configuration that is active, or the last one that was built on this store, if there is one. */
  PREVIOUS = 'previous',

  /** It starts with an earlier configuration, or without any. */
  CONTINUE = 'continue',
}

/**
 * How a home configuration is activated.
 */
export interface HomeManagerActivationOptions {
  /**
   * What becomes of the pod if that fails. Where it starts all the same, the reason stands in the log of `activate-home`, in its termination
   * message, and in the home, from where the next login shell shows it.
   *
   * @default HomeManagerOnFailure.FAIL
   */
  readonly onFailure?: HomeManagerOnFailure;

  /**
   * Resources of the init container that builds and activates it.
   *
   * @default - requests 100m CPU and 256Mi memory, limited to 2Gi memory
   */
  readonly resources?: kplus.ContainerResources;

  /**
   * Let the commands of containers, where the manifest names them, have `home.sessionVariables`: a shell of the container's sets them and becomes
   * the command. Login shells have them anyway.
   *
   * @default true
   */
  readonly sessionVariables?: boolean;
}

/**
 * Options of `HomeManager.profile`.
 */
export interface HomeManagerOptions extends HomeManagerActivationOptions {
  /**
   * When a pod looks for a newer version.
   *
   * @default HomeManagerRefresh.NEVER
   */
  readonly refresh?: HomeManagerRefresh;
}

/**
 * Options of `HomeManager.flake`.
 */
export interface HomeManagerFlakeOptions extends HomeManagerOptions {
  /**
   * Let the flake change the settings of Nix: its `nixConfig`, for instance binary caches and their keys. Whoever can
   * change the flake then decides what the store trusts.
   *
   * @default false
   */
  readonly acceptFlakeConfig?: boolean;

  /**
   * Let the flake see the environment, as homes do that ask for `USER` or `HOME`. What it evaluates to then depends on the pod.
   *
   * @default false
   */
  readonly impure?: boolean;
}

/** Where backstage-nix keeps the generation that was built into it; seeding brings it to the volume like every profile. */
const PREBUILT_GENERATION = '/nix/var/nix/profiles/home-manager';

/**
 * What is installed in the home: a home-manager configuration, activated by an init container before the
 * workload starts. It is built once and activated again only if it changed or the home is new.
 *
 * @example HomeManager.profile(HomeManagerProfile.DEVELOPMENT)
 */
export class HomeManager {
  /**
   * A configuration of the flake in this package. The flake comes in a ConfigMap, its inputs from the network at the
   * first start.
   *
   * @param profile which one
   * @param options when to look for updates
   */
  public static profile(profile: HomeManagerProfile, options: HomeManagerOptions = {}): HomeManager {
    checkArguments('HomeManager.profile', arguments);
    return new HomeManager({ profile, attribute: `container-${profile}` }, options);
  }

  /**
   * A configuration of any flake, for example `github:vpittamp/nixos-config/container-ssh?dir=user` with `container-essential`.
   *
   * @param reference the flake, as `nix build` takes it, with `#` and the attribute or without. Name a revision or a tag: a branch moves
   * @param attribute the name in its `homeConfigurations`, or the whole path, `homeConfigurations.NAME.activationPackage`; undefined if the
   * reference names it
   * @param options when to look for updates, and what the flake may do
   */
  public static flake(reference: string, attribute?: string, options: HomeManagerFlakeOptions = {}): HomeManager {
    checkArguments('HomeManager.flake', arguments);
    return new HomeManager(flakeTarget(reference, attribute), options);
  }

  /**
   * The configuration that was built into the seed image, as `backstage-nix` has one: nothing is evaluated or
   * downloaded at start.
   *
   * @param profile which one it is, the build argument HOME_MANAGER_PROFILE
   * @param options the resources of the activation
   */
  public static prebuilt(profile: HomeManagerProfile = HomeManagerProfile.ESSENTIAL, options: HomeManagerActivationOptions = {}): HomeManager {
    checkArguments('HomeManager.prebuilt', arguments);
    return new HomeManager({ profile }, options);
  }

  /** The profile, if it is one of this package. */
  public readonly bundledProfile?: HomeManagerProfile;

  /** The flake, if it is none of this package. */
  public readonly reference?: string;

  /** The name in `homeConfigurations`; undefined if it is prebuilt. */
  public readonly attribute?: string;

  private constructor(
    private readonly source: Partial<FlakeTarget> & { readonly profile?: HomeManagerProfile },
    private readonly options: HomeManagerFlakeOptions,
  ) {
    this.bundledProfile = source.profile;
    this.reference = source.reference;
    this.attribute = source.attribute;
  }

  /**
   * Whether commands get the variables of the session.
   *
   * @internal
   */
  public get _sessionVariables(): boolean {
    return this.options.sessionVariables ?? true;
  }

  /**
   * Resources of the init container, if asked for.
   *
   * @internal
   */
  public get _resources(): kplus.ContainerResources | undefined {
    return this.options.resources;
  }

  /**
   * Whether pods start without it.
   *
   * @internal
   */
  public get _mayFail(): boolean {
    return (this.options.onFailure ?? HomeManagerOnFailure.FAIL) !== HomeManagerOnFailure.FAIL;
  }

  /**
   * What `install-container.sh` is told.
   *
   * @param bundledFlake the folder where the flake of this package is
   * @internal
   */
  public _variables(bundledFlake: string): { [name: string]: string } {
    const always: { [name: string]: string } = this._mayFail ? { HOME_MANAGER_ON_FAILURE: this.options.onFailure! } : {};
    if (this.attribute === undefined) {
      return { HOME_MANAGER_GENERATION: PREBUILT_GENERATION, ...always };
    }
    return {
      HOME_MANAGER_FLAKE: this.reference ?? bundledFlake,
      HOME_MANAGER_ATTRIBUTE: this.attribute,
      HOME_MANAGER_REFRESH: this.options.refresh ?? HomeManagerRefresh.NEVER,
      ...(this.options.acceptFlakeConfig ? { HOME_MANAGER_ACCEPT_FLAKE_CONFIG: '1' } : {}),
      ...(this.options.impure ? { HOME_MANAGER_IMPURE: 'true' } : {}),
      ...always,
    };
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, image: NixImage, store: BoundStore): void {
    if (store.served) {
      problems.add('CDK8SNIX0608', 'homeManager', this.attribute ?? 'prebuilt',
        store.runtime ? 'The runtime of the node brings the programs: there is no store of ours to build into.' : 'The store is served by a driver: nothing can be built into it.',
        `${store.runtime ? 'Leave it out' : 'Let the driver serve what the home needs'}, or use a store that is seeded.`);
    }
    if (this.attribute === undefined && WITHOUT_GENERATION.includes(image.kind)) {
      problems.add('CDK8SNIX0607', 'homeManager', image.reference, `No home configuration is built into the seed image, which is ${image.kind}.`,
        'Use NixImage.backstageNix(…), or HomeManager.profile(…).');
    }
    if (this.reference !== undefined) {
      const problem = REFERENCE_RULES.find(rule => rule.broken.test(this.reference!));
      if (problem) {
        problems.add('CDK8SNIX0601', 'homeManager.reference', problem.secret ? '(not shown)' : this.reference, problem.problem, problem.remedy);
      }
    }
    if (this.source.problem !== undefined) {
      problems.add('CDK8SNIX0602', 'homeManager.attribute', this.attribute, this.source.problem,
        'Use a name of the flake\'s homeConfigurations, for example "container-essential".');
    }
  }
}

/** What other images have, and add-nix on top of others, is not known here. */
export const WITHOUT_GENERATION: readonly NixImageKind[] = [NixImageKind.UPSTREAM, NixImageKind.UBUNTU_NIX];

/** What a reference must not be; the first broken rule is reported. */
interface ReferenceRule {
  readonly broken: { test(reference: string): boolean };
  readonly problem: string;
  readonly remedy: string;
  readonly secret?: boolean;
}

const REFERENCE_RULES: readonly ReferenceRule[] = [
  { broken: /^$/, problem: 'It is empty.', remedy: 'Use for example "github:owner/repository/v1.2.3".' },
  {
    broken: { test: urlHoldsSecret },
    problem: 'It holds a password, which anyone who can read the manifest would see.',
    remedy: 'Leave it out, and use config.accessTokens or config.netrc, which take a Secret.',
    secret: true,
  },
  {
    broken: /^(?:(?:path|git\+file):)?(?:\/\/)?\.{1,2}(?:\/|$)/,
    problem: 'A relative path depends on where it is used, and the pod does not have your files.',
    remedy: 'Use a repository, for example "github:owner/repository/v1.2.3".',
  },
  {
    broken: /^(?!(?:[a-z][a-z0-9+.-]*:|\/)[A-Za-z0-9._~:/?@!&'()*+,;=%-]+$|[A-Za-z][A-Za-z0-9_-]*(?:\/[A-Za-z0-9._-]+){0,2}$)/,
    problem: 'This is no flake reference.',
    remedy: 'Use for example "github:owner/repository/v1.2.3".',
  },
];
