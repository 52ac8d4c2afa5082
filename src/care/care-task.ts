import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { packageFile } from '../base/package-file';
import { Problems } from '../base/problems';
import { SharedFiles } from '../pod/shared-files';

/** Names in the pod. They are contract: people refer to them in patches and in `kubectl logs -c`. */
export const CARE_VOLUME = 'nix-care-scripts';
export const CARE_FOLDER = '/opt/cdk8s-nix-care';

const SCRIPTS = [
  'bring-programs.sh', 'collect-garbage.sh', 'netrc-credentials.sh', 'prefetch-store.sh', 'program-flake.sh', 'program-reasons.sh', 'program-roots.sh',
  'program-starts.sh', 'store-care.sh', 'store-links.sh', 'store-lock.sh', 'sync-file-system.sh', 'verify-store.sh',
];

/** Something to do for a store: a script of ours, by whoever runs it. */
export interface CareTask {
  /** The name of the script, and of the container that runs it. */
  readonly name: string;
  readonly args: string[];
  readonly variables: { readonly [name: string]: string };
  /** Variables that may come from Secrets. */
  readonly values?: { readonly [name: string]: kplus.EnvValue };
  readonly deadline: Duration;
  /** What the user asked for. @default - those of all containers we bring, else `suitableResources` */
  readonly resources?: kplus.ContainerResources;
  readonly suitableResources: kplus.ContainerResources;
}

export function command(task: CareTask): string[] {
  return ['sh', `${CARE_FOLDER}/${task.name}.sh`];
}

/** The ConfigMap with the scripts. */
export function careScripts(scope: Construct): SharedFiles {
  return SharedFiles.of(scope, CARE_VOLUME, () => Object.fromEntries(SCRIPTS.map(script => [script, packageFile(`scripts/${script}`)])));
}

/** The deadline in seconds, as scripts take it. One that is out of range is reported. */
export function deadlineSeconds(problems: Problems, deadline: Duration): number {
  const seconds = deadline.toSeconds({ integral: false });
  if (!Number.isInteger(seconds) || seconds < 1) {
    problems.add('CDK8SNIX0704', 'deadline', deadline.toHumanString(), 'It is one second or more, in whole seconds.', 'Use for example Duration.minutes(30).');
    return 1;
  }
  return seconds;
}
