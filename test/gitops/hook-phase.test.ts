import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { GitOps, NixDeployment, NixEnvironment, NixHome, NixJob, NixStore, NixStorePrefetch } from '../../src';
import { testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

const HOOK = 'argocd.argoproj.io/hook';
const HELM = 'helm.sh/hook';
const WAVE = 'argocd.argoproj.io/sync-wave';
const CONTAINER = { image: 'example/migrate:1', command: ['migrate'] };

function job(chart: Chart, id: string, annotations: { [name: string]: string }, store?: NixStore): NixJob {
  return new NixJob(chart, id, { metadata: { annotations }, containers: [CONTAINER], store });
}

/** The annotations of all objects of a kind, by the end of their names. */
function annotationsIn(chart: Chart, kind: string): any[] {
  return Testing.synth(chart).filter(manifest => manifest.kind === kind).map(manifest => manifest.metadata.annotations);
}

test.each([
  [{ [HOOK]: 'PreSync' }],
  [{ [HOOK]: 'PreSync', [WAVE]: '-3' }],
  [{ [HOOK]: 'PreSync,PostSync' }],
  [{ [HOOK]: 'PostDelete' }],
  [{ [HELM]: 'pre-install,pre-upgrade', 'helm.sh/hook-weight': '-5' }],
])('a hook that runs before all else has its ConfigMaps with it: %j', hook => {
  const chart = testChart();
  job(chart, 'migrate', hook);
  expect(annotationsIn(chart, 'ConfigMap')).toEqual([hook, hook]);
  // Another synth changes nothing.
  expect(annotationsIn(chart, 'ConfigMap')).toEqual([hook, hook]);
  expect(chart).toBeValidKubernetes();
});

test('a hook by a JSON patch, and of another library, is one', () => {
  const chart = testChart();
  const plain = new ApiObject(chart, 'plain', {
    apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example/migrate:1' }] } } },
  });
  new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(plain);
  plain.addJsonPatch(JsonPatch.add('/metadata/annotations', { [HOOK]: 'PreSync' }));
  expect(annotationsIn(chart, 'ConfigMap')).toEqual([{ [HOOK]: 'PreSync' }, { [HOOK]: 'PreSync' }]);
});

test('what two hooks of one phase need comes with the first of them', () => {
  const chart = testChart();
  job(chart, 'first', { [HOOK]: 'PreSync', [WAVE]: '-2' });
  job(chart, 'second', { [HOOK]: 'PreSync' });
  const scripts = Testing.synth(chart).find(manifest => manifest.metadata.name.includes('nix-scripts'))!;
  expect(scripts.metadata.annotations).toEqual({ [HOOK]: 'PreSync', [WAVE]: '-2' });
});

test.each(['PostSync', 'Sync', 'PreDelete'])('a hook that runs when all is there leaves ConfigMaps and claims where they are: %s', hook => {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'workspace', { store: NixStore.persistent() });
  job(chart, 'migrate', { [HOOK]: hook, [WAVE]: '-1' });
  ApiObject.of(new NixStorePrefetch(chart, 'prefetch', { environment, packages: ['nixpkgs#hello'] }).job).metadata.addAnnotation(HOOK, hook);
  GitOps.argoCd(chart, { keepClaims: false });
  expect(annotationsIn(chart, 'ConfigMap').filter(found => found !== undefined)).toEqual([]);
  expect(annotationsIn(chart, 'PersistentVolumeClaim')).toEqual([undefined]);
});

test.each<[string, (chart: Chart) => void, string, string]>([
  ['a claim', chart => { job(chart, 'migrate', { [HOOK]: 'PreSync' }, NixStore.persistent()); }, 'CDK8SNIX1005 PersistentVolumeClaim test-migrate-nix-store', 'NixStore.emptyDir()'],
  ['a claim of the home', chart => {
    const containers = [{ image: 'example/app:1' }];
    new NixJob(chart, 'migrate', { metadata: { annotations: { [HOOK]: 'PreSync' } }, home: NixHome.persistent(), containers });
  }, 'CDK8SNIX1005 PersistentVolumeClaim test-migrate-nix-home', 'NixHome.ephemeral()'],
  ['a claim that is a hook itself', chart => {
    job(chart, 'migrate', { [HOOK]: 'PreSync' }, NixStore.persistent({ annotations: { [HOOK]: 'PreSync' } }));
  }, 'CDK8SNIX1005 PersistentVolumeClaim', 'empty volume'],
  ['scripts of others', chart => {
    job(chart, 'migrate', { [HELM]: 'pre-upgrade' });
    new NixDeployment(chart, 'workspace');
  }, 'CDK8SNIX1005 ConfigMap test-nix-scripts', 'test/workspace'],
  ['what a hook of another phase needs', chart => {
    job(chart, 'migrate', { [HOOK]: 'PreSync' });
    job(chart, 'check', { [HOOK]: 'PostSync' });
  }, 'CDK8SNIX1005 ConfigMap test-nix-scripts', 'a chart of its own'],
  ['the environment of others', chart => {
    const environment = new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() });
    environment.enable(new kplus.Deployment(chart, 'app', { containers: [CONTAINER] }));
    environment.enable(new kplus.Job(chart, 'migrate', { metadata: { annotations: { [HOOK]: 'PreSync' } }, containers: [CONTAINER] }));
  }, 'CDK8SNIX1005 ConfigMap test-nix-config', 'test/app'],
])('a hook that runs before all else cannot have %s', (_, build, problem, words) => {
  const message = synthError(build);
  expect(message).toContain(problem);
  expect(message).toMatch(/got "(PreSync|pre-upgrade)"/);
  expect(message).toContain(words);
});

test('what the remedies say works: another store, a chart of its own, a wave instead of the hook', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace');
  const before = new Chart(chart.node.root as any, 'before');
  job(before, 'migrate', { [HOOK]: 'PreSync' }, NixStore.existing('claim-of-old'));
  const first = new Chart(chart.node.root as any, 'first');
  job(first, 'migrate', {}, NixStore.persistent());
  GitOps.argoCd(first, { syncWave: -1 });
  for (const part of [chart, before, first]) {
    expect(() => Testing.synth(part)).not.toThrow();
  }
});
