import { Chart, Cron, Duration, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  HomeManager, HomeManagerProfile, NixCronJob, NixDaemonSet, NixDeployment, NixDeploymentProps, NixEnvironment, NixJob, NixStatefulSet,
  NixStorePrefetch,
} from '../../src';
import { only, podSpec, testChart } from '../support/synth';

/** As a Guaranteed pod needs them. */
const ONE_FOR_ALL: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.units(1), limit: kplus.Cpu.units(1) },
  memory: { request: Size.gibibytes(1), limit: Size.gibibytes(1) },
};
const RENDERED = { requests: { cpu: '1', memory: '1024Mi' }, limits: { cpu: '1', memory: '1024Mi' } };

/** Everything that can bring an init container. */
function workspace(props: NixDeploymentProps = {}): { [name: string]: any } {
  const chart = testChart();
  const secret = (name: string) => ({ secret: kplus.Secret.fromSecretName(chart, name, name), key: 'netrc' });
  const { environment } = new NixDeployment(chart, 'workspace', {
    homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL), config: { netrc: secret('first'), extraNetrcs: [secret('second')] }, ...props,
  });
  environment.collectGarbage();
  environment.prefetch({ packages: ['nixpkgs#hello'] });
  const { initContainers, containers } = podSpec(chart);
  return Object.fromEntries([...initContainers, ...containers].map((container: any) => [container.name, container.resources]));
}

const OURS = ['seed-nix-store', 'merge-netrc', 'activate-home', 'collect-garbage', 'prefetch-store', 'workspace'];

test('each container of ours has requests and a memory limit by itself', () => {
  const resources = workspace();
  expect(Object.keys(resources)).toEqual(OURS);
  for (const { requests, limits } of Object.values(resources)) {
    expect(requests).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
    expect(limits).toEqual({ memory: expect.any(String) });
  }
});

test('one prop makes the whole pod Guaranteed', () => {
  const resources = workspace({ containerResources: ONE_FOR_ALL });
  expect(resources).toEqual(Object.fromEntries(OURS.map(name => [name, RENDERED])));
});

test('what a task is given itself goes before', () => {
  const own = { cpu: { limit: kplus.Cpu.units(2) } };
  const resources = workspace({ containerResources: ONE_FOR_ALL, seed: { resources: own } });
  expect(resources['seed-nix-store']).toEqual({ limits: { cpu: '2' } });
  expect(resources['activate-home']).toEqual(RENDERED);
});

test('containers of the workload have their own', () => {
  const resources = workspace({ containerResources: ONE_FOR_ALL, containers: [{ name: 'app', image: 'example/app:1' }] });
  expect(resources.app).toEqual({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2048Mi' } });
});

test.each<[string, (chart: Chart) => unknown]>([
  ['StatefulSet', chart => new NixStatefulSet(chart, 'w', { containerResources: ONE_FOR_ALL })],
  ['DaemonSet', chart => new NixDaemonSet(chart, 'w', { containerResources: ONE_FOR_ALL })],
  ['Job', chart => new NixJob(chart, 'w', { containerResources: ONE_FOR_ALL, containers: [{ image: 'example/app:1', resources: ONE_FOR_ALL }] })],
  ['CronJob', chart => new NixCronJob(chart, 'w', {
    containerResources: ONE_FOR_ALL, schedule: Cron.daily(), containers: [{ image: 'example/app:1', resources: ONE_FOR_ALL }],
  })],
])('so is the pod of a %s', (kind, build) => {
  const chart = testChart();
  build(chart);
  const { initContainers, containers } = podSpec(chart, kind);
  [...initContainers, ...containers].forEach((container: any) => expect(container.resources).toEqual(RENDERED));
});

test('a Job that cares for the store has them too, unless it has its own', () => {
  const chart = testChart();
  const environment = new NixEnvironment(chart, 'nix', { containerResources: ONE_FOR_ALL });
  new NixStorePrefetch(chart, 'tools', { environment, packages: ['nixpkgs#hello'] });
  podSpec(chart, 'Job').containers.forEach((container: any) => expect(container.resources).toEqual(RENDERED));

  const other = testChart();
  new NixStorePrefetch(other, 'tools', {
    environment: new NixEnvironment(other, 'nix', { containerResources: ONE_FOR_ALL }),
    packages: ['nixpkgs#hello'],
    deadline: Duration.minutes(1),
    resources: { cpu: { limit: kplus.Cpu.units(3) } },
  });
  expect(only(Testing.synth(other), 'Job').spec.template.spec.containers[0].resources).toEqual({ limits: { cpu: '3' } });
});
