import * as kplus from 'cdk8s-plus-28';
import { NixConfigProps } from '../config/nix-config-props';
import { AiAssistant } from '../home/ai-assistant';
import { HomeManager } from '../home/home-manager';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { CaBundle } from '../network/ca-bundle';
import { NixProxyOptions } from '../network/network-options';
import { NixBringProgramsOptions } from '../program/bring-programs-options';
import { NixSeedOptions } from '../store/nix-seed';
import { NixStore } from '../store/nix-store';

/**
 * What can be said of an environment besides which image seeds it.
 */
export interface NixEnvironmentOptions {
  /**
   * The volume that holds `/nix`.
   *
   * @default NixStore.persistent()
   */
  readonly store?: NixStore;

  /**
   * Settings of nix.conf.
   *
   * @default - flakes on, sandbox off, the public binary cache
   */
  readonly config?: NixConfigProps;

  /**
   * Who runs the containers and owns the store.
   *
   * @default NixUser.code()
   */
  readonly user?: NixUser;

  /**
   * Where the home folder lives.
   *
   * @default - on the store volume if the store is persistent and not shared, ephemeral otherwise
   */
  readonly home?: NixHome;

  /**
   * What is installed in the home, activated before the workload starts.
   *
   * @default - nothing
   */
  readonly homeManager?: HomeManager;

  /**
   * The AI assistants in use: their API keys, and where they keep their files. `homeManager` installs them.
   *
   * @default - none
   */
  readonly assistants?: AiAssistant[];

  /**
   * The folders of the search path after those of the Nix profiles. The image's own PATH cannot be extended from a manifest, only replaced:
   * name what the image needs.
   *
   * @default ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
   */
  readonly path?: string[];

  /**
   * `NIX_PATH`, where `<nixpkgs>` and the like are looked up.
   *
   * @default - not set: use flakes or channels
   */
  readonly nixPath?: string;

  /**
   * How the store is seeded.
   *
   * @default - small requests, pulled if not present
   */
  readonly seed?: NixSeedOptions;

  /**
   * Resources of each container that the library brings, so that all of them have the limits that a quota or a LimitRange asks for, or make a
   * Guaranteed pod: those that seed and check the store, activate the home and care for the store, and the workspace. The init containers run
   * one after the other, so what all of them request costs no more than what one does. `seed.resources` and the like go before.
   * They take the place of ours as a whole: name requests and limits of both CPU and memory, as far as the namespace asks for them.
   *
   * @default - requests and a memory limit that suit each task, no CPU limit
   */
  readonly containerResources?: kplus.ContainerResources;

  /**
   * Labels of the objects that the environment makes for itself: the claim, or the template of it, and the ConfigMap with nix.conf.
   *
   * @default - those of the chart
   */
  readonly objectLabels?: { [name: string]: string };

  /**
   * Annotations of these objects.
   *
   * @default - none
   */
  readonly objectAnnotations?: { [name: string]: string };

  /**
   * The proxy that the pods need to reach the outside.
   *
   * @default - none
   */
  readonly proxy?: NixProxyOptions;

  /**
   * The certificates to trust: Nix, git, curl, Node, Python and others are told by their variables.
   *
   * @default - those in the default profile of the store for Nix, those of the image for the others
   */
  readonly caBundle?: CaBundle;

  /**
   * How the programs of flakes are brought before the containers that run them start.
   *
   * @default - from binary caches only, within 30 minutes; two former ones stay
   */
  readonly bringPrograms?: NixBringProgramsOptions;
}

/**
 * Props of an environment.
 */
export interface NixEnvironmentProps extends NixEnvironmentOptions {
  /**
   * The seed image: its `/nix` is brought onto the store volume.
   *
   * @default NixImage.upstream()
   */
  readonly image?: NixImage;
}
