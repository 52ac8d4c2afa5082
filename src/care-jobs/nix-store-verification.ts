import { Cron, Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { careCronJob, careJob } from './care-job';
import { checkConstruct } from '../base/argument-check';
import { describe, Problems } from '../base/problems';
import { CareTask, deadlineSeconds } from '../care/care-task';
import { NixEnvironment } from '../environment/nix-environment';

/**
 * Props of a verification.
 */
export interface NixStoreVerificationProps {
  /**
   * The environment whose store is verified.
   */
  readonly environment: NixEnvironment;

  /**
   * Bring what is damaged from the substituters, and have the next start of a workload bring what only the seed image has.
   *
   * @default false
   */
  readonly repair?: boolean;

  /**
   * Compare the content of every file with its hash. Reads the whole store.
   *
   * @default true
   */
  readonly checkContents?: boolean;

  /**
   * Do it again and again.
   *
   * @default - once, as a Job
   */
  readonly schedule?: Cron;

  /**
   * The time zone of the schedule, as `Europe/Berlin`.
   *
   * @default - that of the cluster's controller
   */
  readonly timeZone?: string;

  /**
   * When to give up.
   *
   * @default Duration.hours(2)
   */
  readonly deadline?: Duration;

  /**
   * Resources of the container.
   *
   * @default - requests 100m CPU and 128Mi memory, limited to 1Gi memory
   */
  readonly resources?: kplus.ContainerResources;
}

const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(1024) },
};

/**
 * Compares a store with Nix's database, and repairs it if asked: once by a Job, or on a schedule by a CronJob. It fails if damage is left.
 *
 * @example new NixStoreVerification(chart, 'verify', { environment, schedule: Cron.monthly(), repair: true });
 */
export class NixStoreVerification extends Construct {
  /** The Job, or the CronJob if there is a schedule. */
  public readonly workload: kplus.Workload;

  constructor(scope: Construct, id: string, props: NixStoreVerificationProps) {
    checkConstruct('NixStoreVerification', arguments, new.target, NixStoreVerification);
    super(scope, id);
    const problems = new Problems(this);
    const deadline = props.deadline ?? Duration.hours(2);
    const task: CareTask = {
      name: 'verify-store',
      args: [],
      deadline,
      resources: props.resources,
      suitableResources: RESOURCES,
      variables: {
        CARE_TIMEOUT: String(deadlineSeconds(problems, deadline)),
        VERIFY_CONTENTS: props.checkContents ?? true ? 'yes' : 'no',
        VERIFY_REPAIR: props.repair ? 'yes' : 'no',
      },
    };
    this.workload = props.schedule
      ? careCronJob(this, 'CronJob', props.environment, task, { schedule: props.schedule, timeZone: props.timeZone })
      : careJob(this, 'Job', props.environment, task);
    this.node.addValidation({
      validate: () => props.environment._care.checkOwnPod('the verification', 'Run `nix-store --verify --check-contents` in the pod.').map(describe),
    });
  }
}
