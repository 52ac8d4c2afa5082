import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnableOptions, NixEnvironment, NixEnvironmentProps, NixJob, NixStatefulSet, NixStore, NixUser, PodSecurity } from '../../src';
import { only, testChart } from '../support/synth';
import { synthError, synthErrorOf } from '../support/synth-error';

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

describe('texts where an API server reads numbers or booleans are refused', () => {
  const context = (securityContext: any): any => deployment({ containers: [{ ...CONTAINERS[0], securityContext }] });

  test.each<[string, any, string]>([
    ['replicas', object('Deployment', { replicas: '2', selector: SELECTOR, template: TEMPLATE }), 'CDK8SNIX0515 replicas: got "2". It is a whole number from 0 to 2147483647. Write it without quotes'],
    ['a user', context({ runAsUser: '1001' }), 'CDK8SNIX0515 containers[main].securityContext.runAsUser: got "1001"'],
    ['root', context({ runAsUser: '0' }), 'CDK8SNIX0515 containers[main].securityContext.runAsUser: got "0"'],
    ['a group of the pod', deployment({ containers: CONTAINERS, securityContext: { fsGroup: '1001' } }), 'CDK8SNIX0515 securityContext.fsGroup: got "1001"'],
    ['a privilege', context({ privileged: 'false' }), 'CDK8SNIX1303 containers[main].securityContext.privileged: got "false"'],
  ])('%s', (_, manifest, message) => {
    expect(refusal(manifest)).toContain(`[test/theirs] ${message}`);
  });

  test('and said once: the user is the right one', () => {
    expect(refusal(context({ runAsUser: '1001' }))).not.toContain('CDK8SNIX0403');
  });
});

describe('root is not forbidden to itself in silence', () => {
  const root = (spec: any, options?: NixEnableOptions): string => synthErrorOf(chart => {
    enabled(deployment(spec), options, { store: NixStore.emptyDir(), user: NixUser.root() }, chart);
  });
  const nonRoot = { securityContext: { runAsNonRoot: true } };

  test('by the pod, or a container with Nix', () => {
    const message = 'CDK8SNIX0403 securityContext.runAsNonRoot: got true. The environment runs as root, NixUser.root(), which this forbids.';
    expect(root({ containers: CONTAINERS, ...nonRoot })).toContain(`[test/theirs] ${message}`);
    expect(root({ containers: [{ ...CONTAINERS[0], ...nonRoot }] })).toContain('CDK8SNIX0403 containers[main].securityContext.runAsNonRoot');
  });

  test('but a container without Nix may have another user, and cdk8s-plus says it of everybody', () => {
    const side = { name: 'side', image: 'example/side:1', securityContext: { runAsNonRoot: true, runAsUser: 1001 } };
    expect(root({ containers: [...CONTAINERS, side] }, { containers: ['main'] })).toBe('');
    expect(synthErrorOf(chart => {
      const workload = new kplus.Deployment(chart, 'theirs', { replicas: 1, containers: [{ image: 'example/app:1' }] });
      new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir(), user: NixUser.root() }).enable(workload);
    })).toBe('');
  });
});

describe('names are as long as their kind may have them', () => {
  const named = (length: number, kind: string, apiVersion: string, spec: any): string => synthErrorOf(chart => {
    enabled(object(kind, spec, apiVersion, { name: 'n'.repeat(length) }), {}, { store: NixStore.emptyDir() }, chart);
  });
  const ends = { spec: { containers: CONTAINERS, restartPolicy: 'Never' } };

  test.each<[string, string, any, number]>([
    ['CronJob', 'batch/v1', { schedule: '@daily', jobTemplate: { spec: { template: ends } } }, 52],
    ['Job', 'batch/v1', { template: ends }, 63],
    ['StatefulSet', 'apps/v1', { serviceName: 'theirs', selector: SELECTOR, template: TEMPLATE }, 52],
    ['Service', 'serving.knative.dev/v1', { template: TEMPLATE }, 63],
  ])('%s', (kind, apiVersion, spec, longest) => {
    expect(named(longest, kind, apiVersion, spec)).toBe('');
    expect(named(longest + 1, kind, apiVersion, spec)).toMatch(new RegExp(
      `CDK8SNIX0514 metadata.name: got "n{${longest + 1}}". The name of a ${kind} has ${longest} characters at most, and this one has ${longest + 1}. Give it a shorter one.`));
  });

  test('a Deployment may have a longer one, and ids that make one too long are named as its cause', () => {
    expect(named(64, 'Deployment', 'apps/v1', { selector: SELECTOR, template: TEMPLATE })).toBe('');
    expect(synthErrorOf(chart => new NixStatefulSet(chart, 'a-construct-with-an-id-that-is-rather-long-for-any')))
      .toContain('It is made of the ids of the constructs: use shorter ones, or set metadata.name.');
    expect(synthErrorOf(chart => new NixJob(chart, 'a-construct-with-an-id-that-is-rather-long-for-a-job-of-any-kind', { containers: [{ image: 'example/app:1' }] }))).toBe('');
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
    expect(() => Testing.synth(chart)).toThrow(/CDK8SNIX0505 metadata.namespace: got nothing.*Set metadata.namespace: team in Job\/a\./);
    const named = new Chart(Testing.app(), 'test', { namespace: 'team' });
    enabled(list(job({ name: 'a', namespace: 'team' })), {}, {}, named);
    expect(() => Testing.synth(named)).not.toThrow();
  });
});

test('a patch that fails names the object', () => {
  expect(refusal(deployment({ containers: CONTAINERS }), JsonPatch.replace('/spec/nothing/here', 1))).toContain("Failed serializing construct at path 'test/theirs'");
});

describe('what is of another type in a file than Kubernetes takes', () => {
  const refused = (name: unknown, volumeClaimTemplates: unknown): string => synthErrorOf(chart => {
    const spec = { serviceName: 'theirs', selector: SELECTOR, template: TEMPLATE, volumeClaimTemplates };
    new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() }).enable(new ApiObject(chart, 'theirs', object('StatefulSet', spec, 'apps/v1', { name })));
  });

  test.each([2048, true])('a name that is %s', name => {
    expect(refused(name, [])).toContain(`CDK8SNIX0520 .metadata.name: got ${name}. It is text. Put it in quotes: "${name}".`);
  });

  test.each([[[null]], [['data']], [{ metadata: { name: 'data' } }]])('claim templates that are %j', templates => {
    expect(refused('theirs', templates)).toContain('CDK8SNIX0520 .spec.volumeClaimTemplates');
  });
});
