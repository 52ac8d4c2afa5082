import { App, Chart, Yaml } from 'cdk8s';
import { Closure } from './closure';
import { NixDeployment, NixImage, NixProgram, NixStore, Substituter } from '../../src';

/** The images in the manifests. */
export const IMAGES = { nix: 'registry.local/nix:1.0.0', program: 'registry.local/program:1.0.0', base: 'registry.local/base:1.0.0' };

/** The program in an image of its own, with an init container that does nothing before it or without. */
export function imagePod(name: string, { program }: Closure, withInit: boolean): string {
  const pod = {
    securityContext: { runAsNonRoot: true, runAsUser: 1001, seccompProfile: { type: 'RuntimeDefault' } },
    initContainers: withInit ? [imageContainer('trivial', ['true'])] : [],
    containers: [imageContainer('main', [program])],
  };
  return deployment(name, pod);
}

/** A pod of ours whose init container does nothing; all the rest is as in `nixPod` with this claim, which has the program already. */
export function mountedPod(name: string, closure: Closure, claimName: string, cachePort: number): string {
  const manifests = nixManifests(name, closure, claimName, cachePort);
  const { spec } = manifests.find(({ kind }) => kind === 'Deployment').spec.template;
  spec.initContainers = spec.initContainers.map(({ args, ...container }: any) => ({ ...container, command: ['true'] }));
  return Yaml.stringify(...manifests);
}

function imageContainer(name: string, command: string[]): object {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true };
  return { name, image: IMAGES.program, command, securityContext, resources: {} };
}

/** A pod that does nothing, in whose network something else can listen. */
export function idlePod(name: string): string {
  return deployment(name, { containers: [{ name: 'main', image: IMAGES.base, command: ['sleep', 'infinity'] }] });
}

function deployment(name: string, pod: object): string {
  return Yaml.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: pod },
    },
  });
}

/** The same program in a pod of ours, or none, with a claim of that name and a cache at a port of the loopback interface. */
export function nixPod(name: string, closure: Closure, claimName: string, cachePort?: number): string {
  return Yaml.stringify(...nixManifests(name, closure, claimName, cachePort));
}

function nixManifests(name: string, closure: Closure, claimName: string, cachePort?: number): any[] {
  const chart = new Chart(new App(), 'bench');
  new NixDeployment(chart, name, {
    image: NixImage.of(IMAGES.nix),
    store: NixStore.persistent({ claimName }),
    config: {
      defaultSubstituter: false,
      substituters: [Substituter.of(`http://127.0.0.1:${cachePort ?? 1}`, closure.publicKey)],
    },
    metadata: { name },
    ...(cachePort === undefined
      ? { containers: [{ name: 'main', image: IMAGES.nix, command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'] }] }
      : { programs: [NixProgram.package(closure.program)] }),
  });
  return chart.toJson();
}
