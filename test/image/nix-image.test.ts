import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixDeploymentProps, NixImage, NixSeedSource } from '../../src';
import { podSpec, testChart } from '../support/synth';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each([
  'nixos/nix:2.3',
  'nix:1',
  'registry.example.org/team/nix:1.0.0-rc.1_x',
  'registry.example.org:5000/team/nix:1',
  'localhost/nix:1',
  'localhost:5000/a/b/c/nix:1',
  '[2001:db8::1]:5000/team/nix:1',
  '[fd00::1]/nix:1',
  `nixos/nix@${DIGEST}`,
  `nixos/nix:2.3@${DIGEST}`,
  `nixos/nix:latest@${DIGEST}`,
])('%s is pinned, and stands in the manifest as it is', reference => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { image: NixImage.of(reference) });
  const pod = podSpec(chart);
  expect([...pod.initContainers, ...pod.containers].map((c: any) => c.image)).toEqual([reference, reference]);
});

test('an image of ours is named by repository, tag and digest', () => {
  const repository = 'registry.example.org/team/ubuntu-nix';
  expect(NixImage.ubuntuNix({ repository, tag: '1.0.0' }).reference).toBe(`${repository}:1.0.0`);
  expect(NixImage.addNix({ repository, digest: DIGEST }).reference).toBe(`${repository}@${DIGEST}`);
  expect(NixImage.backstageNix({ repository, tag: '1', digest: DIGEST }).reference).toBe(`${repository}:1@${DIGEST}`);
});

test('the upstream image is a version, not whatever is newest', () => {
  expect(NixImage.upstream().reference).toMatch(/^docker\.io\/nixos\/nix:\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/);
});

describe('an image is pulled', () => {
  const policies = (reference: string, props: NixDeploymentProps = {}): string[] => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { image: NixImage.of(reference, { allowLatest: true }), ...props });
    const { initContainers, containers } = podSpec(chart);
    return [...initContainers, ...containers].map((container: any) => container.imagePullPolicy);
  };

  test('if it is not present, when it is pinned', () => {
    expect(policies('example/nix:1')).toEqual(Array(2).fill('IfNotPresent'));
    expect(policies(`example/nix@sha256:${'a'.repeat(64)}`)).toEqual(Array(2).fill('IfNotPresent'));
  });

  test('always, when it is not: a node would keep the one it has', () => {
    expect(policies('example/nix:latest')).toEqual(Array(2).fill('Always'));
    expect(policies('localhost:5000/nix')).toEqual(Array(2).fill('Always'));
  });

  test('as the user says', () => {
    const NEVER = kplus.ImagePullPolicy.NEVER;
    expect(policies('example/nix:latest', { seed: { imagePullPolicy: NEVER }, containers: [{ image: 'example/app:latest', imagePullPolicy: NEVER }] }))
      .toEqual(Array(2).fill('Never'));
  });

  test('by itself, when it is a volume and another image runs the scripts', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', {
      image: NixImage.of('example/nix', { allowLatest: true }), seed: { source: NixSeedSource.imageVolume('example/debian:13') },
    });
    const { volumes, initContainers } = podSpec(chart);
    expect(volumes.find((volume: any) => volume.image).image.pullPolicy).toBe('Always');
    expect(initContainers.map((container: any) => container.imagePullPolicy)).toEqual(['IfNotPresent']);
  });
});
