import { IConstruct } from 'constructs';

/** A workload with Nix, as those see it that look after its store. */
export interface EnabledWorkload {
  /** Where it is in the tree. */
  readonly construct: IConstruct;
  /** Whether its pods end by themselves. */
  readonly ends: boolean;
}
