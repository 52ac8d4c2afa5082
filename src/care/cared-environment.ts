import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { NixHome } from '../home/nix-home';

/** An environment, as far as the care for its store has to know it. */
export interface CaredEnvironment extends Construct {
  /** Where the profiles of its user are, which keep packages alive. */
  readonly home: NixHome;

  /** The claim of the store; undefined if the store has none. */
  readonly claim?: kplus.IPersistentVolumeClaim;
}
