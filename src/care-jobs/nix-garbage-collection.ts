import { Cron, Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { careCronJob } from './care-job';
import { checkConstruct } from '../base/argument-check';
import { describe, Problems } from '../base/problems';
import { NixGarbageCollectionOptions } from '../care/garbage-collection-options';
import { garbageCollectionTask } from '../care/garbage-collection-task';
import { NixEnvironment } from '../environment/nix-environment';

/**
 * Props of a garbage collection by a CronJob.
 */
export interface NixGarbageCollectionProps extends NixGarbageCollectionOptions {
  /**
   * The environment whose store is collected.
   */
  readonly environment: NixEnvironment;

  /**
   * When.
   *
   * @default Cron.weekly()
   */
  readonly schedule?: Cron;

  /**
   * The time zone of the schedule, as `Europe/Berlin`.
   *
   * @default - that of the cluster's controller
   */
  readonly timeZone?: string;
}

/**
 * Collects the garbage of a store while the workload uses it: a CronJob that mounts the same volume and the same home.
 *
 * A ReadWriteOnce volume can only be mounted on the node of the workload, which the pods of this CronJob follow. Where no second pod can mount
 * the store (ReadWriteOncePod, a store for each replica), use `NixEnvironment.collectGarbage`.
 *
 * @example new NixGarbageCollection(chart, 'gc', { environment, schedule: Cron.daily(), deleteOlderThan: Duration.days(30) });
 */
export class NixGarbageCollection extends Construct {
  /** The CronJob. */
  public readonly cronJob: kplus.CronJob;

  /** Its container. Mount volumes here that hold roots, such as `result` links of projects, at the same path as in the workload. */
  public readonly container: kplus.Container;

  constructor(scope: Construct, id: string, props: NixGarbageCollectionProps) {
    checkConstruct('NixGarbageCollection', arguments, new.target, NixGarbageCollection);
    super(scope, id);
    const { environment, schedule = Cron.weekly(), timeZone } = props;
    const task = garbageCollectionTask(props, new Problems(this), {
      deadline: Duration.hours(1), keepRecent: Duration.days(1), homeIsNew: false, goOn: false, environment,
    });
    this.cronJob = careCronJob(this, 'CronJob', environment, task, { schedule, timeZone });
    this.container = this.cronJob.containers[0];
    this.node.addValidation({
      validate: () => {
        const unreachable = environment._care.checkOwnPod('the garbage collection', 'Use environment.collectGarbage(), which does it when a pod starts.');
        const unseen = () => environment._care.checkHomes('Use NixHome.onStoreVolume(), or environment.collectGarbage(), which does it when a pod starts.');
        return (unreachable.length > 0 ? unreachable : unseen()).map(describe);
      },
    });
  }
}
