import { Testing } from 'cdk8s';
import { NixDaemonSet, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart, withoutScriptHash } from '../support/synth';

test('with nothing given, a shell on every node with a store of its own', () => {
  const chart = testChart();
  const daemonSet = new NixDaemonSet(chart, 'agent');
  expect(chart).toBeValidKubernetes();
  expect(chart).toBeRestricted();
  const pod = podSpec(chart, 'DaemonSet');
  expect(pod.volumes).toContainEqual({ name: 'nix-store', emptyDir: {} });
  expect(pod.containers.map((container: any) => container.name)).toEqual(['workspace']);
  expect(pod.initContainers.map((container: any) => container.name)).toEqual(['seed-nix-store']);
  expect(Testing.synth(chart).map((m: any) => m.kind).sort()).toEqual(['ConfigMap', 'ConfigMap', 'DaemonSet']);
  expect(daemonSet.environment.claim).toBeUndefined();
  expect(withoutScriptHash(only(Testing.synth(chart), 'DaemonSet').spec)).toMatchSnapshot();
});

test('a container of its own, added later, asks for little and gets Nix', () => {
  const chart = testChart();
  new NixDaemonSet(chart, 'agent', { store: NixStore.ephemeral() }).addContainer({ name: 'agent', image: 'example/agent:1' });
  const [container, ...others] = podSpec(chart, 'DaemonSet').containers;
  expect(others).toEqual([]);
  expect(container.resources.requests.cpu).toBe('100m');
  expect(mountAt(container, '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
});
