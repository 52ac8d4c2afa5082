import { Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixClaimRetention, NixEnvironment, NixStatefulSet, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart, variable, withoutScriptHash } from '../support/synth';

describe('with nothing given', () => {
  const chart = testChart();
  const statefulSet = new NixStatefulSet(chart, 'workspace');
  const manifests = Testing.synth(chart);
  const { spec } = only(manifests, 'StatefulSet');
  const pod = spec.template.spec;

  test('is valid and restricted', () => {
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    expect(withoutScriptHash(spec)).toMatchSnapshot();
  });

  test('each replica has a claim of its own, which stays', () => {
    expect(spec.volumeClaimTemplates).toEqual([{
      metadata: { name: 'nix-store' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } }, volumeMode: 'Filesystem' },
    }]);
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    expect(pod.volumes.map((volume: any) => volume.name)).not.toContain('nix-store');
    expect(manifests.map((m: any) => m.kind)).not.toContain('PersistentVolumeClaim');
    expect(statefulSet.environment.claim).toBeUndefined();
  });

  test('the store of the claim is seeded and mounted, and the home lives on it', () => {
    expect(pod.initContainers.map((container: any) => container.name)).toEqual(['seed-nix-store']);
    expect(mountAt(pod.initContainers[0], '/mnt/nix-volume')).toEqual({ name: 'nix-store', mountPath: '/mnt/nix-volume' });
    expect(mountAt(pod.containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
    expect(mountAt(pod.containers[0], '/home/code')).toEqual({ name: 'nix-store', mountPath: '/home/code', subPath: 'home' });
  });

  test('a headless Service without ports gives the pods their names', () => {
    const service = only(manifests, 'Service');
    expect(service.metadata.name).toBe('test-workspace-service-c826badf');
    expect(service.spec).toEqual({ clusterIP: 'None', type: 'ClusterIP', selector: spec.selector.matchLabels });
    expect(spec.serviceName).toBe(service.metadata.name);
    expect(statefulSet.service.name).toBe(service.metadata.name);
  });

  test('it stays up as a workspace', () => {
    expect(pod.containers.map((container: any) => container.name)).toEqual(['workspace']);
    expect(variable(pod.containers[0], 'HOME')).toBe('/home/code');
  });
});

test('several replicas roll one by one, each with its claim', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'workspace', {
    replicas: 3,
    store: NixStore.perReplica({
      size: Size.gibibytes(50),
      storageClassName: 'fast',
      labels: { team: 'platform' },
      annotations: { 'example.org/owner': 'ann' },
      whenDeleted: NixClaimRetention.DELETE,
      whenScaled: NixClaimRetention.DELETE,
    }),
  });
  const { spec } = only(Testing.synth(chart), 'StatefulSet');
  expect(spec.replicas).toBe(3);
  expect(spec.updateStrategy.type).toBe('RollingUpdate');
  expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Delete', whenScaled: 'Delete' });
  expect(spec.volumeClaimTemplates[0].metadata).toEqual({
    name: 'nix-store', labels: { team: 'platform' }, annotations: { 'example.org/owner': 'ann' },
  });
  expect(spec.volumeClaimTemplates[0].spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '50Gi' } } });
  expect(chart).toBeValidKubernetes();
});

test('an autoscaler may add replicas', () => {
  const chart = testChart();
  const target = new NixStatefulSet(chart, 'workspace', { containers: [{ image: 'example/app:1' }] });
  new kplus.HorizontalPodAutoscaler(chart, 'autoscaler', { target, maxReplicas: 5 });
  const manifests = Testing.synth(chart);
  expect(only(manifests, 'StatefulSet').spec.replicas).toBeUndefined();
  expect(only(manifests, 'HorizontalPodAutoscaler').spec.scaleTargetRef.name).toBe(only(manifests, 'StatefulSet').metadata.name);
  expect(chart).toBeValidKubernetes();
});

test('ports of the containers make the Service, as in kplus', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'db', { containers: [{ image: 'example/db:1', portNumber: 5432 }] });
  expect(only(Testing.synth(chart), 'Service').spec.ports).toEqual([{ port: 5432, targetPort: 5432 }]);
  expect(chart).toBeValidKubernetes();
});

test('a Service without ports can get some later', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'workspace').service.bind(8080);
  expect(only(Testing.synth(chart), 'Service').spec.ports).toEqual([{ port: 8080 }]);
});

test('a given Service is used', () => {
  const chart = testChart();
  const service = new kplus.Service(chart, 'own', { ports: [{ port: 80 }], clusterIP: 'None' });
  new NixStatefulSet(chart, 'workspace', { service });
  expect(only(Testing.synth(chart), 'Service').metadata.name).toBe(service.name);
});

test('one replica on a claim of its own is possible too', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'workspace', { store: NixStore.persistent() });
  const manifests = Testing.synth(chart);
  expect(only(manifests, 'StatefulSet').spec.volumeClaimTemplates).toBeUndefined();
  expect(podSpec(chart, 'StatefulSet').volumes).toContainEqual({
    name: 'nix-store', persistentVolumeClaim: { claimName: only(manifests, 'PersistentVolumeClaim').metadata.name },
  });
});

test('enabling a plain kplus.StatefulSet gives it the claim template', () => {
  const chart = testChart();
  const plain = new kplus.StatefulSet(chart, 'plain', { containers: [{ image: 'example/db:1', portNumber: 5432 }] });
  new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() }).enable(plain);
  expect(only(Testing.synth(chart), 'StatefulSet').spec.volumeClaimTemplates[0].metadata.name).toBe('nix-store');
  expect(chart).toBeValidKubernetes();
  expect(chart).toBeRestricted();
});

test('containers added later ask for little and get Nix', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'workspace').addContainer({ name: 'late', image: 'example/app:1' });
  const [container, ...others] = podSpec(chart, 'StatefulSet').containers;
  expect(others).toEqual([]);
  expect(container.resources.requests).toEqual({ cpu: '100m', memory: '256Mi' });
  expect(mountAt(container, '/nix')).toBeDefined();
});
