import { Chart, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { EmptyDirStoreOptions, NixDataSource, NixDeployment, NixDeploymentProps, NixHome, NixImage, NixStatefulSet, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart, variable } from '../support/synth';

function deployment(props: NixDeploymentProps): Chart {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', props);
  return chart;
}

function storeVolume(chart: Chart): any {
  return podSpec(chart).volumes.find((volume: any) => volume.name === 'nix-store');
}

/** nix.conf as the chart has it. */
function nixConf(chart: Chart): string {
  return Testing.synth(chart).find((m: any) => m.data?.['nix.conf']).data['nix.conf'];
}

describe('ephemeral', () => {
  test('the claim comes and goes with the pod, so that many pods may run', () => {
    const chart = deployment({ store: NixStore.ephemeral({ size: Size.gibibytes(5), storageClassName: 'fast', labels: { team: 'platform' } }), replicas: 3 });
    expect(storeVolume(chart)).toEqual({
      name: 'nix-store',
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { labels: { team: 'platform' } },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, storageClassName: 'fast', volumeMode: 'Filesystem' },
        },
      },
    });
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
  });

  test('the home goes with the store', () => {
    expect(mountAt(podSpec(deployment({ store: NixStore.ephemeral() })).containers[0], '/home/code').name).toBe('nix-home');
  });

  test('with a snapshot each pod starts warm', () => {
    const chart = deployment({ store: NixStore.ephemeral({ dataSource: NixDataSource.snapshot('seeded') }) });
    expect(storeVolume(chart).ephemeral.volumeClaimTemplate.spec.dataSource)
      .toEqual({ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'seeded' });
    expect(chart).toBeValidKubernetes();
  });
});

describe('emptyDir', () => {
  test('in memory, with a limit', () => {
    const chart = deployment({ store: NixStore.emptyDir({ medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.gibibytes(3) }) });
    expect(storeVolume(chart)).toEqual({ name: 'nix-store', emptyDir: { medium: 'Memory', sizeLimit: '3072Mi' } });
    expect(chart).toBeValidKubernetes();
  });

  test('in memory it counts as memory of the seed, whose limit makes room for it', () => {
    const limits = (options: EmptyDirStoreOptions) => podSpec(deployment({ store: NixStore.emptyDir(options) })).initContainers[0].resources.limits;
    expect(limits({})).toEqual({ memory: '512Mi' });
    expect(limits({ medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.gibibytes(3) })).toEqual({ memory: '3584Mi' });
    expect(limits({ medium: kplus.EmptyDirMedium.MEMORY })).toBeUndefined();
  });

  test('a limit that is no whole number of MiB', () => {
    const chart = deployment({ store: NixStore.emptyDir({ sizeLimit: Size.kibibytes(1536) }) });
    expect(storeVolume(chart).emptyDir.sizeLimit).toBe('1.5Mi');
    expect(chart).toBeValidKubernetes();
  });
});

describe('a data source', () => {
  test('a claim starts as a clone of another one', () => {
    const chart = deployment({ store: NixStore.persistent({ dataSource: NixDataSource.claim('golden') }) });
    expect(only(Testing.synth(chart), 'PersistentVolumeClaim').spec).toMatchObject({
      accessModes: ['ReadWriteOnce'], dataSource: { kind: 'PersistentVolumeClaim', name: 'golden' },
    });
    expect(chart).toBeValidKubernetes();
  });

  test('the seed still looks: a clone of an older image is upgraded', () => {
    const chart = deployment({ store: NixStore.persistent({ dataSource: NixDataSource.snapshot('seeded') }) });
    expect(podSpec(chart).initContainers[0].name).toBe('seed-nix-store');
  });

  test('each replica starts as a clone', () => {
    const chart = testChart();
    new NixStatefulSet(chart, 'workspace', { store: NixStore.perReplica({ dataSource: NixDataSource.claim('golden') }) });
    expect(only(Testing.synth(chart), 'StatefulSet').spec.volumeClaimTemplates[0].spec.dataSource).toEqual({ kind: 'PersistentVolumeClaim', name: 'golden' });
    expect(chart).toBeValidKubernetes();
  });
});

describe('csi', () => {
  const image = NixImage.of('example/debian:13');
  const chart = deployment({
    image,
    store: NixStore.csi({ driver: 'nix.csi.example.org', volumeAttributes: { flakeRef: 'nixpkgs#hello' }, profile: '/nix/var/result' }),
    replicas: 2,
  });
  const pod = podSpec(chart);

  test('the driver brings the volume, for any number of pods', () => {
    expect(storeVolume(chart)).toEqual({
      name: 'nix-store', csi: { driver: 'nix.csi.example.org', readOnly: false, volumeAttributes: { flakeRef: 'nixpkgs#hello' } },
    });
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
  });

  test('nothing is seeded, and the root of the volume is /nix', () => {
    expect(pod.initContainers.map((container: any) => container.name)).toEqual(['check-nix-store']);
    expect(mountAt(pod.containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix' });
  });

  test('the check keeps the /nix of its own image, where its shell may be', () => {
    const [check] = pod.initContainers;
    expect(mountAt(check, '/nix')).toBeUndefined();
    expect(mountAt(check, '/mnt/nix-store')).toEqual({ name: 'nix-store', mountPath: '/mnt/nix-store' });
    expect([variable(check, 'NIX_FOLDER'), variable(check, 'NIX_SERVED')]).toEqual(['/mnt/nix-store', 'yes']);
  });

  test('programs come from the profile of the driver, certificates from the image', () => {
    expect(variable(pod.containers[0], 'PATH')).toContain('/home/code/.nix-profile/bin:/nix/var/result/bin:');
    expect(variable(pod.containers[0], 'NIX_SSL_CERT_FILE')).toBeUndefined();
  });

  test('the home does not live with the driver', () => {
    expect(mountAt(pod.containers[0], '/home/code').name).toBe('nix-home');
  });

  test('read-only, with a Secret', () => {
    const secret = kplus.Secret.fromSecretName(testChart(), 'secret', 'driver');
    const readOnly = deployment({ image, store: NixStore.csi({ driver: 'nix.csi.example.org', readOnly: true, secret }) });
    expect(storeVolume(readOnly).csi).toEqual({ driver: 'nix.csi.example.org', readOnly: true, nodePublishSecretRef: { name: 'driver' } });
    expect(mountAt(podSpec(readOnly).containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', readOnly: true });
  });
});

describe('shared by several nodes', () => {
  const shared = { accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_MANY], shared: true };

  test('workload and seed both do without the write-ahead log', () => {
    const chart = deployment({ store: NixStore.persistent(shared), replicas: 3 });
    expect(nixConf(chart)).toContain('\nuse-sqlite-wal = false\n');
    expect(variable(podSpec(chart).initContainers[0], 'SEED_WAL')).toBe('no');
    expect(chart).toBeValidKubernetes();
  });

  test('a store of one node keeps the log', () => {
    const chart = deployment({});
    expect(nixConf(chart)).not.toContain('use-sqlite-wal');
    expect(variable(podSpec(chart).initContainers[0], 'SEED_WAL')).toBeUndefined();
  });

  test('workloads that share a claim seed it from one image', () => {
    const chart = testChart();
    new NixDeployment(chart, 'a', { store: NixStore.existing('shared', shared) });
    new NixDeployment(chart, 'b', { store: NixStore.existing('shared', shared) });
    expect(() => Testing.synth(chart)).not.toThrow();
    new NixDeployment(chart, 'c', { store: NixStore.existing('shared', shared), image: NixImage.of('example/nix:2') });
    expect(() => Testing.synth(chart)).toThrow(
      /CDK8SNIX0213 image: got "example\/nix:2"\. test\/[ab]\/Nix shares the claim shared and seeds it from .*nixos\/nix:.* Use one image for both\./,
    );
  });

  test('claims of the same name in two namespaces are two claims', () => {
    const chart = testChart();
    new NixDeployment(new Chart(chart, 'a', { namespace: 'a' }), 'w', { store: NixStore.existing('shared', shared) });
    new NixDeployment(new Chart(chart, 'b', { namespace: 'b' }), 'w', { store: NixStore.existing('shared', shared), image: NixImage.of('example/nix:2') });
    expect(() => Testing.synth(chart)).not.toThrow();
  });
});

test('labels and annotations for all objects of an environment', () => {
  const chart = deployment({
    objectLabels: { team: 'platform', tier: 'dev' },
    objectAnnotations: { 'example.org/owner': 'ann' },
    store: NixStore.persistent({ labels: { tier: 'store' }, retain: true }),
  });
  const manifests = Testing.synth(chart);
  const claim = only(manifests, 'PersistentVolumeClaim').metadata;
  expect(claim.labels).toEqual({ team: 'platform', tier: 'store' });
  expect(claim.annotations).toMatchObject({ 'example.org/owner': 'ann', 'helm.sh/resource-policy': 'keep' });
  const config = manifests.find((m: any) => m.data?.['nix.conf']).metadata;
  expect(config.labels).toEqual({ team: 'platform', tier: 'dev' });
  expect(config.annotations).toEqual({ 'example.org/owner': 'ann' });
  expect(chart).toBeValidKubernetes();
});

test('they reach the claim templates too', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'workspace', { objectLabels: { team: 'platform' } });
  expect(only(Testing.synth(chart), 'StatefulSet').spec.volumeClaimTemplates[0].metadata.labels).toEqual({ team: 'platform' });
});

test('a home of its own on a store that dies with the pod is possible when asked for', () => {
  const chart = deployment({ store: NixStore.ephemeral(), home: NixHome.onStoreVolume() });
  expect(mountAt(podSpec(chart).containers[0], '/home/code')).toEqual({ name: 'nix-store', mountPath: '/home/code', subPath: 'home' });
});
