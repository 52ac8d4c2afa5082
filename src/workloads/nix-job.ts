import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { withContainerDefaults } from './container-defaults';
import { enableOptions } from './enable-options';
import { NixWorkloadOptions } from './nix-workload-options';
import { programContainers } from './program-containers';
import { checkArguments, checkConstruct, checkedProps } from '../base/argument-check';
import { NixEnvironment } from '../environment/nix-environment';
import { NixEnvironmentProps } from '../environment/nix-environment-props';
import { immutablePart, nameByContent } from '../pod/name-by-content';
import { NixStore } from '../store/nix-store';

/**
 * Props of a Job with Nix: those of kplus.Job and those of the environment.
 *
 * The store is `NixStore.emptyDir()` unless given: a Job runs once, and a claim would outlive it for nothing.
 */
export interface NixJobProps extends kplus.JobProps, NixEnvironmentProps, NixWorkloadOptions {}

/**
 * A Job whose pods have Nix. It needs a container: what should run has no default.
 *
 * Kubernetes does not let the pod of a Job change. So the name in the manifest is this one's and a fingerprint of what cannot change: after
 * a change, of nix.conf too, there is another Job, which runs. A name given by `metadata.name` stays as it is.
 *
 * @example
 * new NixJob(chart, 'report', {
 *   containers: [{ image: 'registry.example.org/report:1.2.0', command: ['nix', 'run', 'github:owner/report/v1.2.0'] }],
 * });
 */
export class NixJob extends kplus.Job {
  /** What gives Nix to the pods: store, nix.conf, user and home. */
  public readonly environment: NixEnvironment;

  constructor(scope: Construct, id: string, props: NixJobProps = {}) {
    checkConstruct('NixJob', arguments, new.target, NixJob);
    super(scope, id, props);
    this.environment = new NixEnvironment(this, 'Nix', checkedProps({ ...props, store: props.store ?? NixStore.emptyDir() }));
    this.environment.enable(this, enableOptions(props));
    programContainers(this.environment, props.programs).forEach(container => this.addContainer(container));
    if (props.metadata?.name === undefined) {
      nameByContent(ApiObject.of(this), immutablePart);
    }
  }

  /**
   * Add a container; it gets Nix like the others.
   *
   * @param cont the container; resources and pull policy have defaults that suit small tasks
   */
  public addContainer(cont: kplus.ContainerProps): kplus.Container {
    checkArguments('NixJob.addContainer', arguments, this);
    return super.addContainer(withContainerDefaults(cont, this));
  }
}
