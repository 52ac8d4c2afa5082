import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { careJob } from './care-job';
import { checkConstruct } from '../base/argument-check';
import { nameOfPath } from '../base/made-name';
import { describe, Problems } from '../base/problems';
import { NixPrefetchOptions } from '../care/prefetch-options';
import { NixEnvironment } from '../environment/nix-environment';

/**
 * Props of a prefetch by a Job.
 */
export interface NixStorePrefetchProps extends NixPrefetchOptions {
  /**
   * The environment whose store gets it.
   */
  readonly environment: NixEnvironment;
}

/**
 * Brings packages and development shells into a store with a Job, beside the workload or before it. It needs the network.
 *
 * When anything about it changes, the Job gets another name and runs again. To have everything there before the containers of a pod start, or
 * where no second pod can mount the store, use `NixEnvironment.prefetch`.
 *
 * @example new NixStorePrefetch(chart, 'tools', { environment, shells: ['github:owner/repository/v1.2.3'] });
 */
export class NixStorePrefetch extends Construct {
  /** The Job. The name in the manifest is this one's and a fingerprint of what the Job is. */
  public readonly job: kplus.Job;

  constructor(scope: Construct, id: string, props: NixStorePrefetchProps) {
    checkConstruct('NixStorePrefetch', arguments, new.target, NixStorePrefetch);
    super(scope, id);
    const name = nameOfPath(this);
    this.job = careJob(this, 'Job', props.environment, props.environment._care.prefetchTask(props, new Problems(this), name, false));
    this.node.addValidation({ validate: () => props.environment._care.checkAssistants(props).map(describe) });
    this.node.addValidation({
      validate: () => props.environment._care.checkOwnPod('the prefetch', 'Use environment.prefetch(), which does it when a pod starts.').map(describe),
    });
  }
}
