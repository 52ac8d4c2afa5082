import * as kplus from 'cdk8s-plus-28';
import { BackstageNixProps } from './backstage-nix-props';
import { isPlainAbsolutePath } from '../base/kubernetes-name';
import { Problems } from '../base/problems';
import { NixUser } from '../home/nix-user';
import { STAY_UP } from '../workloads/workspace';

/** What a portal under development does instead of running: it makes the folder for the source, as its user, and sleeps. */
export function asleep(props: BackstageNixProps): kplus.ContainerOpts {
  const { readOnlyRootFilesystem, ...security } = props.container?.securityContext ?? {};
  return {
    command: ['sh', '-c', `mkdir -p ${sourceFolder(props)}; ${STAY_UP}`],
    args: undefined,
    startup: undefined,
    readiness: undefined,
    liveness: undefined,
    securityContext: { ...security, readOnlyRootFilesystem: props.development?.writableRoot ? false : readOnlyRootFilesystem },
  };
}

/** Where the source of a portal under development lies. */
export function sourceFolder({ development, user }: BackstageNixProps): string {
  return development?.folder ?? `${homeOf(user)}/workspace`;
}

/** Record a folder that nobody would make for the user. */
export function checkWorkspace(problems: Problems, props: BackstageNixProps): void {
  const folder = sourceFolder(props);
  if (!isPlainAbsolutePath(folder) || !folder.startsWith(`${homeOf(props.user)}/`)) {
    problems.add('CDK8SNIX0913', 'development.folder', folder, 'The folder is made by the user of the pod, who owns the home and nothing else.',
      `Use a folder below it, for example "${homeOf(props.user)}/workspace".`);
  }
}

function homeOf(user: NixUser = NixUser.code()): string {
  return user.home;
}
