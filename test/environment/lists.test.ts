import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { NixEnvironment, NixEnvironmentProps, NixStore, PodSecurity } from '../../src';
import { explain } from '../../src/explain/explain';
import { only, testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'theirs' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
const SPEC = { selector: { matchLabels: LABELS }, template: TEMPLATE };

/** Items as servers list them: the kind of the list is that of each. */
const typedList = (kind: string, ...items: any[]): any => ({ apiVersion: 'apps/v1', kind: `${kind}List`, items });
const named = (name: string, spec: any = SPEC): any => ({ metadata: { name }, spec });

const enabled = (chart: Chart, manifest: any, props?: NixEnvironmentProps): ApiObject => {
  const list = new ApiObject(chart, 'theirs', manifest);
  new NixEnvironment(chart, 'nix', props).enable(list);
  return list;
};

describe('a list whose items do not say their kind', () => {
  test('gives Nix to its items, which are of the kind that the list is of', () => {
    const chart = testChart();
    enabled(chart, typedList('Deployment', named('a'), named('b')));
    const { items } = only(Testing.synth(chart), 'DeploymentList');
    expect(items.map(({ kind, apiVersion, metadata, spec }: any) =>
      [kind, apiVersion, metadata.name, spec.strategy.type, spec.template.spec.initContainers[0].name]))
      .toEqual([['Deployment', 'apps/v1', 'a', 'Recreate', 'seed-nix-store'], ['Deployment', 'apps/v1', 'b', 'Recreate', 'seed-nix-store']]);
  });

  test('leaves those that were not selected as they are', () => {
    const chart = testChart();
    const list = new ApiObject(chart, 'theirs', typedList('Deployment', named('a'), named('b')));
    new NixEnvironment(chart, 'nix').enable(list, { select: [{ name: 'a' }] });
    expect(only(Testing.synth(chart), 'DeploymentList').items[1]).toEqual(named('b'));
  });

  test('is checked as others are', () => {
    expect(synthErrorOf(chart => enabled(chart, typedList('Deployment', named('a', { ...SPEC, replicas: 2 }))))).toContain('CDK8SNIX0206 replicas: got 2');
  });

  test('is seen into by PodSecurity and explain', () => {
    const privileged = { containers: [{ name: 'main', image: 'example/app:1', securityContext: { privileged: true } }] };
    const chart = testChart();
    const manifest = { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'theirs' }, spec: privileged }] };
    new ApiObject(chart, 'theirs', manifest);
    expect(PodSecurity.check(chart).map(({ message }) => message).join()).toContain('privileged');
    expect(explain([manifest])).toContain('theirs');
  });

  test('is none if its kind only sounds like it', () => {
    const chart = testChart();
    new ApiObject(chart, 'theirs', { apiVersion: 'example.org/v1', kind: 'AllowList', items: ['10.0.0.0/8'] });
    expect(PodSecurity.check(chart)).toEqual([]);
  });
});

describe('an object of a List that a JSON patch renames', () => {
  const list = (kind: string, spec: any): any => ({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'apps/v1', kind, ...named('before', spec) }] });
  const rename = JsonPatch.replace('/items/0/metadata/name', 'after');

  test('keeps the claim template that another patch takes away', () => {
    const chart = testChart();
    const data = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
    enabled(chart, list('StatefulSet', { ...SPEC, serviceName: 'theirs' }), { store: NixStore.perReplica() })
      .addJsonPatch(rename, JsonPatch.replace('/items/0/spec/volumeClaimTemplates', [data]));
    const [{ metadata, spec }] = only(Testing.synth(chart), 'List').items;
    expect(metadata.name).toBe('after');
    expect(spec.volumeClaimTemplates.map((template: any) => template.metadata.name)).toEqual(['data', 'nix-store']);
  });

  test('is refused what it was refused before', () => {
    expect(synthErrorOf(chart => enabled(chart, list('Deployment', { ...SPEC, replicas: 3 })).addJsonPatch(rename))).toContain('CDK8SNIX0206 replicas: got 3');
  });

  test('may be put right by another patch', () => {
    expect(synthErrorOf(chart => enabled(chart, list('Deployment', { ...SPEC, replicas: 3 })).addJsonPatch(rename, JsonPatch.replace('/items/0/spec/replicas', 1)))).toBe('');
  });
});

test('an item in another namespace than the rest is named', () => {
  expect(synthErrorOf(chart => {
    const item = (name: string, namespace?: string): any => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: SPEC });
    const inner = new Chart(chart, 'dev', { namespace: 'dev' });
    enabled(inner, { apiVersion: 'v1', kind: 'List', items: [item('a', 'dev'), item('b', 'prod')] });
  })).toContain('CDK8SNIX0505 metadata.namespace: got "prod". The objects of the environment test/dev/nix are in "dev", where the pod cannot reach them. '
    + 'Give Deployment/b the namespace dev, by its chart or in its own manifest, or enable it by an environment that is in prod.');
});
