import { ApiObject, Chart, Cron, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixEnvironment, NixEnvironmentProps, NixGarbageCollection, NixHome, NixStatefulSet, NixStore } from '../../src';
import { testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const { READ_WRITE_MANY, READ_WRITE_ONCE_POD } = kplus.PersistentVolumeAccessMode;
const LABEL = 'cdk8s-nix/environment';
const POD = '/spec/template/spec';
const REQUIRED = `${POD}/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution`;
const OTHER = { labelSelector: { matchLabels: { app: 'other' } }, topologyKey: 'kubernetes.io/hostname' };

function deployment(chart: Chart, name: string, pod: any = {}): ApiObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/app:1' }], ...pod } };
  return new ApiObject(chart, name, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { selector: { matchLabels: labels }, template } });
}

/** The pods of all workloads of a chart, by the names of those. */
function pods(chart: Chart): { [name: string]: any } {
  expect(chart).toBeValidKubernetes({ external: ['PersistentVolumeClaim/tools', 'PersistentVolumeClaim/homes'] });
  return podsOf(chart);
}

function podsOf(chart: Chart): { [name: string]: any } {
  const templateOf = ({ spec }: any): any => spec?.template ?? spec?.jobTemplate?.spec.template;
  const templates = Testing.synth(chart).map(object => [object.metadata.name, templateOf(object)] as const);
  return Object.fromEntries(templates.filter(([, template]) => template !== undefined));
}

const terms = (pod: any): any[] => pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];

function withEach(props: NixEnvironmentProps, ...theirs: any[]): { [name: string]: any } {
  const chart = testChart();
  const nix = new NixEnvironment(chart, 'nix', props);
  theirs.forEach((pod, i) => nix.enable(deployment(chart, `theirs-${i}`, pod)));
  return pods(chart);
}

describe('several workloads on a claim for one node', () => {
  test('are kept on one, whatever made them', () => {
    const chart = testChart();
    const nix = new NixEnvironment(chart, 'nix');
    nix.enable(deployment(chart, 'first'));
    nix.enable(new kplus.Job(chart, 'second', { containers: [{ image: 'example/app:1' }] }));
    const [first, second] = Object.values(pods(chart));
    const label = first.metadata.labels[LABEL];
    for (const pod of [first, second]) {
      expect(pod.metadata.labels[LABEL]).toBe(label);
      expect(terms(pod)).toEqual([{ labelSelector: { matchLabels: { [LABEL]: label } }, topologyKey: 'kubernetes.io/hostname' }]);
    }
  });

  test('in a List, each of them', () => {
    const chart = testChart();
    const items = ['first', 'second'].map(name => deployment(new Chart(chart, `of-${name}`), name).toJson());
    const inner = testChart();
    const list = new ApiObject(inner, 'list', { apiVersion: 'v1', kind: 'List', items });
    new NixEnvironment(inner, 'nix').enable(list);
    expect(list.toJson().items.map(({ spec }: any) => terms(spec.template).length)).toEqual([1, 1]);
  });

  test('of several environments', () => {
    const chart = testChart();
    ['two', 'one', 'idle'].forEach(id => new NixEnvironment(chart, id, { store: NixStore.existing('tools') }));
    ['one', 'two'].forEach(id => (chart.node.findChild(id) as NixEnvironment).enable(deployment(chart, `of-${id}`)));
    const { 'of-one': one, 'of-two': two } = pods(chart);
    const labels = [one, two].map(pod => pod.metadata.labels[LABEL]).sort();
    expect(new Set(labels).size).toBe(2);
    for (const pod of [one, two]) {
      expect(terms(pod)).toEqual([{ labelSelector: { matchExpressions: [{ key: LABEL, operator: 'In', values: labels }] }, topologyKey: 'kubernetes.io/hostname' }]);
    }
  });

  test('are connected by any of their claims, and have one term, which is the same for all', () => {
    const chart = testChart();
    const home = (name: string) => NixHome.existing(name, { folder: 'home' });
    const props: { [id: string]: NixEnvironmentProps } = {
      one: { store: NixStore.existing('tools'), home: home('homes') },
      two: { store: NixStore.existing('other-tools'), home: NixHome.existing('homes', { folder: 'other' }) },
      three: { store: NixStore.existing('other-tools'), home: NixHome.ephemeral() },
      apart: { store: NixStore.existing('lone-tools'), home: home('lone-homes') },
    };
    Object.entries(props).forEach(([id, each]) => new NixEnvironment(chart, id, each).enable(deployment(chart, `of-${id}`)));
    new NixEnvironment(chart, 'idle', { store: NixStore.existing('lone-tools'), home: NixHome.existing('homes', { folder: 'idle' }) });
    const all = podsOf(chart);
    const { 'of-apart': apart, ...together } = all;
    const values = Object.values(together).map(pod => pod.metadata.labels[LABEL]).sort();
    const term = { labelSelector: { matchExpressions: [{ key: LABEL, operator: 'In', values }] }, topologyKey: 'kubernetes.io/hostname' };
    expect(Object.values(together).map(terms)).toEqual([[term], [term], [term]]);
    expect(terms(apart)).toEqual([]);
  });

  test('on a claim that a patch has renamed', () => {
    const chart = testChart();
    const one = new NixEnvironment(chart, 'one');
    ApiObject.of(one.claim!).addJsonPatch(JsonPatch.replace('/metadata/name', 'tools'));
    const two = new NixEnvironment(chart, 'two', { store: NixStore.existing('tools') });
    [one, two].forEach(each => each.enable(deployment(chart, `of-${each.node.id}`)));
    expect(Object.values(podsOf(chart)).map(pod => terms(pod)[0]?.labelSelector.matchExpressions[0].values.length)).toEqual([2, 2]);
  });

  test('but for what was removed since', () => {
    const chart = testChart();
    for (const id of ['one', 'two']) {
      new NixEnvironment(chart, id, { store: NixStore.existing('tools') }).enable(deployment(chart, `of-${id}`));
    }
    expect(Object.values(pods(chart)).map(pod => terms(pod).length)).toEqual([1, 1]);
    chart.node.tryRemoveChild('of-two');
    expect(Object.values(pods(chart)).map(pod => terms(pod).length)).toEqual([0]);
  });

  test('with a home on a claim, in whichever folder', () => {
    const chart = testChart();
    for (const id of ['one', 'two']) {
      new NixEnvironment(chart, id, { store: NixStore.emptyDir(), home: NixHome.existing('homes', { folder: id }) }).enable(deployment(chart, `of-${id}`));
    }
    expect(Object.values(pods(chart)).map(pod => terms(pod).length)).toEqual([1, 1]);
  });

  test('beside what a pod says of affinity itself', () => {
    const node = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } }] };
    const { 'theirs-0': first } = withEach({}, { affinity: { nodeAffinity: node } }, {});
    expect(first.spec.affinity.nodeAffinity).toEqual(node);
    expect(terms(first)).toHaveLength(1);
  });

  test('but for one that says itself with whom it has to be: of two required terms only a pod counts that matches both', () => {
    const own = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [OTHER] } } };
    const ours = { labelSelector: { matchLabels: { [LABEL]: expect.any(String) } }, topologyKey: 'kubernetes.io/hostname' };
    expect(Object.values(withEach({}, own, {}, {})).map(terms)).toEqual([[OTHER], [ours], [ours]]);
    const chart = testChart();
    const nix = new NixEnvironment(chart, 'nix');
    const cache = new kplus.Deployment(chart, 'cache', { containers: [{ image: 'example/cache:1' }] });
    const first = new kplus.Deployment(chart, 'first', { containers: [{ image: 'example/app:1' }] });
    first.scheduling.colocate(cache);
    nix.enable(first);
    nix.enable(deployment(chart, 'second'));
    const labels = (pod: any): string[][] => terms(pod).map(({ labelSelector }) => Object.keys(labelSelector.matchLabels));
    expect(Object.entries(pods(chart)).map(([name, pod]) => [name, labels(pod)])).toEqual([
      [cache.name, []], [first.name, [['cdk8s.io/metadata.addr']]], ['second', [[LABEL]]],
    ]);
  });

  test.each<[string, any]>([
    ['its node', { nodeName: 'worker-1' }], ['the label of its node', { nodeSelector: { 'kubernetes.io/hostname': 'worker-1' } }],
  ])('but not where a pod names %s', (_, pod) => {
    expect(Object.values(withEach({}, pod, pod)).map(each => each.spec.affinity)).toEqual([undefined, undefined]);
  });

  test('and as the pod says it, where it does', () => {
    const said = { labelSelector: { matchExpressions: [{ key: LABEL, operator: 'Exists' }] }, topologyKey: 'kubernetes.io/hostname' };
    const { 'theirs-0': first } = withEach({}, { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [said] } } }, {});
    expect(terms(first)).toEqual([said]);
  });
});

test('one workload, and several that have no such volume, go anywhere', () => {
  const none = (props: NixEnvironmentProps, ...theirs: any[]) => expect(Object.values(withEach(props, ...theirs)).flatMap(terms)).toEqual([]);
  none({}, {});
  none({ store: NixStore.emptyDir() }, {}, {});
  none({ store: NixStore.persistent({ accessModes: [READ_WRITE_MANY], shared: true }) }, {}, {});
  const chart = testChart();
  new NixStatefulSet(chart, 'set', { replicas: 3 });
  new NixDeployment(chart, 'single');
  expect(Object.values(pods(chart)).flatMap(terms)).toEqual([]);
});

test('a Job that cares for the store follows the workload, which stays where it likes', () => {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'workspace');
  new NixGarbageCollection(chart, 'gc', { environment });
  expect(Object.values(pods(chart)).map(pod => terms(pod).length).sort()).toEqual([0, 1]);
});

test('a Job that cares for the store follows one that ends as well, and may go anywhere while none runs: it has their label', () => {
  const chart = testChart();
  const environment = new NixEnvironment(chart, 'nix');
  environment.enable(new kplus.CronJob(chart, 'nightly', { schedule: Cron.daily(), containers: [{ image: 'example/app:1' }] }));
  new NixGarbageCollection(chart, 'gc', { environment });
  const all = pods(chart);
  const [care] = Object.entries(all).filter(([each]) => each.includes('gc')).map(([, pod]) => pod);
  expect(terms(care)).toEqual([{ labelSelector: { matchLabels: { [LABEL]: care.metadata.labels[LABEL] } }, topologyKey: 'kubernetes.io/hostname' }]);
  expect(Object.values(all).map(pod => pod.metadata.labels[LABEL])).toEqual([care.metadata.labels[LABEL], care.metadata.labels[LABEL]]);
});

test('a Job that cares for the store follows the workloads of all environments on it', () => {
  const chart = testChart();
  const [one, two] = ['one', 'two'].map(id => new NixEnvironment(chart, id, { store: NixStore.existing('tools') }));
  [one, two].forEach(each => each.enable(deployment(chart, `of-${each.node.id}`)));
  new NixGarbageCollection(chart, 'gc', { environment: one });
  const [of, ...others] = Object.values(pods(chart)).map(terms);
  expect(of[0].labelSelector.matchExpressions[0].values).toHaveLength(2);
  expect(others).toEqual([of, of]);
});

test('a workload that is enabled between two syntheses counts', () => {
  const chart = testChart();
  const nix = new NixEnvironment(chart, 'nix');
  nix.enable(deployment(chart, 'first'));
  expect(terms(pods(chart).first)).toEqual([]);
  nix.enable(deployment(chart, 'second'));
  expect(Object.values(pods(chart)).map(pod => terms(pod).length)).toEqual([1, 1]);
});

describe('a patch', () => {
  const patched = (...patches: JsonPatch[]): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix');
    const [first] = [deployment(chart, 'first'), deployment(chart, 'second')].map(theirs => {
      nix.enable(theirs);
      return theirs;
    });
    first.addJsonPatch(...patches);
  });

  test('that sets the affinity anew is told, and one that keeps it, or means it, holds', () => {
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } }] };
    const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: OTHER }] };
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [] };
    const field = (name: string): string => `JsonPatch.add("${POD}/affinity/${name}", …)`;
    expect(patched(JsonPatch.add(`${POD}/affinity`, { nodeAffinity }))).toContain(
      `CDK8SNIX0524 ${POD}/affinity: got "add". The JSON patch takes away what the environment has put there: affinity to the pods on the same volume. `
      + `Patch only what is yours, ${field('nodeAffinity')}, or give the affinity to the workload itself, and both are there.`);
    expect(patched(JsonPatch.replace(`${POD}/affinity`, { podAntiAffinity, podAffinity: preferred }))).toContain(
      `Patch only what is yours, ${field('podAntiAffinity')} and ${field('podAffinity/preferredDuringSchedulingIgnoredDuringExecution')}, or give`);
    expect(patched(JsonPatch.add(`${POD}/affinity`, {}))).toContain('Leave the patch out: it says nothing of its own.');
    expect(patched(JsonPatch.replace(`${POD}/affinity/podAffinity`, preferred))).toContain(
      `Patch only what is yours, ${field('podAffinity/preferredDuringSchedulingIgnoredDuringExecution')}`);
    // What is said to be written instead.
    const instead = Object.entries({ nodeAffinity, podAntiAffinity, 'podAffinity/preferredDuringSchedulingIgnoredDuringExecution': [] });
    expect(patched(...instead.map(([name, value]) => JsonPatch.add(`${POD}/affinity/${name}`, value)))).toBe('');
    expect(patched(JsonPatch.replace(REQUIRED, []))).toContain(`or remove the term by itself: JsonPatch.remove("${REQUIRED}/0").`);
    expect(patched(JsonPatch.remove(`${REQUIRED}/0`))).toBe('');
  });

  test('that says with whom a pod has to be takes the place of ours, and is told beside it', () => {
    expect(patched(JsonPatch.replace(`${REQUIRED}/0`, OTHER))).toBe('');
    expect(patched(JsonPatch.add(`${POD}/affinity`, { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [OTHER] } }))).toBe('');
    expect(patched(JsonPatch.add(`${REQUIRED}/-`, OTHER))).toContain(
      '[test/first] CDK8SNIX0221 .spec.template.spec.affinity.podAffinity: got {"app":"other"}. Beside the term of the environment only a pod counts that matches both. '
      + 'Give the affinity to the workload itself, which then has yours alone, or replace the term: JsonPatch.replace(".../requiredDuringSchedulingIgnoredDuringExecution/0", …).');
  });
});

test('a claim for one pod has one workload that stays, in whichever folder its home is', () => {
  const withHomes = (...kinds: string[]): string => synthErrorOf(chart => kinds.forEach((kind, i) => {
    const home = NixHome.existing('homes', { folder: `home-${i}`, accessModes: [READ_WRITE_ONCE_POD] });
    const containers = [{ image: 'example/app:1' }];
    new NixEnvironment(chart, `nix-${i}`, { store: NixStore.emptyDir(), home })
      .enable(kind === 'Job' ? new kplus.Job(chart, `theirs-${i}`, { containers }) : new kplus.Deployment(chart, `theirs-${i}`, { containers }));
  }));
  expect(withHomes('Deployment', 'Job')).toMatch(/\[test\/nix-1\] CDK8SNIX0219 home: got "ReadWriteOncePod"\. Several workloads need the claim homes at once: Job\/\S+, Deployment\/\S+ of test\/nix-0\./);
  expect(withHomes('Job', 'Job')).toBe('');
});

test('a workload of one environment that was removed leaves a claim for one pod to the other', () => {
  const both = (removes: boolean): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix', { store: NixStore.existing('tools', { accessModes: [READ_WRITE_ONCE_POD] }) });
    ['first', 'second'].forEach(name => nix.enable(deployment(chart, name)));
    if (removes) {
      chart.node.tryRemoveChild('second');
    }
  });
  expect(both(false)).toContain('[test/nix] CDK8SNIX0206');
  expect(both(true)).toBe('');
});
