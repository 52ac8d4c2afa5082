import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnableOptions, NixEnvironment, NixEnvironmentProps, NixStore, PodSecurity } from '../../src';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

const CONTAINERS = [{ name: 'main', image: 'example/app:1' }];
const TEMPLATE = { metadata: { labels: { app: 'theirs' } }, spec: { containers: CONTAINERS } };
const SELECTOR = { matchLabels: { app: 'theirs' } };

const object = (kind: string, spec: any, apiVersion = 'apps/v1', metadata: any = { name: 'theirs' }): any => ({ apiVersion, kind, metadata, spec });
const deployment = (spec: any): any => object('Deployment', { selector: SELECTOR, template: { ...TEMPLATE, spec } });
const list = (...items: any[]): any => ({ apiVersion: 'v1', kind: 'List', items });
const job = (metadata: any): any => object('Job', { template: { spec: { containers: CONTAINERS, restartPolicy: 'Never' } } }, 'batch/v1', metadata);

interface Enabled {
  readonly chart: Chart;
  readonly theirs: ApiObject;
}

/** A manifest that no class has checked, with Nix. */
function enabled(
  manifest: any, options?: NixEnableOptions, props: NixEnvironmentProps = { store: NixStore.emptyDir() }, chart = testChart(),
): Enabled {
  const theirs = new ApiObject(chart, 'theirs', manifest);
  new NixEnvironment(chart, 'nix', props).enable(theirs, options);
  return { chart, theirs };
}

const refusal = (manifest: any, ...patches: JsonPatch[]): string =>
  synthError(chart => { enabled(manifest, {}, {}, chart).theirs.addJsonPatch(...patches); });

const initContainers = (template: any): string[] => template.spec.initContainers.map(({ name }: any) => name);

describe('a workload without pods is not left alone in silence', () => {
  test.each<[string, any]>([
    ['no spec', object('Deployment', undefined)],
    ['no template', object('Deployment', { selector: SELECTOR })],
    ['an empty template', object('Deployment', { selector: SELECTOR, template: null })],
  ])('%s', (_, manifest) => {
    expect(refusal(manifest)).toContain('[test/theirs] CDK8SNIX0507 containers: got []');
  });

  test('an L1 without a spec', () => {
    expect(synthError(chart => new NixEnvironment(chart, 'nix').enable(new kplus.k8s.KubeDeployment(chart, 'theirs')))).toContain('[test/theirs] CDK8SNIX0507');
  });

  test('a pod that a patch makes would have no Nix', () => {
    expect(refusal(object('Deployment', { selector: SELECTOR }), JsonPatch.add('/spec/template', TEMPLATE)))
      .toMatch(/CDK8SNIX0507 .*The pod comes from a JSON patch.*or a file and Include/);
  });

  test('a Rollout whose pods are those of a Deployment', () => {
    expect(refusal(object('Rollout', { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'portal' } }, 'argoproj.io/v1alpha1')))
      .toContain('CDK8SNIX0516 workload: got "Rollout/theirs". Its pods are those of another object, which spec.workloadRef names. Enable Deployment/portal.');
  });
});

describe('what is no list of objects is refused in words', () => {
  const container = (more: any): any => deployment({ containers: [{ ...CONTAINERS[0], ...more }] });

  test.each<[string, any, string]>([
    ['containers by name', deployment({ containers: { main: { image: 'example/app:1' } } }), '.spec.template.spec.containers: got {"main"'],
    ['an empty item', deployment({ containers: ['', ...CONTAINERS] }), '.spec.template.spec.containers: got [""'],
    ['init containers by name', deployment({ containers: CONTAINERS, initContainers: { first: {} } }), '.spec.template.spec.initContainers: got {"first"'],
    ['volumes by name', deployment({ containers: CONTAINERS, volumes: { data: {} } }), '.spec.template.spec.volumes: got {"data"'],
    ['variables by name', container({ env: { LOG_LEVEL: 'debug' } }), '.spec.template.spec.containers[0].env: got {"LOG_LEVEL":"debug"}'],
    ['mounts by name', container({ volumeMounts: { data: '/data' } }), '.spec.template.spec.containers[0].volumeMounts: got {"data"'],
    ['ports as numbers', container({ ports: [8080] }), '.spec.template.spec.containers[0].ports: got [8080]'],
  ])('%s', (_, manifest, message) => {
    expect(refusal(manifest)).toContain(`[test/theirs] CDK8SNIX0520 ${message}`);
    expect(refusal(manifest)).not.toContain('TypeError');
  });

  test('also where Pod Security is enforced, which renders the object first', () => {
    expect(synthError(chart => {
      PodSecurity.enforce(chart);
      enabled(container({ env: { PATH: '/opt/bin' } }), {}, {}, chart);
    })).toContain('CDK8SNIX0520');
  });

  test('also where a patch puts it right: it comes after Nix', () => {
    const { chart, theirs } = enabled(container({ env: { LOG_LEVEL: 'debug' } }));
    theirs.addJsonPatch(JsonPatch.replace('/spec/template/spec/containers/0/env', []));
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0520');
  });
});

test('numbers and booleans of YAML are no text', () => {
  const message = refusal(object('Deployment', {
    selector: SELECTOR,
    template: {
      metadata: { labels: { version: 2 }, annotations: { scrape: true } },
      spec: { containers: [{ ...CONTAINERS[0], env: [{ name: 'PATH', value: 5 }, { name: 'DEBUG', value: true }] }] },
    },
  }));
  expect(message).toContain('CDK8SNIX0513 podMetadata.labels[version]: got 2. Labels and annotations are text. Put it in quotes: "2".');
  expect(message).toContain('CDK8SNIX0513 podMetadata.annotations[scrape]: got true.');
  expect(message).toContain('CDK8SNIX0510 containers[main].envVariables.PATH: got 5. The value of a variable is text. Put it in quotes: "5".');
  expect(message).toContain('CDK8SNIX0510 containers[main].envVariables.DEBUG: got true.');
});

test('what is no construct is refused', () => {
  const environment = new NixEnvironment(testChart(), 'nix');
  for (const value of [undefined, null, deployment({ containers: CONTAINERS })]) {
    expect(() => environment.enable(value as any)).toThrow('CDK8SNIX0516 workload: got ');
  }
});

test('two pointers to one pod give it Nix once', () => {
  const tasks = [{ template: TEMPLATE }, { template: TEMPLATE }];
  const { chart } = enabled(object('Job', { tasks }, 'batch.volcano.sh/v1alpha1'), { podTemplates: ['/spec/tasks/*/template', '/spec/tasks/0/template'] });
  const templates = only(Testing.synth(chart), 'Job').spec.tasks.map((task: any) => initContainers(task.template));
  expect(templates).toEqual([['seed-nix-store'], ['seed-nix-store']]);
});

test('a Knative Service names its containers itself', () => {
  const { chart } = enabled(object('Service', { template: { spec: { containers: [{ image: 'example/app:1' }] } } }, 'serving.knative.dev/v1'));
  expect(initContainers(only(Testing.synth(chart), 'Service').spec.template)).toHaveLength(1);
  expect(refusal(deployment({ containers: [{ image: 'example/app:1' }] }))).toContain('CDK8SNIX0509 containers.name: got ""');
});

describe('a List', () => {
  test('may leave the names of its objects to the cluster', () => {
    const { chart } = enabled(list(job({ generateName: 'run-' }), job({ generateName: 'run-' })));
    expect(only(Testing.synth(chart), 'List').items.map((item: any) => initContainers(item.spec.template))).toEqual(Array(2).fill(['seed-nix-store']));
  });

  test('has to name them otherwise', () => {
    expect(refusal(list(job({})))).toContain('CDK8SNIX0514 metadata.name: got "". The name of an object has lower-case letters, digits, "-" and "."; 253 at most. Give it one.');
  });

  test('has no namespace of the chart', () => {
    const chart = new Chart(Testing.app(), 'test', { namespace: 'team' });
    enabled(list(job({ name: 'a' })), {}, {}, chart);
    expect(() => Testing.synth(chart)).toThrow(/CDK8SNIX0505 metadata.namespace: got nothing.*Set metadata.namespace: team\./);
    const named = new Chart(Testing.app(), 'test', { namespace: 'team' });
    enabled(list(job({ name: 'a', namespace: 'team' })), {}, {}, named);
    expect(() => Testing.synth(named)).not.toThrow();
  });
});

test('a patch that fails names the object', () => {
  expect(refusal(deployment({ containers: CONTAINERS }), JsonPatch.replace('/spec/nothing/here', 1))).toContain("Failed serializing construct at path 'test/theirs'");
});
