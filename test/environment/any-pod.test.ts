import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import * as cdk8s from 'cdk8s';
import { ApiObject, App, Chart, Cron, Include, JsonPatch, Testing, Yaml } from 'cdk8s';
import * as kplus28 from 'cdk8s-plus-28';
import * as kplus28Copy from 'cdk8s-plus-28-copy';
import * as kplus32 from 'cdk8s-plus-32';
import * as kplus34 from 'cdk8s-plus-34';
import * as constructs from 'constructs';
import * as library from '../../src';
import { NixDeployment, NixEnvironment, NixGarbageCollection, NixStatefulSet, NixStore, PodSecurity } from '../../src';
import { explain } from '../../src/explain/explain';
import { filesOf, only, podSpec, testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const CONTAINERS = [{ name: 'main', image: 'example/app:1' }];
const LABELS = { app: 'theirs' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: CONTAINERS } };
const SELECTOR = { matchLabels: LABELS };

const object = (kind: string, name: string, spec: any, apiVersion = 'apps/v1'): any => ({ apiVersion, kind, metadata: { name }, spec });
const deployment = (name: string, more: any = {}): any => object('Deployment', name, { selector: SELECTOR, template: TEMPLATE, ...more });

/** Objects of a YAML file. */
function include(chart: Chart, ...objects: any[]): Include {
  const url = join(mkdtempSync(join(tmpdir(), 'any-pod-')), 'theirs.yaml');
  writeFileSync(url, Yaml.stringify(...objects));
  return new Include(chart, 'theirs', { url });
}

/** The library once more, as a second folder in node_modules would have it, on the same cdk8s. */
function anotherCopy(scripts: string = ''): typeof library {
  const shared: { readonly [name: string]: unknown } = { cdk8s, constructs, 'cdk8s-plus-28': kplus28 };
  let copy: typeof library;
  jest.isolateModules(() => {
    Object.keys(shared).forEach(name => jest.doMock(name, () => shared[name]));
    const original = jest.requireActual('../../src/base/package-file');
    jest.doMock('../../src/base/package-file', () => ({ ...original, packageFile: (path: string) => original.packageFile(path) + scripts }));
    copy = jest.requireActual('../../src');
    [...Object.keys(shared), '../../src/base/package-file'].forEach(name => jest.dontMock(name));
  });
  return copy!;
}

/** The generations are alike; their types are not the same to the compiler. */
const GENERATIONS: Array<[string, typeof kplus28]> = [
  ['28', kplus28], ['28, a second copy', kplus28Copy as unknown as typeof kplus28], ['32', kplus32 as unknown as typeof kplus28], ['34', kplus34 as unknown as typeof kplus28],
];

describe.each(GENERATIONS)('cdk8s-plus-%s', (_, kplus) => {
  const refused = (props: kplus28.DeploymentProps) => synthErrorOf(chart =>
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'theirs', { containers: CONTAINERS, ...props })));

  test('its two replicas and its rolling update are defaults, which one claim does not get', () => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'theirs', { containers: CONTAINERS }));
    expect(only(Testing.synth(chart), 'Deployment').spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(chart).toBeValidKubernetes();
  });

  test('with a store for each pod they stay', () => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() }).enable(new kplus.Deployment(chart, 'theirs', { containers: CONTAINERS }));
    expect(only(Testing.synth(chart), 'Deployment').spec).toMatchObject({ replicas: 2, strategy: { type: 'RollingUpdate' } });
  });

  test('the same said by somebody is a wish', () => {
    expect(refused({ replicas: 2 })).toContain('CDK8SNIX0206 replicas: got 2');
    expect(refused({ strategy: kplus.DeploymentStrategy.rollingUpdate() })).toContain('CDK8SNIX0207 strategy: got "RollingUpdate"');
  });

  test('its StatefulSet has a store for each replica', () => {
    const chart = testChart();
    const service = new kplus.Service(chart, 'service', { ports: [{ port: 80 }] });
    new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() }).enable(new kplus.StatefulSet(chart, 'theirs', { containers: CONTAINERS, service }));
    expect(only(Testing.synth(chart), 'StatefulSet').spec.volumeClaimTemplates).toHaveLength(1);
    expect(chart).toBeValidKubernetes();
  });

  test('its CronJob and its Job end, its DaemonSet does not fit one claim', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(new kplus.CronJob(chart, 'nightly', { containers: CONTAINERS, schedule: Cron.daily() }));
    environment.enable(new kplus.Job(chart, 'once', { containers: CONTAINERS }));
    expect(chart).toBeValidKubernetes();
    expect(synthErrorOf(other => new NixEnvironment(other, 'nix').enable(new kplus.DaemonSet(other, 'theirs', { containers: CONTAINERS }))))
      .toContain('CDK8SNIX0206 store: got "ReadWriteOnce". A DaemonSet runs a pod on every node');
  });

  test('its autoscaler is more than one replica', () => {
    expect(synthErrorOf(chart => {
      const cpu = { request: kplus.Cpu.units(1), limit: kplus.Cpu.units(1) };
      const target = new kplus.Deployment(chart, 'theirs', { containers: [{ ...CONTAINERS[0], resources: { cpu } }] });
      new kplus.HorizontalPodAutoscaler(chart, 'scaler', { target, maxReplicas: 3 });
      new NixEnvironment(chart, 'nix').enable(target);
    })).toContain('CDK8SNIX0206 store: got "ReadWriteOnce". An autoscaler adds replicas');
  });

  test('containers may come after its pod template was named', () => {
    const chart = testChart();
    const workload = new kplus.Deployment(chart, 'theirs');
    new NixEnvironment(chart, 'nix').enable(workload, { podTemplates: ['/spec/template'] });
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0507');
    workload.addContainer({ image: 'example/app:1' });
    expect(podSpec(chart, 'Deployment').initContainers[0].name).toBe('seed-nix-store');
  });

  test('no container at all is told', () => {
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'theirs')))).toContain('CDK8SNIX0507 containers: got []');
  });
});

describe('what nobody said', () => {
  test('of a Deployment is decided by the store, and what its manifest says stays', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(new kplus34.k8s.KubeDeployment(chart, 'bare', { spec: { selector: SELECTOR, template: TEMPLATE } }));
    environment.enable(new ApiObject(chart, 'said', deployment('said', { replicas: 0, strategy: { type: 'Recreate' } })));
    const [bare, said] = Testing.synth(chart).filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec);
    expect(bare.replicas).toBeUndefined();
    expect(bare.strategy).toEqual({ type: 'Recreate' });
    expect(said).toMatchObject({ replicas: 0, strategy: { type: 'Recreate' } });
  });

  test('of a Deployment that `kubectl create --dry-run` wrote is the same, which leaves fields empty', () => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(include(chart, deployment('theirs', { replicas: 1, strategy: {} })));
    expect(only(Testing.synth(chart), 'Deployment').spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('of a CronJob is that its runs may meet, which Kubernetes would let them', () => {
    const chart = testChart();
    const spec = { schedule: '@daily', jobTemplate: { spec: { template: { spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } } } };
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', object('CronJob', 'theirs', spec, 'batch/v1')));
    expect(only(Testing.synth(chart), 'CronJob').spec.concurrencyPolicy).toBe('Forbid');
    expect(chart).toBeValidKubernetes();
  });

  test('of a Rollout is a canary that stops the old pod first', () => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', object('Rollout', 'theirs', { selector: SELECTOR, template: TEMPLATE }, 'argoproj.io/v1alpha1')));
    expect(only(Testing.synth(chart), 'Rollout').spec.strategy).toEqual({ canary: { maxSurge: 0, maxUnavailable: 1 } });
  });
});

describe('a DeploymentConfig of OpenShift', () => {
  const config = (spec: any): any => object('DeploymentConfig', 'theirs', { template: TEMPLATE, ...spec }, 'apps.openshift.io/v1');
  const written = (spec: any): any => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', config(spec)));
    return only(Testing.synth(chart), 'DeploymentConfig').spec;
  };

  test('is replaced by stopping the old pod first, which it would not do by itself', () => {
    const { strategy, template } = written({ replicas: 1 });
    expect(strategy).toEqual({ type: 'Recreate' });
    expect(template.spec.initContainers.map(({ name }: any) => name)).toEqual(['seed-nix-store']);
  });

  test('may ask for that in its own words', () => {
    const strategy = { type: 'Recreate', recreateParams: { timeoutSeconds: 60 } };
    expect(written({ strategy }).strategy).toEqual(strategy);
  });

  test.each([
    ['old and new pod at once', { strategy: { type: 'Rolling' } }, 'CDK8SNIX0207 strategy: got "Rolling". The new pod would wait'],
    ['several pods', { replicas: 2 }, 'CDK8SNIX0206 replicas: got 2'],
    ['pods that end', { template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } }, 'CDK8SNIX0508 restartPolicy: got "Never"'],
  ])('%s: refused', (_, spec, message) => {
    expect(() => written(spec)).toThrow(message);
  });
});

describe('one claim is refused to', () => {
  const refused = (manifest: any, ...others: any[]) => synthErrorOf(chart => {
    others.forEach((other, i) => new ApiObject(chart, `other-${i}`, other));
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', manifest));
  });
  const scaler = (target: any, most: any) => object('ScaledObject', 'scaler', { scaleTargetRef: target, ...most }, 'keda.sh/v1alpha1');

  test.each([
    ['several replicas', deployment('theirs', { replicas: 3 }), 'CDK8SNIX0206 replicas: got 3'],
    ['a rolling update', deployment('theirs', { strategy: { rollingUpdate: { maxSurge: 1 } } }), 'CDK8SNIX0207 strategy: got "RollingUpdate"'],
    ['a ReplicaSet of two', object('ReplicaSet', 'theirs', { replicas: 2, selector: SELECTOR, template: TEMPLATE }), 'CDK8SNIX0206 replicas: got 2'],
    ['a Job of two at once', object('Job', 'theirs', { parallelism: 2, template: { spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } }, 'batch/v1'), 'CDK8SNIX0206 parallelism: got 2'],
    ['a canary beside the old pod', object('Rollout', 'theirs', { selector: SELECTOR, template: TEMPLATE, strategy: { canary: {} } }, 'argoproj.io/v1alpha1'), 'CDK8SNIX0207 strategy: got "canary"'],
    ['a canary that routes traffic', object('Rollout', 'theirs', { selector: SELECTOR, template: TEMPLATE, strategy: { canary: { maxSurge: 0, trafficRouting: { istio: {} } } } }, 'argoproj.io/v1alpha1'), 'CDK8SNIX0207 strategy: got "canary.trafficRouting"'],
    ['blue beside green', object('Rollout', 'theirs', { selector: SELECTOR, template: TEMPLATE, strategy: { blueGreen: {} } }, 'argoproj.io/v1alpha1'), 'CDK8SNIX0207 strategy: got "blueGreen"'],
    ['a Knative Service', object('Service', 'theirs', { template: TEMPLATE }, 'serving.knative.dev/v1'), 'CDK8SNIX0206 store: got "ReadWriteOnce". Knative adds pods'],
    ['a Job whose pod is to be started again for ever', object('Job', 'theirs', { template: TEMPLATE }, 'batch/v1'), 'CDK8SNIX0508 restartPolicy: got nothing'],
  ])('%s', (_, manifest, message) => {
    expect(refused(manifest)).toContain(message);
  });

  test('a HorizontalPodAutoscaler and a ScaledObject of KEDA are more than one replica, whoever wrote them', () => {
    const message = 'CDK8SNIX0206 store: got "ReadWriteOnce". An autoscaler adds replicas';
    const hpa = object('HorizontalPodAutoscaler', 'scaler', { scaleTargetRef: { kind: 'Deployment', name: 'theirs' }, maxReplicas: 2 }, 'autoscaling/v2');
    expect(refused(deployment('theirs'), hpa)).toContain(message);
    expect(refused(deployment('theirs'), { apiVersion: 'v1', kind: 'List', items: [hpa] })).toContain(message);
    expect(refused(deployment('theirs'), scaler({ name: 'theirs' }, {}))).toContain(message);
    expect(refused(deployment('theirs'), scaler({ name: 'theirs' }, { maxReplicaCount: 1 }))).toBe('');
    expect(refused(deployment('theirs'), scaler({ name: 'other' }, {}))).toBe('');
    expect(refused(deployment('theirs'), scaler({ name: 'theirs', kind: 'StatefulSet' }, {}))).toBe('');
  });

  test('an update that stops the old pod first is fine, by whatever name', () => {
    expect(refused(deployment('theirs', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }))).toBe('');
    expect(refused(deployment('theirs', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '0%' } } }))).toBe('');
    const config = (rollingParams: any): any => object('DeploymentConfig', 'theirs', { template: TEMPLATE, strategy: { type: 'Rolling', rollingParams } }, 'apps.openshift.io/v1');
    expect(refused(config({ maxSurge: 0, maxUnavailable: 1 }))).toBe('');
    expect(refused(config({ maxSurge: '25%' }))).toContain('CDK8SNIX0207 strategy: got "Rolling"');
  });

  test('an autoscaler that comes between two synths is seen', () => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', deployment('theirs')));
    Testing.synth(chart);
    new ApiObject(chart, 'scaler', scaler({ name: 'theirs' }, {}));
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0206');
  });

  test('two workloads, if it is for one pod', () => {
    const together = (mode: kplus28.PersistentVolumeAccessMode, ...manifests: any[]) => synthErrorOf(chart =>
      new NixEnvironment(chart, 'nix', { store: NixStore.persistent({ accessModes: [mode] }) }).enable(include(chart, ...manifests)));
    const { READ_WRITE_ONCE, READ_WRITE_ONCE_POD } = kplus28.PersistentVolumeAccessMode;
    const job = object('Job', 'once', { template: { spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } }, 'batch/v1');
    expect(together(READ_WRITE_ONCE_POD, deployment('a'), deployment('b')))
      .toContain('[test/nix] CDK8SNIX0206 store: got "ReadWriteOncePod". Several workloads need it at once: Deployment/a, Deployment/b. Use an environment for each,');
    expect(together(READ_WRITE_ONCE_POD, deployment('a'), job)).toContain('Several workloads need it at once: Deployment/a, Job/once.');
    expect(together(READ_WRITE_ONCE_POD, job, { ...job, metadata: { name: 'twice' } })).toBe('');
    expect(together(READ_WRITE_ONCE, deployment('a'), deployment('b'))).toBe('');
  });

  test('several pods of one custom resource', () => {
    const task = (name: string, more: any = {}) => ({ name, template: TEMPLATE, ...more });
    const volcano = (...tasks: any[]) => synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(
      new ApiObject(chart, 'theirs', object('Job', 'theirs', { tasks }, 'batch.volcano.sh/v1alpha1')), { podTemplates: ['/spec/tasks/*/template'] }));
    expect(volcano(task('a', { replicas: 2 }))).toContain('CDK8SNIX0206 replicas: got 2');
    expect(volcano(task('a'), task('b'))).toContain('CDK8SNIX0206 podTemplates: got [".spec.tasks[0].template",".spec.tasks[1].template"]');
    expect(volcano(task('a'))).toBe('');
  });

  test('Jobs that KEDA starts beside each other', () => {
    const scaled = (more: any) => synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(
      new ApiObject(chart, 'theirs', object('ScaledJob', 'theirs', { jobTargetRef: { template: TEMPLATE }, ...more }, 'keda.sh/v1alpha1')),
      { podTemplates: ['/spec/jobTargetRef/template'] },
    ));
    expect(scaled({})).toContain('CDK8SNIX0206 maxReplicaCount: got nothing. KEDA starts Jobs beside each other');
    expect(scaled({ maxReplicaCount: 1 })).toBe('');
  });

  test('several pods of a map of a custom resource', () => {
    const training = (...roles: string[]) => synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs',
      object('PyTorchJob', 'theirs', { pytorchReplicaSpecs: Object.fromEntries(roles.map(role => [role, { template: TEMPLATE }])) }, 'kubeflow.org/v1'),
    ), { podTemplates: ['/spec/pytorchReplicaSpecs/*/template'] }));
    expect(training('Master', 'Worker')).toContain(
      'CDK8SNIX0206 podTemplates: got [".spec.pytorchReplicaSpecs.Master.template",".spec.pytorchReplicaSpecs.Worker.template"]');
    expect(training('Worker')).toBe('');
  });
});

describe('claim templates', () => {
  const statefulSet = (more: any = {}) => object('StatefulSet', 'theirs', { serviceName: 'theirs', selector: SELECTOR, template: TEMPLATE, ...more });
  const data = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
  const names = (chart: Chart) => only(Testing.synth(chart), 'StatefulSet').spec.volumeClaimTemplates.map((template: any) => template.metadata.name);

  test('of the StatefulSet stay beside ours, and so does what becomes of their claims', () => {
    const chart = testChart();
    const retention = { whenDeleted: 'Delete', whenScaled: 'Delete' };
    new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() })
      .enable(new ApiObject(chart, 'theirs', statefulSet({ volumeClaimTemplates: [data], persistentVolumeClaimRetentionPolicy: retention })));
    expect(names(chart)).toEqual(['data', 'nix-store']);
    expect(only(Testing.synth(chart), 'StatefulSet').spec.persistentVolumeClaimRetentionPolicy).toEqual(retention);
    expect(chart).toBeValidKubernetes({ external: ['Service/theirs'] });
  });

  test('of a JSON patch do not take the place of ours', () => {
    const chart = testChart();
    ApiObject.of(new NixStatefulSet(chart, 'workspace')).addJsonPatch(JsonPatch.add('/spec/volumeClaimTemplates', [data]));
    expect(names(chart)).toEqual(['data', 'nix-store']);
    expect(chart).toBeValidKubernetes();
  });

  test('are nothing that others have', () => {
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() }).enable(new ApiObject(chart, 'theirs', deployment('theirs')))))
      .toContain('CDK8SNIX0209 store: got "perReplica"');
  });

  test('with our name are refused', () => {
    const ours = { ...data, metadata: { name: 'nix-store' } };
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() }).enable(new ApiObject(chart, 'theirs', statefulSet({ volumeClaimTemplates: [ours] })))))
      .toContain('CDK8SNIX0504 volumes: got "nix-store"');
  });
});

describe('an Include', () => {
  const nixIn = (manifests: any[]) => manifests.filter(({ spec }) => spec?.template?.spec?.initContainers).map(({ metadata }) => metadata.name);
  const two = (chart: Chart) => include(chart, deployment('a'), deployment('b'), object('Service', 'c', { ports: [{ port: 80 }] }, 'v1'));

  test('gives Nix to all that have pods, or to those that are selected', () => {
    const selected = (...select: library.NixWorkloadSelector[]) => {
      const chart = testChart();
      new NixEnvironment(chart, 'nix').enable(two(chart), { select });
      return nixIn(Testing.synth(chart));
    };
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(two(chart));
    expect(nixIn(Testing.synth(chart))).toEqual(['a', 'b']);
    expect(selected({ kind: 'Deployment', name: 'b' })).toEqual(['b']);
    expect(selected({ name: 'a' })).toEqual(['a']);
    expect(selected({ name: 'a' }, { name: 'b' })).toEqual(['a', 'b']);
  });

  test('of a List gives Nix to what was selected in it', () => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix').enable(include(chart, { apiVersion: 'v1', kind: 'List', items: [deployment('a'), deployment('b')] }), { select: [{ name: 'b' }] });
    expect(nixIn(only(Testing.synth(chart), 'List').items)).toEqual(['b']);
  });

  test.each<[string, library.NixEnableOptions, string]>([
    ['nothing of this name', { select: [{ name: 'd' }] }, 'CDK8SNIX0516 select: got {"name":"d"}. Nothing that has pods is of this kind and name. There is: Deployment/a, Deployment/b.'],
    ['a kind without pods', { select: [{ kind: 'Service' }] }, 'CDK8SNIX0516 select: got {"kind":"Service"}'],
    ['one of two that is not there', { select: [{ name: 'a' }, { name: 'd' }] }, 'CDK8SNIX0516 select: got {"name":"d"}'],
    ['a selector of everything', { select: [{ name: 'a' }, {}] }, 'CDK8SNIX0516 select[1]: got {}. A selector names a kind, a name, or both'],
    ['nothing', { select: [] }, 'CDK8SNIX0516 select: got []'],
    ['a pointer that is none', { podTemplates: ['spec.template'] }, 'CDK8SNIX0517 podTemplates: got "spec.template". This is no JSON pointer.'],
    ['a pointer that leads nowhere', { podTemplates: ['/spec/jobs/*/template'] }, 'CDK8SNIX0517 podTemplates: got "/spec/jobs/*/template". It leads to no pod template'],
  ])('%s is an error', (_, options, message) => {
    const chart = testChart();
    expect(() => new NixEnvironment(chart, 'nix').enable(two(chart), options)).toThrow(message);
  });

  test('with a container that only some have is an error for the others', () => {
    const other = deployment('b', { template: { ...TEMPLATE, spec: { containers: [{ name: 'other', image: 'example/app:1' }] } } });
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(include(chart, deployment('a'), other), { containers: ['main'] })))
      .toContain('CDK8SNIX0502 containers: got "main". The workload has no such container. Use one of: other.');
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(include(chart, deployment('a'), other), { containers: ['main', 'other'] }))).toBe('');
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(include(chart, deployment('a'), other), { containers: ['app'] })))
      .toContain('Use one of: main, other.');
  });

  test('is put right by a patch, which is the only way to change it', () => {
    const patched = (...patches: JsonPatch[]) => synthErrorOf(chart => {
      const theirs = include(chart, deployment('a', { replicas: 3, template: { ...TEMPLATE, spec: { containers: [{ ...CONTAINERS[0], securityContext: { privileged: true } }] } } }));
      theirs.apiObjects[0].addJsonPatch(...patches);
      new NixEnvironment(chart, 'nix').enable(theirs);
    });
    const one = JsonPatch.replace('/spec/replicas', 1);
    const unprivileged = JsonPatch.remove('/spec/template/spec/containers/0/securityContext/privileged');
    expect(patched(one, unprivileged)).toBe('');
    expect(patched(one)).toContain('CDK8SNIX0404 containers[main].securityContext.privileged');
    expect(patched(unprivileged)).toContain('CDK8SNIX0206 replicas: got 3');
  });
});

test('a construct that leads to no pod is an error', () => {
  const chart = testChart();
  const environment = new NixEnvironment(chart, 'nix');
  const service = new kplus28.Service(chart, 'service', { ports: [{ port: 80 }] });
  expect(() => environment.enable(service)).toThrow('CDK8SNIX0516 workload: got "test/service". It makes no object that starts pods');
});

describe('two copies of the library', () => {
  const copy = anotherCopy();

  test('know what the other has enabled', () => {
    expect(copy.NixEnvironment).not.toBe(NixEnvironment);
    const chart = testChart();
    const workload = new kplus28.Deployment(chart, 'theirs', { containers: CONTAINERS });
    new NixEnvironment(chart, 'first').enable(workload);
    expect(() => new copy.NixEnvironment(chart, 'second').enable(workload)).toThrow('CDK8SNIX0501 test/theirs: enabled twice, by test/first and by test/second');
    expect(podSpec(chart).initContainers).toHaveLength(1);
  });

  test('of one version share the scripts', () => {
    const chart = testChart();
    new NixDeployment(chart, 'one');
    new copy.NixDeployment(chart, 'two');
    expect(Testing.synth(chart).filter(manifest => 'seed-nix-store.sh' in filesOf(manifest))).toHaveLength(1);
  });

  test('of two versions have their own', () => {
    const other = anotherCopy('# newer\n');
    const chart = testChart();
    new NixDeployment(chart, 'one');
    new other.NixDeployment(chart, 'two');
    new NixDeployment(chart, 'three');
    new other.NixDeployment(chart, 'four');
    const manifests = Testing.synth(chart);
    const scriptsOf = (name: string): string => {
      const { volumes } = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.includes(name)).spec.template.spec;
      const configMap = volumes.find((volume: any) => volume.name === 'nix-scripts').configMap.name;
      return filesOf(manifests.find(({ metadata }) => metadata.name === configMap))['seed-nix-store.sh'];
    };
    expect(['one', 'two', 'three', 'four'].map(name => scriptsOf(name).endsWith('# newer\n'))).toEqual([false, true, false, true]);
    expect(chart).toBeValidKubernetes();
  });

  test('see who seeds a shared store from another image', () => {
    expect(synthErrorOf(chart => {
      const store = { accessModes: [kplus28.PersistentVolumeAccessMode.READ_WRITE_MANY], shared: true };
      new NixDeployment(chart, 'one', { store: NixStore.existing('nix', store) });
      new copy.NixDeployment(chart, 'two', { store: copy.NixStore.existing('nix', store), image: copy.NixImage.of('example/nix:2') });
    })).toContain('CDK8SNIX0213');
  });
});

test('two environments that end at one claim are told', () => {
  class Terse extends Chart {
    public generateObjectName(apiObject: ApiObject): string {
      return apiObject.kind.toLowerCase();
    }
  }
  const chart = new Terse(new App({ outdir: Testing.app().outdir }), 'test');
  new NixDeployment(chart, 'one', { metadata: { name: 'one' } });
  expect(() => Testing.synth(chart)).not.toThrow();
  new NixDeployment(chart, 'two', { metadata: { name: 'two' } });
  expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0214 metadata.name: got "persistentvolumeclaim". This is the PersistentVolumeClaim of test/one/Nix too');
});

test('a name that was given to the claims of two environments is put right where it was given', () => {
  expect(synthErrorOf(chart => {
    new NixEnvironment(chart, 'one', { store: NixStore.persistent({ claimName: 'tools' }) });
    new NixEnvironment(chart, 'two', { store: NixStore.persistent({ claimName: 'tools' }) });
  })).toMatch(/\[test\/two\] CDK8SNIX0214 metadata.name: got "tools".*Give it another name, or .*NixStore.existing\(\)/);
});

test('a name that cdk8s has made of an id is put right at the id', () => {
  expect(synthErrorOf(chart => new NixDeployment(chart, 'My_Workspace'))).toMatch(/CDK8SNIX0514 metadata.name: got "test-my_workspace-.*use ids of such characters, or set metadata.name/);
  // The claim has its name of the same id, which the name of the workload does not change.
  const named = synthErrorOf(chart => new NixDeployment(chart, 'My_Workspace', { metadata: { name: 'my-workspace' } }));
  expect(named).not.toContain('[test/My_Workspace]');
  expect(named).toMatch(/\[test\/My_Workspace\/Nix\] CDK8SNIX0514 metadata.name: got "test-my_workspace-nix-store-.*use ids of such characters/);
  expect(synthErrorOf(chart => new NixDeployment(chart, 'my-workspace'))).toBe('');
});

describe('pods that cdk8s-plus did not make', () => {
  test('are found by the NetworkPolicy of their environment', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(new ApiObject(chart, 'theirs', deployment('theirs')));
    environment.restrictNetwork();
    const manifests = Testing.synth(chart);
    expect(only(manifests, 'Deployment').spec.template.metadata.labels).toMatchObject(only(manifests, 'NetworkPolicy').spec.podSelector.matchLabels);
  });

  test.each<[string, (chart: Chart) => constructs.IConstruct]>([
    ['an ApiObject', chart => new ApiObject(chart, 'theirs', deployment('theirs'))],
    ['cdk8s-plus-34', chart => new kplus34.Deployment(chart, 'theirs', { containers: CONTAINERS })],
  ])('are followed to their node by the garbage collection: %s', (_, make) => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(make(chart));
    new NixGarbageCollection(chart, 'gc', { environment });
    const manifests = Testing.synth(chart);
    const { podAffinity } = only(manifests, 'CronJob').spec.jobTemplate.spec.template.spec.affinity;
    const [{ labelSelector }] = podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(Object.keys(labelSelector.matchLabels)).toHaveLength(1);
    expect(only(manifests, 'Deployment').spec.template.metadata.labels).toMatchObject(labelSelector.matchLabels);
    expect(chart).toBeValidKubernetes();
  });
});

describe('what looks at pods', () => {
  const privileged = { metadata: { labels: LABELS }, spec: { containers: [{ ...CONTAINERS[0], securityContext: { privileged: true } }] } };
  const objects: Array<[string, any]> = [
    ['a List', { apiVersion: 'v1', kind: 'List', items: [object('Pod', 'theirs', privileged.spec, 'v1')] }],
    ['a Rollout', object('Rollout', 'theirs', { selector: SELECTOR, template: privileged }, 'argoproj.io/v1alpha1')],
    ['a Knative Service', object('Service', 'theirs', { template: privileged }, 'serving.knative.dev/v1')],
  ];

  test.each(objects)('PodSecurity sees into %s', (_, manifest) => {
    const chart = testChart();
    include(chart, manifest);
    PodSecurity.enforce(chart);
    expect(PodSecurity.check(chart)).toContainEqual(expect.objectContaining({ rule: 'privileged', name: 'theirs', container: 'main' }));
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0405');
  });

  test.each(objects)('explain sees into %s', (_, manifest) => {
    expect(explain([manifest])).toContain('theirs');
    expect(explain([manifest])).toContain('.containers[0].securityContext.privileged is true');
  });

  test('PodSecurity sees where a custom resource that was enabled has its pods', () => {
    const chart = testChart();
    const theirs = new ApiObject(chart, 'theirs', object('Job', 'theirs', { tasks: [{ template: TEMPLATE }] }, 'batch.volcano.sh/v1alpha1'));
    new NixEnvironment(chart, 'nix').enable(theirs, { podTemplates: ['/spec/tasks/*/template'] });
    theirs.addJsonPatch(JsonPatch.add('/spec/tasks/0/template/spec/hostPID', true));
    expect(PodSecurity.check(chart).map(({ field }) => field)).toEqual(['.spec.tasks[0].template.spec.hostPID']);
  });
});

test('a patch of a Service of ours with a named port holds', () => {
  const chart = testChart();
  const workspace = new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', ports: [{ number: 80, name: 'web' }] }] });
  const service = workspace.exposeViaService();
  ApiObject.of(service).addJsonPatch(JsonPatch.replace('/spec/ports/0/targetPort', 'web'));
  const statefulSet = new NixStatefulSet(chart, 'replicated');
  statefulSet.service.bind(80);
  ApiObject.of(statefulSet.service).addJsonPatch(JsonPatch.add('/spec/ports/0/targetPort', 'web'));
  expect(Testing.synth(chart).filter(({ kind }) => kind === 'Service').map(({ spec }) => spec.ports[0].targetPort)).toEqual(['web', 'web']);
});

test('what an object was made to convert is converted, by whatever class', () => {
  class Shouting extends kplus28.k8s.KubeDeployment {
    public toJson(): any {
      const manifest = super.toJson();
      return { ...manifest, metadata: { ...manifest.metadata, labels: { loud: 'YES' } } };
    }
  }
  const chart = testChart();
  const theirs = new Shouting(chart, 'theirs', { spec: { selector: SELECTOR, template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, hostPid: false } } } });
  const { toJson } = theirs;
  theirs.toJson = () => ({ ...toJson.call(theirs), status: {} });
  theirs.addJsonPatch(JsonPatch.add('/spec/template/spec/hostUsers', false));
  new NixEnvironment(chart, 'nix').enable(theirs);
  const manifest = only(Testing.synth(chart), 'Deployment');
  expect(manifest).toMatchObject({ status: {}, metadata: { labels: { loud: 'YES' } }, spec: { template: { spec: { hostPID: false, hostUsers: false } } } });
  expect(manifest.spec.template.spec.initContainers).toHaveLength(1);
  expect(JSON.stringify(only(Testing.synth(chart), 'Deployment'))).toBe(JSON.stringify(manifest));
});

test('a patch of an object of a binary cache holds as well', () => {
  const chart = testChart();
  const cache = new library.NixBinaryCache(chart, 'cache');
  ApiObject.of(cache.service).addJsonPatch(JsonPatch.replace('/spec/ports/0/targetPort', 'http'));
  cache.podDisruptionBudget.addJsonPatch(JsonPatch.replace('/spec/maxUnavailable', '50%'));
  const manifests = Testing.synth(chart);
  expect(only(manifests, 'Service').spec.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
  expect(only(manifests, 'PodDisruptionBudget').spec.maxUnavailable).toBe('50%');
});

describe('what was found fine', () => {
  test('and is not when it is synthesized once more, is refused then', () => {
    const chart = testChart();
    const workload = new kplus28.Deployment(chart, 'theirs', { containers: CONTAINERS });
    new NixEnvironment(chart, 'nix').enable(workload);
    expect(() => Testing.synth(chart)).not.toThrow();
    workload.addContainer({ name: 'main', image: 'example/app:2' });
    expect(() => Testing.synth(chart)).toThrow('[test/theirs] CDK8SNIX0509 containers.name: got "main"');
    expect(() => Testing.synth(chart)).toThrow('[test/theirs] CDK8SNIX0509 containers.name: got "main"');
  });

  test('and is spoilt by another validation, is refused as it is written', () => {
    const chart = testChart();
    const workload = new kplus28.Deployment(chart, 'theirs', { containers: CONTAINERS });
    new NixEnvironment(chart, 'nix').enable(workload);
    new constructs.Construct(chart, 'policy').node.addValidation({
      validate: () => {
        workload.addContainer({ name: 'main', image: 'example/app:2' });
        return [];
      },
    });
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0509');
  });
});
