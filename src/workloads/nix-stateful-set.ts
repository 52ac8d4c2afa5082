import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { withContainerDefaults } from './container-defaults';
import { enableOptions } from './enable-options';
import { HeadlessService } from './headless-service';
import { NixWorkloadOptions } from './nix-workload-options';
import { programContainers } from './program-containers';
import { workspaceUnlessContainers } from './workspace';
import { checkArguments, checkConstruct, checkedProps } from '../base/argument-check';
import { describe } from '../base/problems';
import { NixEnvironment } from '../environment/nix-environment';
import { NixEnvironmentProps } from '../environment/nix-environment-props';
import { checkServiceName } from '../pod/service-name';
import { NixStore } from '../store/nix-store';

/**
 * Props of a StatefulSet with Nix: those of kplus.StatefulSet and those of the environment.
 *
 * The store is `NixStore.perReplica()` unless given. Without a service, and without a container that has ports when this is constructed,
 * a headless Service without ports gives the pods their names.
 */
export interface NixStatefulSetProps extends kplus.StatefulSetProps, NixEnvironmentProps, NixWorkloadOptions {}

/**
 * A StatefulSet whose pods have Nix, each with a claim of its own that outlives the pod.
 *
 * Without any container its pods are workspaces: a container of the seed image that stays up, to `kubectl exec` into.
 *
 * @example new NixStatefulSet(chart, 'builder', { replicas: 2, store: NixStore.perReplica({ size: Size.gibibytes(40) }) });
 */
export class NixStatefulSet extends kplus.StatefulSet {
  /** What gives Nix to the pods: store, nix.conf, user and home. */
  public readonly environment: NixEnvironment;

  constructor(scope: Construct, id: string, props: NixStatefulSetProps = {}) {
    checkConstruct('NixStatefulSet', arguments, new.target, NixStatefulSet);
    // kplus makes a Service from the ports of the containers, and fails without any.
    const service = props.service ?? (hasPorts(props) ? undefined : new HeadlessService(scope, `${id}-service`, props.metadata?.namespace));
    super(scope, id, { ...props, service });
    if (!props.service) {
      this.node.addValidation({ validate: () => checkServiceName(ApiObject.of(this.service), 'CDK8SNIX0514').map(describe) });
    }
    this.environment = new NixEnvironment(this, 'Nix', checkedProps({ ...props, store: props.store ?? NixStore.perReplica() }));
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
    checkArguments('NixStatefulSet.addContainer', arguments, this);
    return super.addContainer(withContainerDefaults(cont, this));
  }
}

function hasPorts(props: kplus.StatefulSetProps): boolean {
  return (props.containers ?? []).some(container => (container.portNumber ?? container.port ?? container.ports?.[0]) !== undefined);
}
