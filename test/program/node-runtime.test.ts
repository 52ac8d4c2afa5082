import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { ApiObject, Chart, Include, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  HomeManager, HomeManagerProfile, NixBinaryCache, NixDeployment, NixDeploymentProps, NixEnvironment, NixGarbageCollection, NixHome, NixImage,
  NixProgram, NixProgramPrefetch, NixRuntimeClass, NixStore, NixStorePrefetch, NixStoreVerification,
} from '../../src';
import { only, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';

const FLAKE = NixProgram.flake('github:owner/echo/v1.2.3', { portNumber: 8080, args: ['--all'] });
const IMAGE = '/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-nix-image-redis.tar';
const CONTAINIX = NixStore.runtimeClass(NixRuntimeClass.containix());
const SNAPSHOTTER = NixStore.runtimeClass(NixRuntimeClass.nixSnapshotter());
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
  const { spec } = pod({ store: SNAPSHOTTER, programs: [NixProgram.package(IMAGE)] });
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
  ['a home configuration', () => ({ store: CONTAINIX, programs: [FLAKE], homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) }), 'CDK8SNIX0608 homeManager', 'The runtime of the node brings the programs'],
  ['an image that is ignored', () => ({ store: CONTAINIX, programs: [NixProgram.flake('github:owner/echo/v1.2.3', { image: 'example/debian:13' })] }), 'CDK8SNIX1206 programs[main].image: got "example/debian:13"', 'ignores images'],
  ['an image in the place of the program', () => ({ store: SNAPSHOTTER, programs: [NixProgram.package(IMAGE, { image: 'example/redis:7' })] }), 'CDK8SNIX1206 programs[main].image: got "example/redis:7"', 'Leave it out'],
  ['a derivation for an image', () => ({ store: SNAPSHOTTER, programs: [NixProgram.package(`${IMAGE}.drv`)] }), 'CDK8SNIX1201', 'no store path of an image'],
  ['settings', () => ({ store: CONTAINIX, programs: [FLAKE], config: { maxJobs: 2 } }), 'CDK8SNIX1206', 'config: got {"maxJobs":2}. The runtime'],
  ['a seed image', () => ({ store: CONTAINIX, programs: [FLAKE], image: NixImage.of('example/nix:1') }), 'CDK8SNIX1206', 'image: got "example/nix:1". The runtime'],
  ['a home on the store', () => ({ store: CONTAINIX, programs: [FLAKE], home: NixHome.onStoreVolume() }), 'CDK8SNIX1206 home: got "onStoreVolume"', 'make a home'],
  ['two flakes in one pod', () => ({ store: CONTAINIX, programs: [FLAKE, NixProgram.flake('github:owner/b/v1.2.0', { name: 'b' })] }), 'CDK8SNIX1206', 'an environment and a workload for each'],
  ['a flake where commands run', () => ({ store: FLOX, programs: [FLAKE] }), 'CDK8SNIX1206', 'Use NixProgram.command(…)'],
  ['a command where flakes run', () => ({ store: CONTAINIX, programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1206', 'Use NixProgram.flake(…)'],
  ['a command of nothing', () => ({ store: FLOX, programs: [NixProgram.command([])] }), 'CDK8SNIX1201', 'Name a program'],
  ['a command where nothing brings it', () => ({ programs: [NixProgram.command(['x'])] }), 'CDK8SNIX1206', 'Use NixProgram.flake(…)'],
  ['a program as an image', () => ({ store: SNAPSHOTTER, programs: [NixProgram.package(`${IMAGE}/bin/x`)] }), 'CDK8SNIX1201', 'buildImage'],
  ['beside a flake, a container of an image that the runtime ignores', () => ({ store: CONTAINIX, programs: [FLAKE], containers: [{ name: 'cache', image: 'example/redis:7' }] }), 'CDK8SNIX1206 containers[cache].image: got "example/redis:7"', 'would run the flake of the pod'],
  ['a flake where images run', () => ({ store: SNAPSHOTTER, programs: [FLAKE] }), 'CDK8SNIX1206', 'Use NixProgram.package(…)'],
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
  ['a snapshotter pulls other images, too', SNAPSHOTTER, NixProgram.package(IMAGE)],
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

/** A pod that an environment is enabled for, with the container of its program. */
function enabledPod(chart: Chart, store: NixStore, program: NixProgram, spec: object, metadata: object = {}, image?: string): ApiObject {
  const environment = new NixEnvironment(chart, 'nix', { store });
  const { name, image: own, command } = environment.containerFor(program);
  const workload = new ApiObject(chart, 'pod', {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', ...metadata }, spec: { ...spec, containers: [{ name, image: image ?? own, command }] },
  } as any);
  environment.enable(workload);
  return workload;
}

const RUNTIMES: Array<[string, NixStore, NixProgram, string | undefined, string | undefined]> = [
  ['containix', CONTAINIX, FLAKE, 'containix', 'containix.dev/flake'],
  ['Flox', FLOX, NixProgram.command(['echoip']), 'flox', 'flox.dev/environment'],
  ['nix-snapshotter', SNAPSHOTTER, NixProgram.package(IMAGE), undefined, undefined],
];

describe.each(RUNTIMES)('what %s finds the program by', (_, store, program, ours, annotation) => {
  test('is told with the same words, or with nothing', () => {
    const chart = testChart();
    enabledPod(chart, store, program, { runtimeClassName: ours ?? null });
    expect(only(Testing.synth(chart), 'Pod').spec.runtimeClassName ?? undefined).toBe(ours);
    const empty = testChart();
    enabledPod(empty, store, program, { runtimeClassName: null });
    expect(only(Testing.synth(empty), 'Pod').spec.runtimeClassName ?? undefined).toBe(ours);
  });

  if (ours === undefined) {
    test('is the image, and any class of runtimes will do', () => {
      const chart = testChart();
      enabledPod(chart, store, program, { runtimeClassName: 'kata' });
      expect(only(Testing.synth(chart), 'Pod').spec.runtimeClassName).toBe('kata');
      const message = synthError(other => enabledPod(other, store, program, {}, {}, 'example/redis:7'));
      expect(message).toContain('CDK8SNIX1206 containers[main].image: got "example/redis:7".');
      expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
      expect(synthError(other => enabledPod(other, store, program, {}).addJsonPatch(JsonPatch.replace('/spec/containers/0/image', 'example/redis:7'))))
        .toContain('CDK8SNIX1206 containers[main].image: got "example/redis:7".');
    });
    return;
  }

  const path = `/metadata/annotations/${annotation!.replace('/', '~1')}`;
  test.each<[string, (chart: Chart) => void, string]>([
    ['another class', chart => enabledPod(chart, store, program, { runtimeClassName: 'kata' }), 'runtimeClassName: got "kata"'],
    ['another class beside a patch', chart => enabledPod(chart, store, program, { runtimeClassName: 'kata' }).addJsonPatch(JsonPatch.add('/spec/priority', 1)), 'runtimeClassName: got "kata"'],
    ['another class by a patch', chart => enabledPod(chart, store, program, {}).addJsonPatch(JsonPatch.add('/spec/runtimeClassName', 'kata')), 'runtimeClassName: got "kata"'],
    ['no class by a patch', chart => enabledPod(chart, store, program, {}).addJsonPatch(JsonPatch.remove('/spec/runtimeClassName')), 'runtimeClassName: got nothing'],
    ['another annotation', chart => enabledPod(chart, store, program, {}, { annotations: { [annotation!]: 'x/y' } }), `podMetadata.annotations[${annotation}]: got "x/y"`],
    ['another annotation beside a patch', chart => enabledPod(chart, store, program, {}, { annotations: { [annotation!]: 'x/y' } }).addJsonPatch(JsonPatch.add('/spec/priority', 1)), `podMetadata.annotations[${annotation}]: got "x/y"`],
    ['another annotation by a patch', chart => enabledPod(chart, store, program, {}).addJsonPatch(JsonPatch.replace(path, 'x/y')), `podMetadata.annotations[${annotation}]: got "x/y"`],
    ['no annotation by a patch', chart => enabledPod(chart, store, program, {}).addJsonPatch(JsonPatch.remove(path)), `podMetadata.annotations[${annotation}]: got nothing`],
  ])('is not replaced by %s', (__, build, words) => {
    const message = synthError(build);
    expect(message).toContain(`CDK8SNIX1206 ${words}.`);
    expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
  });

  test('is put back where a patch sets all annotations anew', () => {
    const chart = testChart();
    enabledPod(chart, store, program, {}).addJsonPatch(JsonPatch.replace('/metadata/annotations', { a: 'b' }));
    expect(Object.keys(only(Testing.synth(chart), 'Pod').metadata.annotations).sort()).toEqual(['a', annotation].sort());
  });
});

test('a file that names another class is refused, too', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'cdk8s-nix-')), 'pod.yaml');
  const message = synthError(chart => {
    const environment = new NixEnvironment(chart, 'nix', { store: CONTAINIX });
    const { name, image } = environment.containerFor(FLAKE);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod' }, spec: { runtimeClassName: 'kata', containers: [{ name, image }] } }));
    environment.enable(new Include(chart, 'file', { url: file }));
  });
  expect(message).toContain('CDK8SNIX1206 runtimeClassName: got "kata".');
});

test('two workloads of one environment run the same flake, and no two', () => {
  const build = (chart: Chart, references: string[]) => {
    const environment = new NixEnvironment(chart, 'nix', { store: CONTAINIX });
    references.forEach((reference, i) => {
      const workload = new kplus.Deployment(chart, `w${i}`);
      workload.addContainer(environment.containerFor(NixProgram.flake(reference, { name: `c${i}` })));
      environment.enable(workload);
    });
  };
  const chart = testChart();
  build(chart, ['github:owner/echo/v1.2.3', 'github:owner/echo/v1.2.3']);
  expect(Testing.synth(chart).filter(object => object.kind === 'Deployment').map(object => object.spec.template.metadata.annotations['containix.dev/flake']))
    .toEqual(['github:owner/echo/v1.2.3', 'github:owner/echo/v1.2.3']);
  const message = synthError(other => build(other, ['github:owner/echo/v1.2.3', 'github:owner/echo/v1.2.4']));
  expect(message).toContain('CDK8SNIX1206 programs[c1]: got "github:owner/echo/v1.2.4".');
  expect(message).toContain('Use an environment and a workload for each.');
});

test.each<[string, (chart: Chart, environment: NixEnvironment) => void]>([
  ['a collector', (chart, environment) => new NixGarbageCollection(chart, 'care', { environment })],
  ['a verification', (chart, environment) => new NixStoreVerification(chart, 'care', { environment })],
  ['a prefetch in a Job', (chart, environment) => new NixStorePrefetch(chart, 'care', { environment, packages: ['github:owner/echo/v1.2.3#x'] })],
])('%s is refused for what it is alone', (_, ask) => {
  for (const store of [CONTAINIX, NixStore.csi({ driver: 'nix.csi.example.org' })]) {
    const message = synthError(chart => {
      const environment = new NixEnvironment(chart, 'nix', { store });
      environment.enable(new kplus.Deployment(chart, 'app', { containers: [store === CONTAINIX ? environment.containerFor(FLAKE) : { image: 'example/app:1' }] }));
      ask(chart, environment);
    });
    expect(message).toContain('CDK8SNIX0703 environment.store');
    expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
  }
});

test('options that are none are shown', () => {
  expect(() => (NixProgram.flake as any)('github:owner/echo/v1.2.3', 'server')).toThrow('CDK8SNIX1304 NixProgram.flake().options: got "server".');
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
