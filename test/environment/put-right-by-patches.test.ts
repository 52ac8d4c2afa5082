import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import { NixEnvironment } from '../../src';
import { only, testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'theirs' };
const template = (container: object = {}): any => ({ metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'example/app:1', ...container }] } });
const object = (kind: string, apiVersion: string, spec: object): any => ({ apiVersion, kind, metadata: { name: 'theirs' }, spec });

/** A manifest as it is written, with Nix and patched. */
function written(manifest: any, ...patches: JsonPatch[]): any {
  const chart = testChart();
  const theirs = new ApiObject(chart, 'theirs', manifest);
  new NixEnvironment(chart, 'nix').enable(theirs);
  theirs.addJsonPatch(...patches);
  return only(Testing.synth(chart), manifest.kind);
}

const refusal = (manifest: any): string => synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', manifest)));

describe('what a patch leaves out is what suits the store, and not what Kubernetes takes for it', () => {
  const rolling = { type: 'RollingUpdate' };
  const cronJob = object('CronJob', 'batch/v1', {
    schedule: '0 0 * * *', concurrencyPolicy: 'Allow', jobTemplate: { spec: { template: { spec: { ...template().spec, restartPolicy: 'Never' } } } },
  });

  test.each<[string, any, JsonPatch, object]>([
    ['Deployment', object('Deployment', 'apps/v1', { selector: { matchLabels: LABELS }, template: template(), strategy: rolling }), JsonPatch.remove('/spec/strategy'), { strategy: { type: 'Recreate' } }],
    ['Rollout', object('Rollout', 'argoproj.io/v1alpha1', { selector: { matchLabels: LABELS }, template: template(), strategy: { canary: { maxSurge: 1 } } }), JsonPatch.remove('/spec/strategy'), { strategy: { canary: { maxSurge: 0, maxUnavailable: 1 } } }],
    ['CronJob', cronJob, JsonPatch.remove('/spec/concurrencyPolicy'), { concurrencyPolicy: 'Forbid' }],
  ])('of a %s', (_, manifest, patch, expected) => {
    expect(refusal(manifest)).toMatch(/CDK8SNIX020[67]/);
    expect(written(manifest, patch).spec).toMatchObject(expected);
  });

  test('but what it says keeps the last word', () => {
    const deployment = object('Deployment', 'apps/v1', { selector: { matchLabels: LABELS }, template: template() });
    expect(written(deployment, JsonPatch.replace('/spec/strategy', rolling)).spec.strategy).toEqual(rolling);
  });
});

test.each<[string, JsonPatch]>([
  ['another user', JsonPatch.replace('/spec/template/spec/containers/0/securityContext/runAsUser', 1001)],
  ['that of the pod', JsonPatch.remove('/spec/template/spec/containers/0/securityContext/runAsUser')],
])('a container of root that a patch makes one of %s is as restricted as any', (_, patch) => {
  const deployment = object('Deployment', 'apps/v1', { selector: { matchLabels: LABELS }, template: template({ securityContext: { runAsUser: 0 } }) });
  expect(refusal(deployment)).toContain('CDK8SNIX0403');
  const [{ securityContext }] = written(deployment, patch).spec.template.spec.containers;
  expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true });
});
