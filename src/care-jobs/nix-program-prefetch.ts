import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { careJob } from './care-job';
import { checkConstruct } from '../base/argument-check';
import { describe } from '../base/problems';
import { NixEnvironment } from '../environment/nix-environment';

/**
 * Props of a Job that brings programs ahead.
 */
export interface NixProgramPrefetchProps {
  /**
   * The environment whose programs it brings.
   */
  readonly environment: NixEnvironment;
}

/**
 * Brings the programs of an environment with a Job while the pod of the former ones still runs, so that an update is as short as a restart.
 *
 * It has to end before the workload is changed: in Argo CD by an earlier sync wave, with kubectl by `kubectl wait`. When a program changes, the Job
 * gets another name and runs again.
 *
 * @example new NixProgramPrefetch(chart, 'ahead', { environment });
 */
export class NixProgramPrefetch extends Construct {
  /** The Job. The name in the manifest is this one's and a fingerprint of what the Job is. */
  public readonly job: kplus.Job;

  /**
   * @throws if the environment has no programs yet: construct it after the containers that run them
   */
  constructor(scope: Construct, id: string, props: NixProgramPrefetchProps) {
    checkConstruct('NixProgramPrefetch', arguments, new.target, NixProgramPrefetch);
    super(scope, id);
    const { environment } = props;
    const task = environment._programs.taskAhead();
    if (!task && environment._programs.names.length > 0) {
      throw new Error(`CDK8SNIX1205 ${this.node.path}: the runtime of the node brings the programs of ${environment.node.path}. Leave this out.`);
    }
    if (!task) {
      throw new Error(`CDK8SNIX1205 ${this.node.path}: ${environment.node.path} has no programs yet. Construct this after the containers that run them.`);
    }
    this.job = careJob(this, 'Job', environment, task);
    this.node.addValidation({
      validate: () => environment._programs.task()!.args.length === task.args.length ? [] : [
        `CDK8SNIX1205 ${environment.node.path} got another program after this, which would not be brought ahead. Construct this after the containers that run them.`,
      ],
    });
    this.node.addValidation({
      validate: () => environment._care.checkOwnPod('the prefetch', 'Leave it out: the pod brings its programs when it starts.').map(describe),
    });
  }
}
