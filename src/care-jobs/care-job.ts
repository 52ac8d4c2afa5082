import { ApiObject, Cron, Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { CARE_FOLDER, CARE_VOLUME, careScripts, CareTask, command } from '../care/care-task';
import { NixEnvironment } from '../environment/nix-environment';
import { nameByContent } from '../pod/name-by-content';

/** For the pod to be scheduled, and the store to be seeded if nobody has done so yet. */
const STARTING = Duration.minutes(15);

/** How often a Job is tried again. */
const RETRIES = 2;

/** A Job that does something for the store of an environment once. */
export function careJob(scope: Construct, id: string, environment: NixEnvironment, task: CareTask): kplus.Job {
  const job = new kplus.Job(scope, id, { activeDeadline: activeDeadline(task), backoffLimit: RETRIES });
  giveTask(job, environment, task);
  nameByContent(ApiObject.of(job));
  return job;
}

/** When a CronJob runs, as kplus has it. */
export interface CareSchedule {
  readonly schedule: Cron;
  readonly timeZone?: string;
}

/** A CronJob that does so again and again. */
export function careCronJob(scope: Construct, id: string, environment: NixEnvironment, task: CareTask, when: CareSchedule): kplus.CronJob {
  const cronJob = new kplus.CronJob(scope, id, {
    ...when,
    activeDeadline: activeDeadline(task),
    // The next run is a retry, and the volume may be gone with the workload.
    backoffLimit: 0,
    concurrencyPolicy: kplus.ConcurrencyPolicy.FORBID,
    // The default, ten seconds, drops a run if the controller is restarted.
    startingDeadline: Duration.minutes(10),
    successfulJobsRetained: 1,
    failedJobsRetained: 1,
  });
  giveTask(cronJob, environment, task);
  return cronJob;
}

function activeDeadline(task: CareTask): Duration {
  return Duration.seconds(Math.ceil(task.deadline.toSeconds({ integral: false })) + STARTING.toSeconds());
}

function giveTask(workload: kplus.Job | kplus.CronJob, environment: NixEnvironment, task: CareTask): void {
  const scripts = kplus.ConfigMap.fromConfigMapName(workload, 'Scripts', careScripts(environment).name);
  const container = workload.addContainer({
    name: task.name,
    image: environment._care.image,
    imagePullPolicy: environment._care.pullPolicy,
    command: command(task),
    args: task.args.length === 0 ? undefined : task.args,
    envVariables: {
      ...task.values,
      ...Object.fromEntries(Object.entries(task.variables).map(([name, value]) => [name, kplus.EnvValue.fromValue(value)])),
    },
    resources: environment._care.resources(task),
  });
  container.mount(CARE_FOLDER, kplus.Volume.fromConfigMap(workload, 'ScriptsVolume', scripts, { name: CARE_VOLUME }), { readOnly: true });
  environment._enableForCare(workload);
}
