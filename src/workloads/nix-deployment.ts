import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { withContainerDefaults } from './container-defaults';
import { enableOptions } from './enable-options';
import { NixWorkloadOptions } from './nix-workload-options';
import { programContainers } from './program-containers';
import { workspaceUnlessContainers } from './workspace';
import { checkArguments, checkConstruct, checkedProps } from '../base/argument-check';
import { NixEnvironment } from '../environment/nix-environment';
import { NixEnvironmentProps } from '../environment/nix-environment-props';

/**
 * Props of a Deployment with Nix: those of kplus.Deployment and those of the environment.
 */
export interface NixDeploymentProps extends kplus.DeploymentProps, NixEnvironmentProps, NixWorkloadOptions {}

/**
 * A Deployment whose pods have Nix.
 *
 * Without any container it is a workspace: a container of the seed image that stays up, to `kubectl exec` into.
 * Containers request little unless they say otherwise: 100m CPU and 256Mi memory, limited to 2Gi memory.
 *
 * @example
 * new NixDeployment(chart, 'code', {
 *   store: NixStore.persistent({ size: Size.gibibytes(40), retain: true }),
 * });
 */
export class NixDeployment extends kplus.Deployment {
  /** What gives Nix to the pods: store, nix.conf, user and home. */
  public readonly environment: NixEnvironment;

  constructor(scope: Construct, id: string, props: NixDeploymentProps = {}) {
    checkConstruct('NixDeployment', arguments, new.target, NixDeployment);
    super(scope, id, props);
    this.environment = new NixEnvironment(this, 'Nix', checkedProps({ ...props }));
    this.environment.enable(this, enableOptions(props));
    programContainers(this.environment, props.programs).forEach(container => this.addContainer(container));
    workspaceUnlessContainers(this, this.environment.image, props);
  }

  /**
   * Add a container; it gets Nix like the others.
   *
   * @param cont the container; resources and pull policy have defaults that suit a workspace
   */
  public addContainer(cont: kplus.ContainerProps): kplus.Container {
    checkArguments('NixDeployment.addContainer', arguments, this);
    return super.addContainer(withContainerDefaults(cont, this));
  }
}
