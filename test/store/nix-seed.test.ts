import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixImage, NixSeedSource, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart } from '../support/synth';

const SHELL = 'example/debian:13';

describe('an image volume as the source', () => {
  const chart = testChart();
  const deployment = new NixDeployment(chart, 'workspace', {
    image: NixImage.of('example/seed:1'),
    seed: { source: NixSeedSource.imageVolume(SHELL), imagePullPolicy: kplus.ImagePullPolicy.ALWAYS },
    containers: [{ image: 'example/app:1' }],
  });
  const pod = podSpec(chart);

  test('the seed image is a volume, and is not run', () => {
    expect(pod.volumes).toContainEqual({ name: 'nix-seed-image', image: { reference: 'example/seed:1', pullPolicy: 'Always' } });
    expect([...pod.initContainers, ...pod.containers].map((container: any) => container.image)).toEqual([SHELL, 'example/app:1']);
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
  });

  test('its /nix lies at /nix for the seed, where its programs run, and nowhere else', () => {
    const [seed] = pod.initContainers;
    expect(mountAt(seed, '/nix')).toEqual({ name: 'nix-seed-image', mountPath: '/nix', subPath: 'nix', readOnly: true });
    expect(mountAt(seed, '/mnt/nix-volume')).toEqual({ name: 'nix-store', mountPath: '/mnt/nix-volume' });
    expect(pod.containers[0].volumeMounts.map((mount: any) => mount.name)).not.toContain('nix-seed-image');
    expect(mountAt(pod.containers[0], '/nix').name).toBe('nix-store');
  });

  test('JSON patches reach the volume, though kplus does not know its kind', () => {
    const index = pod.volumes.findIndex((volume: any) => volume.image);
    ApiObject.of(deployment).addJsonPatch(JsonPatch.replace(`/spec/template/spec/volumes/${index}/image/reference`, 'example/seed:2'));
    expect(podSpec(chart).volumes[index].image.reference).toBe('example/seed:2');
  });
});

test('an init container of the seed image is the default', () => {
  const [implicit, explicit] = [undefined, NixSeedSource.initContainer()].map(source => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { seed: { source } });
    return only(Testing.synth(chart), 'Deployment');
  });
  expect(explicit).toEqual(implicit);
  expect(explicit.spec.template.spec.initContainers[0].image).toBe(NixImage.upstream().reference);
});

test('sources are interchangeable: every kind of store is seeded from an image volume', () => {
  for (const store of [NixStore.persistent(), NixStore.ephemeral(), NixStore.emptyDir(), NixStore.existing('nix-pvc')]) {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { store, seed: { source: NixSeedSource.imageVolume(SHELL) } });
    expect(podSpec(chart).volumes.filter((volume: any) => volume.image)).toHaveLength(1);
    expect(chart).toBeValidKubernetes({ external: ['PersistentVolumeClaim/nix-pvc'] });
  }
});

test('a store that a driver serves needs no source', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {
    image: NixImage.of('example/debian:13'), store: NixStore.csi({ driver: 'nix.csi.example.org' }), seed: { source: NixSeedSource.imageVolume(SHELL) },
  });
  expect(podSpec(chart).volumes.filter((volume: any) => volume.image)).toEqual([]);
});
