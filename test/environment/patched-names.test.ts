import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { GitOps, NixDeployment, NixEnvironment, NixGarbageCollection } from '../../src';
import { testChart } from '../support/synth';

const LABELS = { app: 'theirs' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
const object = (kind: string, name: string, spec: any, apiVersion = 'apps/v1'): any => ({ apiVersion, kind, metadata: { name }, spec });
const deployment = (name = 'theirs'): any => object('Deployment', name, { selector: { matchLabels: LABELS }, template: TEMPLATE });
const hpa = (name: string): any => object('HorizontalPodAutoscaler', 'scaler', { scaleTargetRef: { kind: 'Deployment', name }, maxReplicas: 3 }, 'autoscaling/v2');
const scaledObject = (name: string): any => object('ScaledObject', 'scaler', { scaleTargetRef: { name } }, 'keda.sh/v1alpha1');
const rollout = (name: string): any => object('Rollout', 'rollout', { replicas: 3, workloadRef: { kind: 'Deployment', name }, strategy: { canary: { maxSurge: 0 } } }, 'argoproj.io/v1alpha1');

const renamed = (name: string, prefix = ''): JsonPatch => JsonPatch.replace(`${prefix}/metadata/name`, name);
const moved = (namespace: string): JsonPatch => JsonPatch.add('/metadata/namespace', namespace);

const refusal = (chart: Chart): string => {
  try {
    Testing.synth(chart);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

/** A workload and what starts pods of it, both patched. */
function started(
  starter: any, patches: { readonly workload?: JsonPatch[]; readonly starter?: JsonPatch[] }, workload = deployment(), chart = testChart(),
): string {
  const theirs = new ApiObject(chart, 'theirs', workload);
  new NixEnvironment(chart, 'nix').enable(theirs);
  theirs.addJsonPatch(...patches.workload ?? []);
  new ApiObject(chart, 'starter', starter).addJsonPatch(...patches.starter ?? []);
  return refusal(chart);
}

describe('a workload that a patch renames', () => {
  test.each<[string, (name: string) => any]>([['an autoscaler', hpa], ['one of KEDA', scaledObject], ['a Rollout', rollout]])('is the one that %s of that name means', (_, starter) => {
    expect(started(starter('portal'), { workload: [renamed('portal')] })).toContain('CDK8SNIX0206');
    expect(started(starter('theirs'), { workload: [renamed('portal')] })).toBe('');
  });

  test('in a List too', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [deployment('other'), deployment()] };
    expect(started(hpa('portal'), { workload: [renamed('portal', '/items/1')] }, list)).toContain('CDK8SNIX0206');
    expect(started(hpa('theirs'), { workload: [renamed('portal', '/items/1')] }, list)).toBe('');
  });

  test('also where another patch is of what is ours', () => {
    const memory = JsonPatch.replace('/spec/template/spec/initContainers/0/resources/limits/memory', '1Gi');
    expect(started(hpa('portal'), { workload: [memory, renamed('portal')] })).toContain('CDK8SNIX0206');
  });
});

test('an autoscaler may mean it by a patch of its own', () => {
  expect(started(hpa('other'), { starter: [JsonPatch.replace('/spec/scaleTargetRef/name', 'theirs')] })).toContain('CDK8SNIX0206');
  expect(started(hpa('theirs'), { starter: [JsonPatch.replace('/spec/maxReplicas', 1)] })).toBe('');
});

test('an autoscaler is of its namespace, as patches leave it', () => {
  const chart = (): Chart => new Chart(Testing.app(), 'test', { namespace: 'team' });
  expect(started(hpa('theirs'), {}, deployment(), chart())).toContain('CDK8SNIX0206');
  expect(started(hpa('theirs'), { starter: [moved('other')] }, deployment(), chart())).toBe('');
});

test('a Rollout whose patch is of what is ours is read all the same', () => {
  const chart = testChart();
  const theirs = new ApiObject(chart, 'theirs', object('Rollout', 'theirs', { selector: { matchLabels: LABELS }, template: TEMPLATE }, 'argoproj.io/v1alpha1'));
  new NixEnvironment(chart, 'nix').enable(theirs);
  theirs.addJsonPatch(JsonPatch.replace('/spec/template/spec/initContainers/0/resources/limits/memory', '1Gi'));
  expect(refusal(chart)).toBe('');
});

describe('a namespace that a patch gives', () => {
  test('to the workload alone leads away from its environment', () => {
    const chart = testChart();
    const workspace = new NixDeployment(chart, 'workspace');
    ApiObject.of(workspace).addJsonPatch(moved('team'));
    expect(refusal(chart)).toContain('[test/workspace] CDK8SNIX0505 metadata.namespace: got "team". The objects of the environment test/workspace/Nix are in the namespace of the release');
  });

  test('to the claim alone does so, too', () => {
    const chart = testChart();
    const workspace = new NixDeployment(chart, 'workspace');
    ApiObject.of(workspace.environment.claim!).addJsonPatch(moved('team'));
    expect(refusal(chart)).toContain('CDK8SNIX0505 metadata.namespace: got nothing. The objects of the environment test/workspace/Nix are in "team"');
    expect(refusal(chart)).toMatch(/Leave out the patch of the namespace of PersistentVolumeClaim\/\S+: that of the chart moves all of them\./);
  });

  test('to all objects is fine', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace');
    chart.node.findAll().filter(ApiObject.isApiObject).forEach(one => one.addJsonPatch(moved('team')));
    expect(refusal(chart)).toBe('');
  });
});

test('Argo CD finds what a pod mounts by the names and namespaces that patches give', () => {
  const waves = (mounted: string, ...patches: JsonPatch[]) => {
    const chart = testChart();
    GitOps.argoCd(chart);
    const configMap = new ApiObject(chart, 'settings', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', annotations: { 'argocd.argoproj.io/sync-wave': '1' } } });
    configMap.addJsonPatch(...patches);
    const spec = { containers: [{ name: 'main', image: 'example/app:1' }], volumes: [{ name: 'settings', configMap: { name: mounted } }] };
    new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs' }, spec });
    return refusal(chart);
  };
  expect(waves('settings')).toContain('CDK8SNIX1002');
  expect(waves('renamed', renamed('renamed'))).toContain('CDK8SNIX1002 ConfigMap renamed');
  expect(waves('settings', renamed('renamed'))).toBe('');
  expect(waves('settings', moved('other'))).toBe('');
});

describe('a claim or a ConfigMap of an environment that a patch renames', () => {
  const namesIn = (manifests: any[], kind: string): string[] => manifests.filter(one => one.kind === kind).map(({ metadata }) => metadata.name);
  const mountedBy = ({ template, jobTemplate }: any): string[] => (template ?? jobTemplate.spec.template).spec.volumes
    .flatMap((volume: any) => volume.persistentVolumeClaim?.claimName ?? volume.configMap?.name ?? []);
  const renameAll = (chart: Chart): void => chart.node.findAll().filter(ApiObject.isApiObject)
    .filter(({ kind }) => kind === 'PersistentVolumeClaim' || kind === 'ConfigMap')
    .forEach((one, i) => one.addJsonPatch(renamed(`renamed-${i}`)));

  test.each<[string, (chart: Chart) => void]>([
    ['a workload of cdk8s-plus', chart => new NixDeployment(chart, 'workspace')],
    ['an object that is patched too', chart => {
      const theirs = new ApiObject(chart, 'theirs', deployment());
      new NixEnvironment(chart, 'nix').enable(theirs);
      theirs.addJsonPatch(renamed('portal'));
    }],
    ['a List', chart => new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'List', items: [deployment()] }))],
    ['what cares for the store', chart => new NixGarbageCollection(chart, 'garbage', { environment: new NixDeployment(chart, 'workspace').environment })],
  ])('is followed by the pods of %s', (_, build) => {
    const chart = testChart();
    build(chart);
    renameAll(chart);
    for (const manifests of [Testing.synth(chart), Testing.synth(chart)]) {
      const there = [...namesIn(manifests, 'PersistentVolumeClaim'), ...namesIn(manifests, 'ConfigMap')];
      const mounted = manifests.flatMap(manifest => manifest.items ?? [manifest]).filter(({ spec }) => spec?.template ?? spec?.jobTemplate)
        .flatMap(({ spec }) => mountedBy(spec));
      expect(there.every(name => name.startsWith('renamed-'))).toBe(true);
      expect(new Set(mounted)).toEqual(new Set(there));
    }
  });

  test('and nothing else is', () => {
    const chart = testChart();
    const configMap = { name: 'settings' };
    const spec = { containers: TEMPLATE.spec.containers, volumes: [{ name: 'other', configMap }, { name: 'all', projected: { sources: [{ configMap }] } }] };
    const theirs = new ApiObject(chart, 'theirs', object('Deployment', 'theirs', { selector: { matchLabels: LABELS }, template: { ...TEMPLATE, spec } }));
    new NixEnvironment(chart, 'nix').enable(theirs);
    renameAll(chart);
    expect(Testing.synth(chart).find(({ kind }) => kind === 'Deployment').spec.template.spec.volumes).toEqual(expect.arrayContaining(spec.volumes));
  });
});
