import { ApiObject, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  HomeManager, HomeManagerProfile, NixBinaryCache, NixDeployment, NixDeploymentProps, NixEnvironment, NixHome, NixImage, NixProgram,
  NixProgramPrefetch, NixRuntimeClass, NixStore,
} from '../../src';
import { only, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';

const FLAKE = NixProgram.flake('github:owner/echo/v1.2.3', { portNumber: 8080, args: ['--all'] });
const IMAGE = '/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-nix-image-redis.tar';
const CONTAINIX = NixStore.runtimeClass(NixRuntimeClass.containix());
const FLOX = NixStore.runtimeClass(NixRuntimeClass.flox({ environment: 'flox/echoip' }));

function pod(props: NixDeploymentProps): any {
  const chart = testChart();
  new NixDeployment(chart, 'echo', props);
  const objects = Testing.synth(chart);
  expect(objects).toBeValidKubernetes();
  expect(objects).toBeRestricted();
  // Nothing is seeded, and the node has a nix.conf of its own.
  expect(objects.map(object => object.kind)).toEqual(['Deployment']);
  return only(objects, 'Deployment').spec.template;
}

test('a shim that runs a flake', () => {
  const { metadata, spec } = pod({ store: CONTAINIX, programs: [FLAKE] });
  expect(metadata.annotations).toEqual({ 'containix.dev/flake': 'github:owner/echo/v1.2.3' });
  expect(spec.runtimeClassName).toBe('containix');
  expect(spec.containers[0]).toMatchObject({ name: 'main', image: 'ghcr.io/atmask/containix-empty:0.1.0', args: ['--all'], ports: [{ containerPort: 8080 }] });
  expect(spec.containers[0].command).toBeUndefined();
  expect(spec.initContainers ?? []).toEqual([]);
  expect(spec.volumes.map((volume: any) => volume.name)).toEqual(['nix-home', 'nix-tmp']);
  expect(variable(spec.containers[0], 'HOME')).toBe('/home/code');
  expect(variable(spec.containers[0], 'PATH')).toBeUndefined();
});

test('a shim that runs commands in an environment', () => {
  const { metadata, spec } = pod({ store: FLOX, programs: [NixProgram.command(['echoip', '-p', '80'])] });
  expect(metadata.annotations).toEqual({ 'flox.dev/environment': 'flox/echoip' });
  expect(spec.runtimeClassName).toBe('flox');
  expect(spec.containers[0]).toMatchObject({ image: 'docker.io/flox/empty:1.0.0', command: ['echoip', '-p', '80'] });
});

test('a snapshotter, for which an image is a store path', () => {
  const { spec } = pod({ store: NixStore.runtimeClass(NixRuntimeClass.nixSnapshotter()), programs: [NixProgram.package(IMAGE)] });
  expect(spec.runtimeClassName).toBeUndefined();
  expect(spec.containers[0].image).toBe(`nix:0${IMAGE}`);
});

test('any other shim, and any workload', () => {
  const chart = testChart();
  const environment = new NixEnvironment(chart, 'nix', {
    store: NixStore.runtimeClass(NixRuntimeClass.of({ name: 'theirs', image: 'example/empty:1', annotations: { 'shim.example.org/what': 'echo' } })),
  });
  const job = new kplus.Job(chart, 'job');
  job.addContainer(environment.containerFor(NixProgram.command(['echo'])));
  environment.enable(job);
  const { metadata, spec } = only(Testing.synth(chart), 'Job').spec.template;
  expect(metadata.annotations).toEqual({ 'shim.example.org/what': 'echo' });
  expect(spec.runtimeClassName).toBe('theirs');
  expect(spec.containers[0].image).toBe('example/empty:1');
});

test.each<[string, () => NixDeploymentProps, string, string]>([
  ['a workspace', () => ({ store: CONTAINIX }), 'CDK8SNIX1206', 'Give the workload a program'],
  ['a home configuration', () => ({ store: CONTAINIX, programs: [FLAKE], homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) }), 'CDK8SNIX0608', 'homeManager'],
  ['settings', () => ({ store: CONTAINIX, programs: [FLAKE], config: { maxJobs: 2 } }), 'CDK8SNIX1206', 'config: got'],
  ['a seed image', () => ({ store: CONTAINIX, programs: [FLAKE], image: NixImage.of('example/nix:1') }), 'CDK8SNIX1206', 'image: got'],
  ['a home on the store', () => ({ store: CONTAINIX, programs: [FLAKE], home: NixHome.onStoreVolume() }), 'CDK8SNIX1206 home: got', 'make a home'],
  ['two flakes in one pod', () => ({ store: CONTAINIX, programs: [FLAKE, NixProgram.flake('github:owner/b/v1.2.0', { name: 'b' })] }), 'CDK8SNIX1206', 'one flake in a pod'],
  ['a flake where commands run', () => ({ store: FLOX, programs: [FLAKE] }), 'CDK8SNIX1206', 'Use NixProgram.command(…)'],
  ['a command where flakes run', () => ({ store: CONTAINIX, programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1206', 'Use NixProgram.flake(…)'],
  ['a command of nothing', () => ({ store: FLOX, programs: [NixProgram.command([])] }), 'CDK8SNIX1201', 'Name a program'],
  ['a command where nothing brings it', () => ({ programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1206', 'Use NixProgram.flake(…)'],
  ['a program as an image', () => ({ store: NixStore.runtimeClass(NixRuntimeClass.nixSnapshotter()), programs: [NixProgram.package(`${IMAGE}/bin/x`)] }), 'CDK8SNIX1201', 'buildImage'],
  ['beside a flake, a container of an image that the runtime ignores', () => ({ store: CONTAINIX, programs: [FLAKE], containers: [{ name: 'cache', image: 'example/redis:7' }] }), 'CDK8SNIX1206 containers[cache].image: got "example/redis:7"', 'would run the flake of the pod'],
  ['a flake where images run', () => ({ store: NixStore.runtimeClass(NixRuntimeClass.nixSnapshotter()), programs: [FLAKE] }), 'CDK8SNIX1206', 'Use NixProgram.package(…)'],
  ['a flake that moves', () => ({ store: CONTAINIX, programs: [NixProgram.flake('github:owner/echo')] }), 'CDK8SNIX1203', 'neither a revision nor a tag'],
  ['no environment', () => ({ store: NixStore.runtimeClass(NixRuntimeClass.flox({ environment: 'echoip' })), programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1207', 'owner/echo'],
  ['no options', () => ({ store: NixStore.runtimeClass((NixRuntimeClass.flox as any)()), programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1207', 'props such as environment'],
  ['no name', () => ({ store: NixStore.runtimeClass(NixRuntimeClass.of({ image: 'x:1' } as any)), programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1207', 'NixRuntimeClass.of().name: got nothing'],
  ['no image', () => ({ store: NixStore.runtimeClass(NixRuntimeClass.of({ name: 'x' } as any)), programs: [NixProgram.command(['x'])] }), 'CDK8SNIX0101', 'NixRuntimeClass.of().image: got nothing'],
  ['a name that is none', () => ({ store: NixStore.runtimeClass(NixRuntimeClass.of({ name: 'A_B', image: 'x:1' })), programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1207', 'kubectl get runtimeclass'],
])('%s is refused', (_, props, code, words) => {
  const message = synthError(chart => new NixDeployment(chart, 'echo', props()));
  expect(message).toContain(code);
  expect(message).toContain(words);
  // Nothing that is wrong only because this is.
  expect([...new Set(message.match(/CDK8SNIX\d+/g))]).toEqual([code.split(' ')[0]]);
});

test.each<[string, NixStore, NixProgram]>([
  ['an environment is on top of any image', FLOX, NixProgram.command(['echoip'])],
  ['a snapshotter pulls other images, too', NixStore.runtimeClass(NixRuntimeClass.nixSnapshotter()), NixProgram.package(IMAGE)],
])('beside a program there may be a container of an image, where %s', (_, store, program) => {
  const { spec } = pod({ store, programs: [program], containers: [{ name: 'cache', image: 'example/redis:7' }] });
  expect(spec.containers.map((container: any) => container.image)).toContain('example/redis:7');
});

test('a container of a program in a workload that is not enabled is refused, and one whose pod names the runtime class is not', () => {
  const build = (runtimeClassName?: string) => synthError(chart => {
    const environment = new NixEnvironment(chart, 'nix', { store: CONTAINIX });
    const enabled = new kplus.Deployment(chart, 'one');
    enabled.addContainer(environment.containerFor(FLAKE));
    environment.enable(enabled);
    const { name, image } = environment.containerFor(FLAKE);
    new ApiObject(chart, 'other', { apiVersion: 'v1', kind: 'Pod', spec: { runtimeClassName, containers: [{ name, image }] } } as any);
  });
  expect(build()).toContain('CDK8SNIX1208 containers: got "main".');
  expect(() => build('containix')).toThrow('synth accepted it');
});

test.each<[string, (environment: NixEnvironment) => void]>([
  ['a prefetch', environment => environment.prefetch({ packages: ['github:owner/echo/v1.2#x'] })],
  ['a collection', environment => environment.collectGarbage()],
])('%s is refused', (_, ask) => {
  expect(synthError(chart => ask(new NixDeployment(chart, 'echo', { store: CONTAINIX, programs: [FLAKE] }).environment)))
    .toContain('CDK8SNIX0703 environment.store: got "runtimeClass". The store belongs to the node');
});

test('there is nothing to bring ahead', () => {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'echo', { store: CONTAINIX, programs: [FLAKE] });
  expect(() => new NixProgramPrefetch(chart, 'ahead', { environment })).toThrow('CDK8SNIX1205 test/ahead: the runtime of the node brings the programs of test/echo/Nix. Leave this out.');
  expect(synthError(other => {
    const workload = new NixDeployment(other, 'echo', { store: CONTAINIX, programs: [FLAKE] });
    workload.environment.useBinaryCache(new NixBinaryCache(other, 'cache'));
  })).toContain('CDK8SNIX1206 useBinaryCache');
});
