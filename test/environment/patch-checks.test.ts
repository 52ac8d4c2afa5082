import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixEnvironment, NixStatefulSet } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const POD = '/spec/template/spec';
const MAIN = { name: 'main', image: 'example/app:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] };
const TEMPLATE = { metadata: { labels: { app: 'theirs' } }, spec: { containers: [MAIN, { name: 'side', image: 'example/app:1' }], volumes: [{ name: 'data', emptyDir: {} }] } };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'theirs' }, spec: { selector: { matchLabels: { app: 'theirs' } }, template: TEMPLATE } };
const EXTRA = JsonPatch.add(`${POD}/volumes/-`, { name: 'extra', emptyDir: {} });
const mount = (mountPath: string, name = 'extra', container = 0) => JsonPatch.add(`${POD}/containers/${container}/volumeMounts/-`, { name, mountPath });

/** An object with Nix in one of its containers, and patches. */
function patched(...patches: JsonPatch[]): string {
  return synthErrorOf(chart => {
    const theirs = new ApiObject(chart, 'theirs', DEPLOYMENT);
    new NixEnvironment(chart, 'nix').enable(theirs, { containers: ['main'] });
    theirs.addJsonPatch(...patches);
  });
}

test.each<[string, JsonPatch[], string]>([
  ['a second volume of a name of ours', [JsonPatch.add(`${POD}/volumes/-`, { name: 'nix-store', emptyDir: {} })],
    'CDK8SNIX0525 volumes: got "nix-store". Two volumes of the pod have this name. Give each a name of its own, or leave one out.'],
  ['a second volume of a name of theirs', [JsonPatch.add(`${POD}/volumes/0`, { name: 'data', emptyDir: {} })], 'CDK8SNIX0525 volumes: got "data".'],
  ['a volume that becomes one of ours', [JsonPatch.replace(`${POD}/volumes/0/name`, 'nix-tmp')], 'CDK8SNIX0525 volumes: got "nix-tmp".'],
  ['a second mount at /nix', [EXTRA, mount('/nix')], 'CDK8SNIX0503 containers[main].volumeMounts: got "/nix". The environment mounts /nix itself. Mount your volume elsewhere.'],
  ['a mount that moves to /nix', [JsonPatch.replace(`${POD}/containers/0/volumeMounts/0/mountPath`, '/nix/')], 'CDK8SNIX0503 containers[main].volumeMounts: got "/nix/".'],
  ['a mount below /nix', [EXTRA, mount('/nix/store')], 'CDK8SNIX0503 containers[main].volumeMounts: got "/nix/store". The environment mounts /nix itself.'],
  ['a mount at the home', [EXTRA, mount('/home/code')], 'CDK8SNIX0503 containers[main].volumeMounts: got "/home/code". The environment mounts /home/code itself. Give the volume'],
  ['a read-only mount above the home', [JsonPatch.add(`${POD}/volumes/-`, { name: 'extra', configMap: { name: 'x' } }), mount('/home')],
    'CDK8SNIX0503 containers[main].volumeMounts: got "/home". The environment mounts /home/code in it'],
  ['a second mount at one of theirs', [EXTRA, mount('/data')], 'CDK8SNIX0519 containers[main].volumeMounts: got "/data". Something is mounted there already.'],
  ['a mount of a volume that there is not', [mount('/extra', 'extra', 1)], 'CDK8SNIX0525 containers[side].volumeMounts: got "extra". The pod has no volume of this name.'],
  ['a volume of ours that is gone', [JsonPatch.remove(`${POD}/volumes/1`)], 'CDK8SNIX0525 containers[main].volumeMounts: got "nix-store". The pod has no volume of this name.'],
  ['an init container of a name of ours', [JsonPatch.add(`${POD}/initContainers/-`, { name: 'seed-nix-store', image: 'example/app:1' })],
    'CDK8SNIX0509 containers.name: got "seed-nix-store". Two containers of the pod have this name.'],
  ['a container of a name of theirs', [JsonPatch.replace(`${POD}/containers/1/name`, 'main')], 'CDK8SNIX0509 containers.name: got "main".'],
])('%s is told, which a patch brings', (_, patches, message) => {
  expect(patched(...patches)).toContain(`[test/theirs] ${message}`);
});

test.each<[string, JsonPatch[]]>([
  ['a volume and a mount', [EXTRA, mount('/extra')]],
  ['a mount at /nix in a container without Nix', [EXTRA, mount('/nix', 'extra', 1)]],
  ['another volume for /nix', [JsonPatch.replace(`${POD}/volumes/1`, { name: 'nix-store', persistentVolumeClaim: { claimName: 'mine' } })]],
  ['another mount in the place of ours', [EXTRA, JsonPatch.replace(`${POD}/containers/0/volumeMounts/1`, { name: 'extra', mountPath: '/nix' })]],
  ['a container', [JsonPatch.add(`${POD}/containers/-`, { name: 'third', image: 'example/app:1' })]],
  ['a volume that another patch removes', [JsonPatch.add(`${POD}/volumes/-`, { name: 'nix-store', emptyDir: {} }), JsonPatch.remove(`${POD}/volumes/5`)]],
])('%s is fine', (_, patches) => {
  expect(patched(...patches)).toBe('');
});

test('in a List, and in workloads of cdk8s-plus', () => {
  expect(synthErrorOf(chart => {
    const list = new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'List', items: [DEPLOYMENT] });
    new NixEnvironment(chart, 'nix').enable(list);
    list.addJsonPatch(JsonPatch.add(`/items/0${POD}/volumes/-`, { name: 'nix-store', emptyDir: {} }));
  })).toContain('[test/theirs] CDK8SNIX0525 volumes: got "nix-store".');
  const ofKplus = (build: (chart: Chart) => ApiObject) => synthErrorOf(chart => {
    build(chart).addJsonPatch(JsonPatch.add(`${POD}/volumes/-`, { name: 'nix-config', emptyDir: {} }));
  });
  expect(ofKplus(chart => ApiObject.of(new NixDeployment(chart, 'theirs')))).toContain('[test/theirs] CDK8SNIX0525 volumes: got "nix-config".');
  expect(ofKplus(chart => {
    const theirs = new kplus.Job(chart, 'theirs', { containers: [{ image: 'example/app:1' }] });
    new NixEnvironment(chart, 'nix').enable(theirs);
    return ApiObject.of(theirs);
  })).toContain('[test/theirs] CDK8SNIX0525 volumes: got "nix-config".');
});

test('claim templates that a patch sets anew keep that of the store, whose mounts are fine', () => {
  const templates = (name: string, ...patches: JsonPatch[]) => synthErrorOf(chart => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    ApiObject.of(new NixStatefulSet(chart, 'theirs')).addJsonPatch(JsonPatch.replace('/spec/volumeClaimTemplates', [{ metadata: { name }, spec }]), ...patches);
  });
  expect(templates('data')).toBe('');
  expect(templates('data', mount('/data', 'data'))).toBe('');
  expect(templates('data', mount('/data', 'dta'))).toContain('CDK8SNIX0525 containers[workspace].volumeMounts: got "dta".');
  expect(templates('nix-config')).toContain('CDK8SNIX0504 volumeClaimTemplates: got "nix-config". The environment uses this name. Give yours another name.');
});

describe('the label by which the pods of an environment are found', () => {
  const LABELS = '/spec/template/metadata/labels';
  const OURS = `${LABELS}/cdk8s-nix~1environment`;

  test.each<[string, JsonPatch[], string]>([
    ['replaced', [JsonPatch.replace(OURS, 'mine')], 'got "mine"'], ['removed', [JsonPatch.remove(OURS)], 'got nothing'],
    ['moved', [JsonPatch.move(OURS, `${LABELS}/mine`)], 'got nothing'],
    ['overwritten by a copy', [JsonPatch.copy(`${LABELS}/app`, OURS)], 'got "theirs"'],
    ['another one among all', [JsonPatch.replace(LABELS, { 'app': 'theirs', 'cdk8s-nix/environment': 'mine' })], 'got "mine"'],
    ['another one among all metadata', [JsonPatch.replace('/spec/template/metadata', { labels: { 'app': 'theirs', 'cdk8s-nix/environment': 'mine' } })], 'got "mine"'],
  ])('%s is told', (_, patches, value) => {
    const message = patched(...patches);
    expect(message).toContain(`[test/theirs] CDK8SNIX0533 .spec.template.metadata.labels.cdk8s-nix/environment: ${value}. By cdk8s-nix/environment: test-nix-`);
    expect(message).toContain('Leave this label out of the patches, and add another one of yours beside it.');
  });

  test('in an item of a List', () => {
    expect(synthErrorOf(chart => {
      const list = new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'List', items: [DEPLOYMENT] });
      new NixEnvironment(chart, 'nix').enable(list);
      list.addJsonPatch(JsonPatch.replace(`/items/0${OURS}`, 'mine'));
    })).toContain('[test/theirs] CDK8SNIX0533 .spec.template.metadata.labels.cdk8s-nix/environment: got "mine".');
  });

  test.each<[string, JsonPatch[]]>([
    ['beside another one', [JsonPatch.add(`${LABELS}/team`, 'portal')]], ['that is left out of all, and put back', [JsonPatch.replace(LABELS, { app: 'theirs', team: 'portal' })]],
    ['of the object, which nobody finds by it', [JsonPatch.add('/metadata/labels', { 'cdk8s-nix/environment': 'mine' })]],
  ])('%s is fine', (_, patches) => {
    expect(patched(...patches)).toBe('');
  });
});
