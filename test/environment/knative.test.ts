import { ApiObject, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixEnvironmentProps, NixHome, NixSeedSource, NixStore } from '../../src';
import { only, testChart } from '../support/synth';

const { READ_WRITE_MANY } = kplus.PersistentVolumeAccessMode;

/** The pod of a Knative Service with Nix. */
function pod(props: NixEnvironmentProps): any {
  const chart = testChart();
  const spec = { template: { spec: { containers: [{ image: 'example/app:1' }] } } };
  new NixEnvironment(chart, 'nix', props).enable(new ApiObject(chart, 'theirs', { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'theirs' }, spec }));
  return only(Testing.synth(chart), 'Service').spec.template.spec;
}

/** What its webhook looks at: pkg/apis/serving/fieldmask.go and k8s_validation.go of knative/serving, with all feature flags on. */
const OF_POD = ['containers', 'initContainers', 'nodeSelector', 'runtimeClassName', 'securityContext', 'volumes'];
const OF_POD_SECURITY = ['runAsUser', 'runAsGroup', 'runAsNonRoot', 'fsGroup', 'supplementalGroups', 'seccompProfile'];
const OF_CONTAINER = ['name', 'image', 'imagePullPolicy', 'command', 'args', 'env', 'resources', 'securityContext', 'volumeMounts'];
const OF_MOUNT = ['name', 'mountPath', 'subPath', 'readOnly'];
const WRITTEN = ['emptyDir', 'persistentVolumeClaim', 'ephemeral'];

const allow = (object: any, fields: string[]): void => expect(fields).toEqual(expect.arrayContaining(Object.keys(object)));

describe('a Knative Service has no field that Knative refuses', () => {
  const shared = { accessModes: [READ_WRITE_MANY], shared: true };

  test.each<[string, NixEnvironmentProps]>([
    ['in an emptyDir', { store: NixStore.emptyDir() }],
    ['on a claim', { store: NixStore.persistent(shared) }],
    ['on a volume that dies with the pod', { store: NixStore.ephemeral() }],
    ['of a driver, to be read', { store: NixStore.csi({ driver: 'csi.example.org', readOnly: true }) }],
    ['from an image volume', { store: NixStore.emptyDir(), seed: { source: NixSeedSource.imageVolume('example/busybox:1') } }],
    ['with a home of its own', { store: NixStore.emptyDir(), home: NixHome.persistent({ accessModes: [READ_WRITE_MANY] }) }],
  ])('with a store %s', (_, props) => {
    const spec = pod(props);
    allow(spec, OF_POD);
    allow(spec.securityContext, OF_POD_SECURITY);
    const containers = [...spec.initContainers, ...spec.containers];
    for (const container of containers) {
      allow(container, OF_CONTAINER);
      for (const mount of container.volumeMounts) {
        allow(mount, OF_MOUNT);
        const volume = spec.volumes.find(({ name }: any) => name === mount.name);
        expect(mount.readOnly === true || WRITTEN.some(kind => kind in volume)).toBe(true);
      }
      const paths = container.volumeMounts.map(({ mountPath }: any) => mountPath);
      expect(new Set(paths).size).toBe(paths.length);
    }
    // It refuses volumes that nothing mounts, too.
    const mounted = containers.flatMap(({ volumeMounts }: any) => volumeMounts.map(({ name }: any) => name));
    expect(mounted).toEqual(expect.arrayContaining(spec.volumes.map(({ name }: any) => name)));
  });
});

describe('a Knative Service is refused what no feature flag allows', () => {
  test.each<[string, () => NixEnvironmentProps, string]>([
    ['a store of a driver that can be written', () => ({ store: NixStore.csi({ driver: 'csi.example.org' }) }), 'CDK8SNIX0526 store: got "csi". Knative lets no container write to such a volume. Use NixStore.emptyDir(), or NixStore.persistent() with READ_WRITE_MANY'],
    ['a home on a volume it does not know', () => ({ store: NixStore.emptyDir(), home: NixHome.fromVolume(kplus.Volume.fromAzureDisk(testChart(), 'disk', 'disk', 'uri', {})) }),
      'CDK8SNIX0526 home: got "azureDisk". Knative has no such volumes. Use NixHome.ephemeral().'],
  ])('%s', (_, props, message) => {
    expect(() => pod(props())).toThrow(`[test/theirs] ${message}`);
  });
});
