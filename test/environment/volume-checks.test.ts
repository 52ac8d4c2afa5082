import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnableOptions, NixEnvironment, NixHome, NixStore } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'theirs' };
const DATA = { name: 'data', emptyDir: {} };
const container = (more: any = {}): any => ({ name: 'main', image: 'example/app:1', ...more });
const mounting = (name: string, mountPath = '/data'): any => container({ volumeMounts: [{ name, mountPath }] });

function refused(kind: string, pod: any, more: any = {}, patches: JsonPatch[] = []): string {
  return synthErrorOf(chart => {
    const spec = { selector: { matchLabels: LABELS }, ...more, template: { metadata: { labels: LABELS }, spec: pod } };
    const theirs = new ApiObject(chart, 'theirs', { apiVersion: 'apps/v1', kind, metadata: { name: 'theirs' }, spec });
    new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(theirs);
    theirs.addJsonPatch(...patches);
  });
}

describe('volumes that an API server would refuse', () => {
  test.each<[string, any, string]>([
    ['a mount of one that there is not', { containers: [mounting('dta')], volumes: [DATA] },
      'containers[main].volumeMounts: got "dta". The pod has no volume of this name. Add it to the volumes of the pod, or use one of: data.'],
    ['where there is none at all', { containers: [mounting('data')] }, 'containers[main].volumeMounts: got "data". The pod has no volume of this name. Add it to the volumes of the pod.'],
    ['a mount of an init container', { containers: [container()], initContainers: [{ ...mounting('data'), name: 'first' }] }, 'containers[first].volumeMounts: got "data"'],
    ['a device', { containers: [container({ volumeDevices: [{ name: 'disk', devicePath: '/dev/xvda' }] })] }, 'containers[main].volumeDevices: got "disk"'],
    ['two of one name', { containers: [mounting('data')], volumes: [DATA, { name: 'data', configMap: { name: 'data' } }] }, 'volumes: got "data". Two volumes of the pod have this name.'],
    ['a name that is none', { containers: [container()], volumes: [{ ...DATA, name: 'My_Data' }] }, 'volumes: got "My_Data". The name of a volume'],
    ['no name', { containers: [container()], volumes: [{ emptyDir: {} }] }, 'volumes: got nothing. The name of a volume'],
  ])('%s', (_, pod, message) => {
    expect(refused('Deployment', pod)).toContain(`[test/theirs] CDK8SNIX0525 ${message}`);
  });

  test('one of ours is told by its own code', () => {
    const message = refused('Deployment', { containers: [container()], volumes: [{ ...DATA, name: 'nix-tmp' }] });
    expect(message).toContain('CDK8SNIX0504 volumes: got "nix-tmp"');
    expect(message).not.toContain('CDK8SNIX0525');
  });
});

describe('volumes that there are', () => {
  test.each<[string, string, any, any]>([
    ['of the pod', 'Deployment', { containers: [mounting('data')], volumes: [DATA] }, {}],
    ['of a claim template', 'StatefulSet', { containers: [mounting('data')] }, { serviceName: 'theirs', volumeClaimTemplates: [{ metadata: { name: 'data' } }] }],
    ['of ours, mounted once more', 'Deployment', { containers: [mounting('nix-store', '/mnt/volume')] }, {}],
  ])('%s', (_, kind, pod, more) => {
    expect(refused(kind, pod, more)).toBe('');
  });

  test('since a patch adds them', () => {
    const pod = { containers: [mounting('data')], volumes: [{ ...DATA, name: 'other' }] };
    expect(refused('Deployment', pod, {}, [JsonPatch.add('/spec/template/spec/volumes/-', DATA)])).toBe('');
    expect(refused('Deployment', pod, {}, [JsonPatch.add('/spec/replicas', 1)])).toContain('CDK8SNIX0525');
  });

  test('as far as the kind is known: who runs the pods of others may add some', () => {
    const options: NixEnableOptions = { podTemplates: ['/spec/driver/template'] };
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(new ApiObject(chart, 'theirs', {
      apiVersion: 'example.org/v1', kind: 'Application', metadata: { name: 'theirs' }, spec: { driver: { template: { spec: { containers: [mounting('spark-conf')] } } } },
    }), options))).toBe('');
  });

  test('of a workload of cdk8s-plus, which adds them by itself', () => {
    expect(synthErrorOf(chart => {
      const volume = kplus.Volume.fromEmptyDir(chart, 'Data', 'data');
      const workload = new kplus.Deployment(chart, 'theirs', { containers: [{ image: 'example/app:1', volumeMounts: [{ path: '/data', volume }] }] });
      new NixEnvironment(chart, 'nix').enable(workload);
    })).toBe('');
  });
});

describe('a volume at the home', () => {
  const theirs = (chart: Chart, kind: string, { mounts = [], ...pod }: any, spec: any = {}): ApiObject => {
    const containers = [{ name: 'main', image: 'example/app:1', volumeMounts: mounts }];
    const labels = { app: 'theirs' };
    return new ApiObject(chart, 'theirs', {
      apiVersion: 'apps/v1', kind, metadata: { name: 'theirs' }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers, ...pod } }, ...spec },
    });
  };
  const mounts = [{ name: 'data', mountPath: '/home/code' }];

  test('is named by its claim, and what to do with it is fine', () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'code-server' } }];
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix').enable(theirs(chart, 'Deployment', { mounts, volumes }))))
      .toContain('Give the volume to the environment, home: NixHome.existing("code-server"), and leave this mount out. The home is its folder home/ then');
    expect(synthErrorOf(chart => new NixEnvironment(chart, 'nix', { home: NixHome.existing('code-server') }).enable(theirs(chart, 'Deployment', { volumes })))).toBe('');
  });

  test('of a claim template can be mounted in it', () => {
    const spec = { serviceName: 'theirs', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] };
    const refusal = (at: any): string =>
      synthErrorOf(chart => new NixEnvironment(chart, 'nix', { store: NixStore.perReplica() }).enable(theirs(chart, 'StatefulSet', { mounts: at }, spec)));
    expect(refusal(mounts)).toContain('Mount it elsewhere, in a folder of the home for example: the home has a volume already.');
    expect(refusal([{ name: 'data', mountPath: '/home/code/work' }])).toBe('');
  });
});
