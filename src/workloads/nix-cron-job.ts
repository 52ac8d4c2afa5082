import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { withContainerDefaults } from './container-defaults';
import { enableOptions } from './enable-options';
import { NixWorkloadOptions } from './nix-workload-options';
import { programContainers } from './program-containers';
import { checkArguments, checkConstruct, checkedProps } from '../base/argument-check';
import { NixEnvironment } from '../environment/nix-environment';
import { NixEnvironmentProps } from '../environment/nix-environment-props';

/**
 * Props of a CronJob with Nix: those of kplus.CronJob and those of the environment.
 */
export interface NixCronJobProps extends kplus.CronJobProps, NixEnvironmentProps, NixWorkloadOptions {}

/**
 * A CronJob whose pods have Nix. It needs a container: what should run has no default.
 *
 * The default store is a claim, so that only the first run starts cold. Runs must not overlap on it, which is kplus' default
 * (`ConcurrencyPolicy.FORBID`).
 *
 * @example
 * new NixCronJob(chart, 'nightly', {
 *   schedule: Cron.daily(),
 *   containers: [{ image: 'registry.example.org/report:1.2.0', command: ['nix', 'run', 'github:owner/report/v1.2.0'] }],
 * });
 */
export class NixCronJob extends kplus.CronJob {
  /** What gives Nix to the pods: store, nix.conf, user and home. */
  public readonly environment: NixEnvironment;

  constructor(scope: Construct, id: string, props: NixCronJobProps) {
    checkConstruct('NixCronJob', arguments, new.target, NixCronJob);
    super(scope, id, props);
    this.environment = new NixEnvironment(this, 'Nix', checkedProps({ ...props }));
    this.environment.enable(this, enableOptions(props));
    programContainers(this.environment, props.programs).forEach(container => this.addContainer(container));
  }

  /**
   * Add a container; it gets Nix like the others.
   *
   * @param cont the container; resources and pull policy have defaults that suit small tasks
   */
  public addContainer(cont: kplus.ContainerProps): kplus.Container {
    checkArguments('NixCronJob.addContainer', arguments, this);
    return super.addContainer(withContainerDefaults(cont, this));
  }
}
