import * as kplus from 'cdk8s-plus-28';
import { BackstageHttpRouteOptions, BackstageIngressOptions } from './backstage-access';
import { BackstageDatabase } from './backstage-database';
import { BackstageDevelopmentOptions } from './backstage-development';
import { BackstageNetworkPolicyOptions } from './backstage-network';
import { BackstageObjectMetadata } from './backstage-object-metadata';
import { BackstagePreset } from './backstage-preset';
import { BackstageProbesOptions } from './backstage-probes';
import { NixEnvironmentOptions } from '../environment/nix-environment-props';
import { NixImage } from '../image/nix-image';

/**
 * What can be said of a portal, and has a default.
 *
 * Two defaults are not those of other environments: the store is a claim of the preset's size, and the home has the profile that is built into
 * the seed image, where that is `NixImage.backstageNix`.
 */
export interface BackstagePortalOptions extends NixEnvironmentOptions {
  /**
   * The image that brings Nix: its `/nix` seeds the store volume. The portal's own image needs none.
   *
   * @default - the portal's own image where it is `NixImage.backstageNix` or `NixImage.addNix`, `NixImage.upstream()` otherwise
   */
  readonly seedImage?: NixImage;

  /**
   * How much of everything.
   *
   * @default - BackstagePreset.DEVELOPMENT with the prop `development`, BackstagePreset.PRODUCTION otherwise
   */
  readonly preset?: BackstagePreset;

  /**
   * Work on the portal in the cluster rather than run it.
   *
   * @default - it runs
   */
  readonly development?: BackstageDevelopmentOptions;

  /**
   * The workload, as cdk8s-plus has it: its metadata and those of its pods, an existing ServiceAccount, pull secrets, volumes, init containers,
   * sidecars (`containers`), strategy. Only the portal's own container gets Nix and the keys of assistants.
   *
   * @default - one portal, and nothing beside it
   */
  readonly deployment?: kplus.DeploymentProps;

  /**
   * The portal's container, as cdk8s-plus has it: name, port, command, arguments, variables, mounts, probes, resources, pull policy, security.
   *
   * A `command` is run with our `--config` arguments, unless `args` are given too.
   *
   * @default - named `backstage`, on port 7007, runs `node packages/backend` by the image's entrypoint
   */
  readonly container?: kplus.ContainerOpts;

  /**
   * The labels by which the Deployment and the Service find the pods. An existing Deployment cannot change them: name its own to take it over.
   *
   * @default - a label made by cdk8s
   */
  readonly selector?: { [label: string]: string };

  /**
   * The Service, as cdk8s-plus has it: metadata, type, ports.
   *
   * @default - port 80, named `http`, inside of the cluster
   */
  readonly service?: kplus.ServiceProps;

  /**
   * Reach the portal from outside by an Ingress, under host and path of the base URL.
   *
   * @default - no Ingress
   */
  readonly ingress?: BackstageIngressOptions;

  /**
   * Reach the portal from outside by a Gateway, under host and path of the base URL.
   *
   * @default - no HTTPRoute
   */
  readonly httpRoute?: BackstageHttpRouteOptions;

  /**
   * Forbid all other traffic of the portal, and of a bundled database, by NetworkPolicies.
   *
   * @default - no NetworkPolicy
   */
  readonly networkPolicy?: BackstageNetworkPolicyOptions;

  /**
   * How Kubernetes asks the portal how it is.
   *
   * @default - by its health endpoints, with the time to start of the preset
   */
  readonly probes?: BackstageProbesOptions;

  /**
   * Names, labels and annotations of the other objects.
   *
   * @default - names made by cdk8s
   */
  readonly metadata?: BackstageObjectMetadata;

  /**
   * Let the portal read what runs in the cluster, for its Kubernetes plugin: all but Secrets, and nothing to change. The pods get a token then.
   *
   * @default true
   */
  readonly clusterAccess?: boolean;

  /**
   * More of Backstage's configuration, as in `app-config.yaml`; it is merged over what this construct sets. Lazy values and other tokens
   * are resolved at synth. Secrets belong into `secrets`.
   *
   * @default - none
   */
  readonly appConfig?: { [key: string]: any };

  /**
   * Defaults of this construct to leave out of the configuration, before `appConfig` is merged over it: paths of keys, such as `backend.cors`.
   *
   * @default - none: all defaults are there
   */
  readonly appConfigWithout?: string[];

  /**
   * Variables from Secrets, to be used in the configuration as `${NAME}`.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: kplus.SecretValue };

  /**
   * The configuration files in the image that Backstage reads before ours.
   *
   * @default ['app-config.yaml', 'app-config.production.yaml']
   */
  readonly configFiles?: string[];

  /**
   * How many pods. More than one needs a store that allows it.
   *
   * @default - 1 with a store for one pod, as the default one is; 2 otherwise
   */
  readonly replicas?: number;

  /**
   * Resources of Backstage's container.
   *
   * @default - those of the preset
   */
  readonly resources?: kplus.ContainerResources;
}

/**
 * Props of a portal.
 */
export interface BackstageNixProps extends BackstagePortalOptions {
  /** The portal's image: any image of a Backstage. It need not have Nix; `images/backstage-nix` has, and a profile built in. */
  readonly image: NixImage;

  /** Where people reach the portal, for example `https://portal.example.org`. */
  readonly baseUrl: string;

  /** Where Backstage keeps its data. */
  readonly database: BackstageDatabase;
}
