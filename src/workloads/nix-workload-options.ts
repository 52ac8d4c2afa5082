import { PodSecurityLevel } from '../pod/pod-security-level';

import { NixProgram } from '../program/nix-program';

/**
 * What can be said of a workload with Nix besides the props of its kind and those of its environment.
 */
export interface NixWorkloadOptions {
  /**
   * The names of the containers (init containers too) that get Nix. The others only get the security context and `/tmp`.
   *
   * @default - all containers, added before or after
   */
  readonly nixContainers?: string[];

  /**
   * The names of the workload's own init containers that run before ours: a sidecar proxy, say, that an activation of home-manager needs. They
   * get no Nix, which is not there yet.
   *
   * @default - none: all of them run after ours
   */
  readonly initContainersFirst?: string[];

  /**
   * The Pod Security level that the pods may need. Each container is as tight as it can be, and what it asks for beyond the level is refused.
   *
   * @default PodSecurityLevel.RESTRICTED, and PodSecurityLevel.BASELINE with NixUser.root()
   */
  readonly podSecurity?: PodSecurityLevel;

  /**
   * Leave the containers that get no Nix as they are: no security context, no `/tmp`, and ids that are theirs. What a namespace with a level then says
   * of them is up to them.
   *
   * @default false
   */
  readonly leaveOthersAlone?: boolean;

  /**
   * Containers whose programs come from flakes or store paths rather than from an image. One name each, "main" unless the program has one.
   *
   * @default - none
   */
  readonly programs?: NixProgram[];
}
