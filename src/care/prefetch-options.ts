import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/**
 * When something that was prefetched is looked for again.
 */
export enum NixPrefetchRefresh {
  /** What is there stays, even if the reference is a branch that moved. */
  NEVER = 'never',

  /** Each time; what is there stays if that fails. */
  ALWAYS = 'always',
}

/**
 * What should be in the store before somebody needs it. It is rooted, so that no garbage collector takes it; what is no longer asked for is
 * garbage.
 */
export interface NixPrefetchOptions {
  /**
   * Packages: store paths, or flake references with an attribute. Name a revision or a tag, since a branch moves.
   *
   * @example ['github:NixOS/nixpkgs/nixos-24.11#ripgrep']
   * @default - none
   */
  readonly packages?: string[];

  /**
   * Flakes whose development shell should come, with an attribute if it is not the default one, and with the sources of the flake and its inputs.
   *
   * @example ['github:owner/repository/v1.2.3']
   * @default - none
   */
  readonly shells?: string[];

  /**
   * AI assistants of the home configuration, by their commands: `claude`, `codex`, `gemini`. They are installed from npm into the store volume, so
   * that its pods share one installation and ephemeral homes need none at each start. Which version, the home configuration says, or the environment's
   * `assistants`, whose variables and secrets for npm count here too: `NPM_…`, `npm_…`, `NODE_AUTH_TOKEN`, `NODE_EXTRA_CA_CERTS` and those of proxies.
   * A token of another name does not: an `.npmrc` refers to `NPM_TOKEN`. A home configuration that no pod has activated yet has no assistants.
   *
   * @default - none: each home installs them at first use
   */
  readonly assistants?: string[];

  /**
   * When to look again.
   *
   * @default NixPrefetchRefresh.NEVER
   */
  readonly refresh?: NixPrefetchRefresh;

  /**
   * When to give up.
   *
   * @default Duration.minutes(30)
   */
  readonly deadline?: Duration;

  /**
   * Resources of the container.
   *
   * @default - requests 100m CPU and 256Mi memory, limited to 2Gi memory
   */
  readonly resources?: kplus.ContainerResources;
}

/**
 * What should be in the store before the containers of a pod start.
 */
export interface NixPrefetchAtStartOptions extends NixPrefetchOptions {
  /**
   * Do not start the pod without it. Otherwise a failure is only logged: a cache that is down should not keep pods from starting.
   *
   * @default false
   */
  readonly required?: boolean;
}
