import { NixDeployment, NixImage } from '../../src';
import { podSpec, testChart } from '../support/synth';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each([
  'nixos/nix:2.3',
  'nix:1',
  'registry.example.org/team/nix:1.0.0-rc.1_x',
  'registry.example.org:5000/team/nix:1',
  'localhost/nix:1',
  'localhost:5000/a/b/c/nix:1',
  `nixos/nix@${DIGEST}`,
  `nixos/nix:2.3@${DIGEST}`,
  `nixos/nix:latest@${DIGEST}`,
])('%s is pinned, and stands in the manifest as it is', reference => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { image: NixImage.of(reference) });
  const pod = podSpec(chart);
  expect([...pod.initContainers, ...pod.containers].map((c: any) => c.image)).toEqual([reference, reference, reference]);
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
