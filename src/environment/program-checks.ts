import { ApiObject } from 'cdk8s';
import { checkRuntime } from './runtime-checks';
import { Problem } from '../base/problems';
import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';
import { lookAtPatches } from '../pod/written-manifest';
import { bringsProgram, EnvironmentPrograms, PROGRAMS_FOLDER, programsRunBy, runsFrom, ToldProgram } from '../program/environment-programs';

/** Programs that would not be there when their containers start: brought by another environment, or not yet. */
export function checkPrograms(pod: PodManifest, programs: EnvironmentPrograms, first?: ReadonlySet<string>): Problem[] {
  const running = containersOf(pod).filter(({ container }) => runsFrom(container, PROGRAMS_FOLDER));
  return [...checkRuntime(pod, programs), ...running.flatMap(({ container, sort }) => [
    ...runsFrom(container, programs.folder) ? [] : [wrong(container.name, 'Its program is one of another environment, which does not bring it to this pod.',
      'Make the container with containerFor of the environment that the workload is enabled for.')],
    ...sort === 'initContainers' && first?.has(container.name) ? [wrong(container.name, 'It runs before its program is brought.',
      'Leave it out of initContainersFirst.')] : [],
  ])];
}

/** What patches leave of it: a container that brings a program is not its user's to remove, as long as another one runs that. */
export function checkPatchedPrograms(object: ApiObject, programs: EnvironmentPrograms, podsIn: (manifest: any) => PodManifest[]): Problem[] {
  if (programs.names.length === 0 || programs.nodeRuntime) {
    return [];
  }
  try {
    // A patch changes in place what was there before it.
    const looks = lookAtPatches(object, manifest => {
      const pods = podsIn(manifest);
      const bringers = pods.flatMap(({ spec }) => listOf(spec.initContainers)).map(({ name, args }) => ({ name, args: listOf(args).slice() }));
      return { pods, bringers };
    });
    const [{ bringers }, { pods }] = [looks[0], looks[looks.length - 1]];
    return pods.flatMap(pod => containersOf(pod).flatMap(({ container, sort }) => {
      const others = listOf(pod.spec.initContainers);
      const before = sort === 'initContainers' ? others.slice(0, others.indexOf(container)) : others;
      const lacking = programsRunBy(container, programs.folder).find(program => !before.some(other => bringsProgram(other, program)));
      return lacking === undefined ? [] : [notBrought(container.name, lacking, bringers, others)];
    }));
  } catch {
    // A patch that fails is told as the object is written.
    return [];
  }
}

function notBrought(container: string, program: ToldProgram, bringers: readonly any[], left: readonly any[]): Problem {
  const bringer = bringers.find(other => bringsProgram(other, program))?.name;
  return left.some(other => bringsProgram(other, program))
    ? wrong(container, 'A patch has it run before its program is brought.', `Leave ${bringer} in front of it.`)
    : wrong(container, `A patch has taken away what brings its program: the init container ${bringer}, or its arguments.`,
      'Leave that as it is, or give the container a command of its own.');
}

function wrong(value: string, problem: string, remedy: string): Problem {
  return { code: 'CDK8SNIX1208', prop: 'containers', value, problem, remedy };
}
