import { Problem } from '../base/problems';
import { NixImage } from '../image/nix-image';
import { containersOf, PodManifest } from '../pod/pod-manifest';
import { EnvironmentPrograms, PROGRAMS_FOLDER, runsFrom } from '../program/environment-programs';

/** What a container runs for which the image stands that a runtime of the node ignores: the flake of the pod, whatever it is meant to be. */
function checkIgnoredImages(pod: PodManifest, programs: EnvironmentPrograms): Problem[] {
  // That of a workspace is told by a check of its own.
  const isOther = ({ name, image }: any): boolean => !programs.names.includes(name) && image !== NixImage.upstream().reference;
  return !programs.ignoresImages ? [] : containersOf(pod).filter(({ container }) => isOther(container)).map(({ container }) => ({
    code: 'CDK8SNIX1206',
    prop: `containers[${container.name}].image`,
    value: container.image,
    problem: 'This runtime of the node ignores images: the container would run the flake of the pod.',
    remedy: 'Put it into a workload of its own, without this store.',
  }));
}

/** Programs that would not be there when their containers start: brought by another environment, or not yet. */
export function checkPrograms(pod: PodManifest, programs: EnvironmentPrograms, first?: ReadonlySet<string>): Problem[] {
  const wrong = (value: string, problem: string, remedy: string): Problem => ({ code: 'CDK8SNIX1208', prop: 'containers', value, problem, remedy });
  const running = containersOf(pod).filter(({ container }) => runsFrom(container, PROGRAMS_FOLDER));
  return [...checkIgnoredImages(pod, programs), ...running.flatMap(({ container, sort }) => [
    ...runsFrom(container, programs.folder) ? [] : [wrong(container.name, 'Its program is one of another environment, which does not bring it to this pod.',
      'Make the container with containerFor of the environment that the workload is enabled for.')],
    ...sort === 'initContainers' && first?.has(container.name) ? [wrong(container.name, 'It runs before its program is brought.',
      'Leave it out of initContainersFirst.')] : [],
  ])];
}
