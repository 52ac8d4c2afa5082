import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Substituter } from './substituter';

/**
 * Typed settings of `nix.conf`.
 *
 * @see https://nix.dev/manual/nix/stable/command-ref/conf-file
 */
export interface NixConfigProps {
  /**
   * Binary caches, asked in this order before the public one.
   *
   * @default - only the public cache of the NixOS project
   */
  readonly substituters?: Substituter[];

  /**
   * Also use the public cache of the NixOS project.
   *
   * @default true
   */
  readonly defaultSubstituter?: boolean;

  /**
   * How many derivations Nix builds at once (`max-jobs`). 0 builds nothing and only substitutes.
   *
   * @default - as Nix does: 1
   */
  readonly maxJobs?: number;

  /**
   * How many cores one build may use (`cores`). 0 means all.
   *
   * @default - as Nix does: all
   */
  readonly cores?: number;

  /**
   * Collect garbage during a build when less than this is free in the store (`min-free`).
   *
   * @default - never
   */
  readonly minFree?: Size;

  /**
   * Stop that collection when this much is free (`max-free`). Not less than `minFree`.
   *
   * @default - collect everything that can go
   */
  readonly maxFree?: Size;

  /**
   * A Secret with a netrc file: user names and passwords for binary caches and sources.
   *
   * @default - none
   */
  readonly netrc?: kplus.SecretValue;

  /**
   * More Secrets with netrc files, for caches whose credentials have other owners. An init container joins all of them to the one file that
   * Nix reads, in memory; of two entries for one host the first counts, and a `default` entry is allowed in the last file only.
   *
   * @default - none
   */
  readonly extraNetrcs?: kplus.SecretValue[];

  /**
   * A Secret with a line of nix.conf that sets access tokens, `access-tokens = github.com=…`, included by nix.conf.
   *
   * @default - none
   */
  readonly accessTokens?: kplus.SecretValue;

  /**
   * More settings by their nix.conf names: strings, numbers, booleans, or lists of strings. Unknown names are refused.
   *
   * @default - none
   */
  readonly settings?: { [name: string]: any };

  /**
   * Raw lines at the end of nix.conf, for settings that this library does not know: `name = value`,
   * `include`, `!include` or a comment.
   *
   * @default - none
   */
  readonly extraLines?: string[];
}
