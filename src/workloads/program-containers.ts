import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment } from '../environment/nix-environment';
import { NixProgram } from '../program/nix-program';

/**
 * The containers of the programs of a workload.
 *
 * @throws if it is no list, as only a compiler would say
 */
export function programContainers(environment: NixEnvironment, programs: NixProgram[] = []): kplus.ContainerProps[] {
  if (!Array.isArray(programs)) {
    throw new Error(`CDK8SNIX1201 ${environment.node.scope!.node.path}: programs is no list. Use for example programs: [NixProgram.flake("github:owner/repository/v1.2.3")].`);
  }
  return programs.map(program => environment.containerFor(program));
}
