import { ApiObject, JsonPatch, Lazy, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixStore } from '../../src';
import { checkSelector } from '../../src/pod/selector-checks';
import { testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'web', tier: 'front' };
const workload = (kind: string, selector: any, apiVersion = 'apps/v1'): any => ({ apiVersion, kind, spec: { selector } });
const expression = (key: string, operator: string, ...values: string[]): any => ({ matchExpressions: [{ key, operator, values }] });

test.each<[string, any]>([
  ['the labels', workload('Deployment', { matchLabels: LABELS })],
  ['some of them', workload('ReplicaSet', { matchLabels: { app: 'web' } })],
  ['one of several values', workload('StatefulSet', expression('app', 'In', 'api', 'web'))],
  ['none of several values', workload('DaemonSet', expression('app', 'NotIn', 'api'))],
  ['what is there', workload('Rollout', expression('app', 'Exists'), 'argoproj.io/v1alpha1')],
  ['what is not there', workload('Deployment', { matchLabels: { app: 'web' }, ...expression('canary', 'DoesNotExist') })],
  ['nothing, in a Job', workload('Job', undefined, 'batch/v1')],
  ['nothing, in what takes the labels of its template', workload('ReplicationController', undefined, 'v1')],
  ['nothing, in a kind of another group', workload('Deployment', undefined, 'example.org/v1')],
])('a selector may ask for %s', (_, object) => {
  expect(checkSelector(object, LABELS)).toEqual([]);
});

test.each<[string, any, unknown]>([
  ['nothing', workload('Deployment', undefined), undefined],
  ['nothing at all', workload('StatefulSet', {}), {}],
  ['another value', workload('DaemonSet', { matchLabels: { app: 'api' } }), { app: 'api' }],
  ['another label', workload('ReplicaSet', { matchLabels: { ...LABELS, release: 'one' } }), { release: 'one' }],
  ['none of its values', workload('Rollout', expression('app', 'In', 'api'), 'argoproj.io/v1alpha1'), { key: 'app', operator: 'In', values: ['api'] }],
  ['what it has not', workload('Deployment', expression('canary', 'Exists')), { key: 'canary', operator: 'Exists', values: [] }],
  ['none of what it has', workload('Deployment', expression('app', 'NotIn', 'web')), { key: 'app', operator: 'NotIn', values: ['web'] }],
  ['without what it has', workload('Deployment', expression('app', 'DoesNotExist')), { key: 'app', operator: 'DoesNotExist', values: [] }],
  ['another value, by the plain one of old', workload('ReplicationController', { app: 'api' }, 'v1'), { app: 'api' }],
  ['another value, in OpenShift', workload('DeploymentConfig', { app: 'api' }, 'apps.openshift.io/v1'), { app: 'api' }],
])('a selector may not ask for %s', (_, object, value) => {
  expect(checkSelector(object, LABELS)).toEqual([expect.objectContaining({ code: 'CDK8SNIX0523', prop: 'spec.selector', value })]);
});

describe('through the door', () => {
  const spec = (selector: any, labels: any = { app: 'web' }): any => ({ selector, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } } });
  const enable = (chart: any, given: any): ApiObject => {
    const theirs = new ApiObject(chart, 'theirs', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'theirs' }, spec: given });
    new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(theirs);
    return theirs;
  };

  test('labels that are known only at synth count', () => {
    expect(synthErrorOf(chart => { enable(chart, spec({ matchLabels: { app: Lazy.any({ produce: () => 'web' }) } })); })).toBe('');
    expect(synthErrorOf(chart => { enable(chart, spec({ matchLabels: { app: Lazy.any({ produce: () => 'api' }) } })); })).toContain('CDK8SNIX0523 spec.selector: got {"app":"api"}');
  });

  test('so does ours, which is on the pods', () => {
    const chart = testChart();
    enable(chart, spec({ matchLabels: { 'cdk8s-nix/environment': 'other' } }, { 'cdk8s-nix/environment': 'other' }));
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0523');
  });

  test('a patch can put it right', () => {
    expect(synthErrorOf(chart => { enable(chart, spec(undefined)).addJsonPatch(JsonPatch.add('/spec/selector', { matchLabels: { app: 'web' } })); })).toBe('');
  });

  test('cdk8s-plus that selects nothing is told', () => {
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'plain', { select: false, containers: [{ image: 'example/app:1' }] }))))
      .toContain('CDK8SNIX0523');
  });
});
