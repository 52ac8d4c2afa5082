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
   * Containers whose programs come from flakes or store paths rather than from an image. One name each, "main" unless the program has one.
   *
   * @default - none
   */
  readonly programs?: NixProgram[];
}
