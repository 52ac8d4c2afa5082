import { ApiObject, Chart, Cron, JsonPatch, Testing } from 'cdk8s';
import { NixCronJob, NixDeployment, NixEnvironment, NixStatefulSet, NixStore } from '../src';
import { only, podSpec, testChart } from './support/synth';

/** The paths of all API objects below a chart. */
function paths(chart: Chart): string[] {
  return chart.node.findAll().filter(ApiObject.isApiObject).map(object => object.node.path).sort();
}

describe('every object is reached by a path, which is contract', () => {
  test('of a Deployment', () => {
    const chart = testChart();
    const deployment = new NixDeployment(chart, 'workspace');
    expect(paths(chart)).toEqual([
      'test/nix-scripts/Resource',
      'test/workspace/Nix/Config/Resource',
      'test/workspace/Nix/Store/Resource',
      'test/workspace/Resource',
    ]);
    expect(ApiObject.of(deployment).kind).toBe('Deployment');
    expect(deployment.environment.config.apiObject.kind).toBe('ConfigMap');
    expect(ApiObject.of(deployment.environment.claim!).kind).toBe('PersistentVolumeClaim');
    expect(ApiObject.of(chart.node.findChild('nix-scripts')).kind).toBe('ConfigMap');
  });

  test('of a StatefulSet', () => {
    const chart = testChart();
    const statefulSet = new NixStatefulSet(chart, 'workspace');
    expect(paths(chart)).toEqual([
      'test/nix-scripts/Resource',
      'test/workspace-service/Resource',
      'test/workspace/Nix/Config/Resource',
      'test/workspace/Resource',
    ]);
    expect(ApiObject.of(statefulSet.service).kind).toBe('Service');
  });
});

describe('JSON patches', () => {
  test('of the resources of an init container, with plain quantities', () => {
    const chart = testChart();
    const deployment = new NixDeployment(chart, 'workspace');
    ApiObject.of(deployment).addJsonPatch(
      JsonPatch.replace('/spec/template/spec/initContainers/0/resources', { requests: { cpu: '1' }, limits: { memory: '1Gi' } }),
      JsonPatch.add('/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu', '1'),
    );
    const pod = podSpec(chart);
    expect(pod.initContainers[0].resources).toEqual({ requests: { cpu: '1' }, limits: { memory: '1Gi' } });
    expect(pod.containers[0].resources.limits).toEqual({ 'memory': '2048Mi', 'nvidia.com/gpu': '1' });
    expect(chart).toBeValidKubernetes();
  });

  test('of the claim', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace');
    ApiObject.of(environment.claim!).addJsonPatch(
      JsonPatch.replace('/spec/resources/requests/storage', '2500Mi'),
      JsonPatch.add('/spec/volumeAttributesClassName', 'gold'),
    );
    expect(only(Testing.synth(chart), 'PersistentVolumeClaim').spec)
      .toMatchObject({ resources: { requests: { storage: '2500Mi' } }, volumeAttributesClassName: 'gold' });
    expect(chart).toBeValidKubernetes();
  });

  test('of nix.conf', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace');
    environment.config.apiObject.addJsonPatch(JsonPatch.replace('/data/nix.conf', 'sandbox = false\n'));
    expect(Testing.synth(chart).find((m: any) => m.data?.['nix.conf']).data['nix.conf']).toBe('sandbox = false\n');
  });

  test('of a claim template', () => {
    const chart = testChart();
    ApiObject.of(new NixStatefulSet(chart, 'workspace')).addJsonPatch(
      JsonPatch.replace('/spec/volumeClaimTemplates/0/spec/resources/requests/storage', '7Gi'),
    );
    expect(only(Testing.synth(chart), 'StatefulSet').spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe('7Gi');
    expect(chart).toBeValidKubernetes();
  });

  test('of fields that are newer than cdk8s-plus-28, deep in a CronJob', () => {
    const chart = testChart();
    const cronJob = new NixCronJob(chart, 'nightly', { schedule: Cron.daily(), containers: [{ image: 'example/app:1' }] });
    ApiObject.of(cronJob).addJsonPatch(
      JsonPatch.add('/spec/jobTemplate/spec/template/spec/resources', { limits: { memory: '4Gi' } }),
      JsonPatch.add('/spec/jobTemplate/spec/template/spec/securityContext/supplementalGroupsPolicy', 'Strict'),
    );
    const pod = podSpec(chart, 'CronJob');
    expect(pod.resources).toEqual({ limits: { memory: '4Gi' } });
    expect(pod.securityContext).toMatchObject({ supplementalGroupsPolicy: 'Strict', runAsUser: 1001 });
    expect(chart).toBeValidKubernetes();
  });

  test('that remove something stay in force', () => {
    const chart = testChart();
    ApiObject.of(new NixDeployment(chart, 'workspace')).addJsonPatch(JsonPatch.remove('/spec/template/spec/terminationGracePeriodSeconds'));
    expect(podSpec(chart)).not.toHaveProperty('terminationGracePeriodSeconds');
  });
});

test('what kplus spells in its own way is converted once', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { dns: { hostnameAsFQDN: true }, hostAliases: [{ ip: '10.0.0.1', hostnames: ['db'] }] });
  const pod = podSpec(chart);
  expect(Object.keys(pod).filter(field => /fqdn/i.test(field))).toEqual(['setHostnameAsFQDN']);
  expect(pod.hostAliases).toEqual([{ ip: '10.0.0.1', hostnames: ['db'] }]);
});

test('an environment without a claim of its own has none to patch', () => {
  const chart = testChart();
  expect(new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).claim).toBeUndefined();
});
