import { Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixEnvironment, NixStore } from '../../src';
import { only, podSpec, testChart } from '../support/synth';

test('size, class, access modes, labels and annotations reach the claim', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {
    store: NixStore.persistent({
      size: Size.tebibytes(1),
      storageClassName: 'fast.ssd',
      accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE_POD],
      labels: { team: 'platform' },
      annotations: { 'example.org/owner': 'ann' },
    }),
  });
  const claim = only(Testing.synth(chart), 'PersistentVolumeClaim');
  expect(claim.spec).toEqual({
    accessModes: ['ReadWriteOncePod'],
    resources: { requests: { storage: '1024Gi' } },
    storageClassName: 'fast.ssd',
    volumeMode: 'Filesystem',
  });
  expect(claim.metadata.labels).toEqual({ team: 'platform' });
  expect(claim.metadata.annotations).toEqual({ 'example.org/owner': 'ann' });
  expect(chart).toBeValidKubernetes();
});

test('a claim to retain tells Argo CD, Flux and Helm to leave it alone', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { store: NixStore.persistent({ retain: true, annotations: { 'example.org/a': 'b' } }) });
  expect(only(Testing.synth(chart), 'PersistentVolumeClaim').metadata.annotations).toEqual({
    'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
    'example.org/a': 'b',
    'helm.sh/resource-policy': 'keep',
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
  });
});

test('the name of the claim is contract: another name would be another, empty volume', () => {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'workspace');
  expect(environment.claim?.name).toBe('test-workspace-nix-store-c8a89d03');
});

test('an existing claim is used by its name, and none is made', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { store: NixStore.existing('nix-pvc') });
  expect(podSpec(chart).volumes).toContainEqual({ name: 'nix-store', persistentVolumeClaim: { claimName: 'nix-pvc' } });
  expect(Testing.synth(chart).map((m: any) => m.kind)).not.toContain('PersistentVolumeClaim');
});

test('a store shared by several nodes does without the write-ahead log, allows replicas, and gives each pod its own home', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {
    store: NixStore.persistent({ accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_MANY], shared: true }),
    replicas: 3,
  });
  const config = Testing.synth(chart).find((m: any) => m.data?.['nix.conf']);
  expect(config.data['nix.conf']).toContain('\nuse-sqlite-wal = false\n');
  expect(podSpec(chart).volumes).toContainEqual({ name: 'nix-home', emptyDir: {} });
});

test('any writable volume can be the store', () => {
  const chart = testChart();
  const volume = kplus.Volume.fromNfs(chart, 'Nfs', 'share', { server: 'nfs.example.org', path: '/nix' });
  const environment = new NixEnvironment(chart, 'nix', { store: NixStore.fromVolume(volume) });
  environment.enable(new kplus.Pod(chart, 'pod', { containers: [{ image: 'example/app:1' }] }));
  expect(podSpec(chart, 'Pod').volumes).toContainEqual({ name: 'nix-store', nfs: { server: 'nfs.example.org', path: '/nix' } });
  expect(environment.claim).toBeUndefined();
});

test('a claim of a given name has it, and its labels all the same', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { store: NixStore.persistent({ claimName: 'tools-nix', labels: { team: 'a' } }) });
  const manifests = Testing.synth(chart);
  expect(only(manifests, 'PersistentVolumeClaim').metadata).toMatchObject({ name: 'tools-nix', labels: { team: 'a' } });
  expect(podSpec(chart).volumes).toContainEqual({ name: 'nix-store', persistentVolumeClaim: { claimName: 'tools-nix' } });
});
