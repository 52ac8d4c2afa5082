import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { ApiObject, Chart, Cron, Include, Lazy, Testing, Yaml } from 'cdk8s';
import * as kplus28 from 'cdk8s-plus-28';
import * as kplus28Copy from 'cdk8s-plus-28-copy';
import * as kplus32 from 'cdk8s-plus-32';
import * as kplus34 from 'cdk8s-plus-34';
import { IConstruct } from 'constructs';
import { NixEnableOptions, NixEnvironment, NixStore, PodSecurity } from '../../src';
import { podsOf } from '../../src/pod/pod-manifest';
import { testChart } from '../support/synth';

/** A workload of some origin, and a way to add a container to it after it has been enabled, where there is one. */
interface Guest {
  readonly construct: IConstruct;
  readonly options?: NixEnableOptions;
  readonly addLater?: (name: string) => void;
}

type Source = (chart: Chart, kind: string) => Guest;

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'];

/** The workloads of a generation of cdk8s-plus, which are all made in the same way. */
function ofCdk8sPlus(library: unknown): Source {
  const kplus = library as typeof kplus28;
  const container = (name: string) => ({ name, image: 'example/app:1' });
  return (chart, kind) => {
    const common = { containers: [container('app'), container('other')] };
    const workload = {
      Deployment: () => new kplus.Deployment(chart, 'guest', common),
      StatefulSet: () => new kplus.StatefulSet(chart, 'guest', { ...common, service: new kplus.Service(chart, 'service', { ports: [{ port: 80 }] }) }),
      DaemonSet: () => new kplus.DaemonSet(chart, 'guest', common),
      Job: () => new kplus.Job(chart, 'guest', common),
      CronJob: () => new kplus.CronJob(chart, 'guest', { ...common, schedule: Cron.daily() }),
      Pod: () => new kplus.Pod(chart, 'guest', common),
    }[kind]!();
    return { construct: workload, addLater: name => { workload.addContainer(container(name)); } };
  };
}

/** The manifest of a workload as somebody writes it who knows no library. */
function manifest(kind: string, containers: any = CONTAINERS): any {
  const restartPolicy = kind === 'Job' || kind === 'CronJob' ? 'Never' : undefined;
  const pod = { spec: { containers, ...(restartPolicy ? { restartPolicy } : {}) } };
  const labels = { app: 'guest' };
  const template = { metadata: { labels }, ...pod };
  const selector = { matchLabels: labels };
  const head = (apiVersion: string) => ({ apiVersion, kind, metadata: { name: 'guest' } });
  return {
    Deployment: { ...head('apps/v1'), spec: { selector, template } },
    StatefulSet: { ...head('apps/v1'), spec: { serviceName: 'guest', selector, template } },
    DaemonSet: { ...head('apps/v1'), spec: { selector, template } },
    Job: { ...head('batch/v1'), spec: { template: pod } },
    CronJob: { ...head('batch/v1'), spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template: pod } } } },
    Pod: { ...head('v1'), spec: pod.spec },
    Rollout: { ...head('argoproj.io/v1alpha1'), spec: { selector, template, strategy: { canary: {} } } },
    Service: { ...head('serving.knative.dev/v1'), spec: { template: pod } },
    VolcanoJob: { ...head('batch.volcano.sh/v1alpha1'), kind: 'Job', spec: { tasks: [{ name: 'all', replicas: 2, template: pod }] } },
  }[kind];
}

const CONTAINERS = [{ name: 'app', image: 'example/app:1' }, { name: 'other', image: 'example/app:1' }];

/** Containers that grow until they are written. */
function growing(): { readonly containers: any; readonly addLater: (name: string) => void } {
  const containers = [...CONTAINERS];
  return { containers: Lazy.any({ produce: () => containers }), addLater: name => { containers.push({ name, image: 'example/app:1' }); } };
}

/** The classes that `cdk8s import k8s` makes; those that come with cdk8s-plus are such an import of one version of Kubernetes. */
function imported(k8s: { readonly [name: string]: any }): Source {
  return (chart, kind) => {
    const { containers, addLater } = growing();
    const { metadata, spec } = manifest(kind, containers);
    return { construct: new k8s[`Kube${kind}`](chart, 'guest', { metadata, spec }), addLater };
  };
}

const apiObject: Source = (chart, kind) => {
  const { containers, addLater } = growing();
  return { construct: new ApiObject(chart, 'guest', manifest(kind, containers)), addLater };
};

/** Objects of a YAML file, with one that starts no pods among them. */
function included(...objects: any[]): (chart: Chart) => Guest {
  return chart => {
    const url = join(mkdtempSync(join(tmpdir(), 'doors-')), 'theirs.yaml');
    writeFileSync(url, Yaml.stringify(...objects, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'other' }, spec: { ports: [{ port: 80 }] } }));
    return { construct: new Include(chart, 'guest', { url }) };
  };
}

const list = (kind: string): any => ({ apiVersion: 'v1', kind: 'List', items: [manifest(kind)] });

const SOURCES: Array<[string, Source]> = [
  ['cdk8s-plus-28', ofCdk8sPlus(kplus28)],
  ['a second copy of cdk8s-plus-28', ofCdk8sPlus(kplus28Copy)],
  ['cdk8s-plus-32', ofCdk8sPlus(kplus32)],
  ['cdk8s-plus-34', ofCdk8sPlus(kplus34)],
  ['an import of Kubernetes 1.28', imported(kplus28.k8s)],
  ['an import of Kubernetes 1.34', imported(kplus34.k8s)],
  ['an ApiObject', apiObject],
  ['an Include', (chart, kind) => included(manifest(kind))(chart)],
  ['a List in an Include', (chart, kind) => included(list(kind))(chart)],
  ['a List as an ApiObject', (chart, kind) => ({ construct: new ApiObject(chart, 'guest', list(kind)) })],
];

/** Each source with each kind; and the custom resources, which come from nowhere else. */
const CASES: Array<[string, (chart: Chart) => Guest]> = [
  ...SOURCES.flatMap(([name, source]) => KINDS.map((kind): [string, (chart: Chart) => Guest] => [`a ${kind} of ${name}`, chart => source(chart, kind)])),
  ['an Argo Rollout', chart => apiObject(chart, 'Rollout')],
  ['an Argo Rollout in a List', chart => ({ construct: new ApiObject(chart, 'guest', list('Rollout')) })],
  ['an Argo Rollout whose pod was pointed to', chart => ({ ...apiObject(chart, 'Rollout'), options: { podTemplates: ['/spec/template'] } })],
  ['a Knative Service', chart => apiObject(chart, 'Service')],
  ['a Job of Volcano', chart => ({ ...apiObject(chart, 'VolcanoJob'), options: { podTemplates: ['/spec/tasks/*/template'] } })],
];

const KUBERNETES = {
  customKinds: ['argoproj.io/v1alpha1/Rollout', 'serving.knative.dev/v1/Service', 'batch.volcano.sh/v1alpha1/Job'],
  external: ['Service/guest'],
};

const POD_TEMPLATES = ['/spec/tasks/*/template'];

/** The pods, as bare ones: a custom resource may have them where only its user knows. */
function podsIn(manifests: any[]): any[] {
  return manifests.flatMap(object => podsOf(object, POD_TEMPLATES)).map(({ metadata, spec }, i) =>
    ({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `pod-${i}` }, spec }));
}

/** What a pod has of ours. */
function additionsTo(manifests: any[], container: string): any {
  const [pod] = manifests.flatMap(object => podsOf(object, POD_TEMPLATES));
  const { env, securityContext, volumeMounts } = pod.spec.containers.find((it: any) => it.name === container);
  return {
    checksum: pod.metadata.annotations['cdk8s-nix/config-checksum'],
    label: pod.metadata.labels['cdk8s-nix/environment'] ?? 'none',
    // Knative refuses the policy.
    podSecurity: { ...pod.spec.securityContext, fsGroupChangePolicy: undefined },
    initContainers: pod.spec.initContainers,
    volumes: pod.spec.volumes,
    container: { env, securityContext, volumeMounts },
    others: manifests.filter(({ kind }) => ['ConfigMap', 'PersistentVolumeClaim'].includes(kind)),
  };
}

function synthesize(
  make: (chart: Chart) => Guest, options: NixEnableOptions = {}, change: (guest: Guest) => void = () => {},
): { chart: Chart; manifests: any[] } {
  const chart = testChart();
  const guest = make(chart);
  new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(guest.construct, { ...guest.options, ...options });
  change(guest);
  return { chart, manifests: Testing.synth(chart) };
}

const reference = synthesize(chart => ofCdk8sPlus(kplus28)(chart, 'Deployment')).manifests;

describe.each(CASES)('%s', (_, make) => {
  test('has what every other has', () => {
    expect(additionsTo(reference, 'app').label).toMatch(/^test-nix-/);
    const { chart, manifests } = synthesize(make);
    expect(additionsTo(manifests, 'app')).toEqual(additionsTo(reference, 'app'));
    expect(additionsTo(manifests, 'other')).toEqual(additionsTo(reference, 'other'));
    expect(manifests).toBeValidKubernetes(KUBERNETES);
    expect(PodSecurity.check(chart)).toEqual([]);
    expect(podsIn(manifests)).toBeRestricted();
    expect(JSON.stringify(Testing.synth(chart))).toBe(JSON.stringify(manifests));
  });

  test('with one container named, the other one cannot use Nix and is restricted all the same', () => {
    const { manifests } = synthesize(make, { containers: ['app'] });
    expect(additionsTo(manifests, 'app')).toEqual(additionsTo(reference, 'app'));
    expect(additionsTo(manifests, 'other').container.volumeMounts).toEqual([{ name: 'nix-tmp', mountPath: '/tmp' }]);
    expect(additionsTo(manifests, 'other').container.env).toBeUndefined();
    expect(podsIn(manifests)).toBeRestricted();
  });

  test('a container that comes later, where one can, is treated like the first ones', () => {
    let added = false;
    const { manifests } = synthesize(make, {}, guest => {
      guest.addLater?.('late');
      added = guest.addLater !== undefined;
    });
    expect(additionsTo(manifests, added ? 'late' : 'app').container).toEqual(additionsTo(reference, 'app').container);
    expect(podsIn(manifests)).toBeRestricted();
  });
});
