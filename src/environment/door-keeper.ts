import { Construct } from 'constructs';
import { BoundHome } from '../home/bound-home';
import { HomeManager } from '../home/home-manager';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { BoundStore, VolumePlaces } from '../pod/bound-store';
import { PodAdditions } from '../pod/pod-merge';
import { EnvironmentPrograms } from '../program/environment-programs';

/** What comes through the door: an environment, as it is needed here. */
export interface DoorKeeper {
  readonly scope: Construct;
  /** Where it is in the tree. */
  readonly path: string;
  readonly store: BoundStore;
  /** How many pods there may be. */
  readonly places: VolumePlaces;
  readonly user: NixUser;
  readonly home: NixHome;
  readonly boundHome: BoundHome;
  readonly homeManager?: HomeManager;
  /** What finds its pods, whoever made them. */
  readonly labels: { readonly [label: string]: string };
  readonly programs: EnvironmentPrograms;
  /** Another number after anything that changes what its pods get. */
  readonly revision: () => number;
}

/** What an environment gives to a pod. */
export type Additions = () => PodAdditions;

/** The same, and how to see that it has changed. */
export interface Given {
  readonly additions: Additions;
  /** Another number after anything that changes them. */
  readonly revision: () => number;
}
