import { checkRuntime } from './runtime-checks';
import { Problem } from '../base/problems';
import { containersOf, PodManifest } from '../pod/pod-manifest';
import { EnvironmentPrograms, PROGRAMS_FOLDER, runsFrom } from '../program/environment-programs';

/** Programs that would not be there when their containers start: brought by another environment, or not yet. */
export function checkPrograms(pod: PodManifest, programs: EnvironmentPrograms, first?: ReadonlySet<string>): Problem[] {
  const wrong = (value: string, problem: string, remedy: string): Problem => ({ code: 'CDK8SNIX1208', prop: 'containers', value, problem, remedy });
  const running = containersOf(pod).filter(({ container }) => runsFrom(container, PROGRAMS_FOLDER));
  return [...checkRuntime(pod, programs), ...running.flatMap(({ container, sort }) => [
    ...runsFrom(container, programs.folder) ? [] : [wrong(container.name, 'Its program is one of another environment, which does not bring it to this pod.',
      'Make the container with containerFor of the environment that the workload is enabled for.')],
    ...sort === 'initContainers' && first?.has(container.name) ? [wrong(container.name, 'It runs before its program is brought.',
      'Leave it out of initContainersFirst.')] : [],
  ])];
}
