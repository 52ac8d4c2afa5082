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
import { NixStore } from '../store/nix-store';

/**
 * Props of a DaemonSet with Nix: those of kplus.DaemonSet and those of the environment.
 *
 * The store is `NixStore.emptyDir()` unless given: a pod runs on every node, and one claim could not serve them all.
 */
export interface NixDaemonSetProps extends kplus.DaemonSetProps, NixEnvironmentProps, NixWorkloadOptions {}

/**
 * A DaemonSet whose pods have Nix, each with a store of its own.
 *
 * Without any container it is a shell with Nix on every node, to `kubectl exec` into.
 *
 * @example new NixDaemonSet(chart, 'tools');
 */
export class NixDaemonSet extends kplus.DaemonSet {
  /** What gives Nix to the pods: store, nix.conf, user and home. */
  public readonly environment: NixEnvironment;

  constructor(scope: Construct, id: string, props: NixDaemonSetProps = {}) {
    checkConstruct('NixDaemonSet', arguments, new.target, NixDaemonSet);
    super(scope, id, props);
    this.environment = new NixEnvironment(this, 'Nix', checkedProps({ ...props, store: props.store ?? NixStore.emptyDir() }));
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
    checkArguments('NixDaemonSet.addContainer', arguments, this);
    return super.addContainer(withContainerDefaults(cont, this));
  }
}
