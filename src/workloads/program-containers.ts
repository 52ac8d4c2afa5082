import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment } from '../environment/nix-environment';
import { NixProgram } from '../program/nix-program';

/** The containers of the programs of a workload. */
export function programContainers(environment: NixEnvironment, programs: NixProgram[] = []): kplus.ContainerProps[] {
  return programs.map(program => environment.containerFor(program));
}
