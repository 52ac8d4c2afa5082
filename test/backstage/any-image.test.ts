import { Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AiAssistant, BackstageNixProps, HomeManager, HomeManagerProfile, NixImage } from '../../src';
import { podSpec, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';
import { PLAIN_IMAGE, portal, secretOf } from './support/portal';

function pod(props: Partial<BackstageNixProps>): any {
  const chart = testChart('portal');
  portal(chart, props);
  expect(chart).toBeValidKubernetes();
  expect(chart).toBeRestricted();
  return podSpec(chart);
}

const named = (containers: any[], name: string): any => containers.find(container => container.name === name);

describe('an image without Nix', () => {
  const { containers: [container], initContainers } = pod({ image: PLAIN_IMAGE });

  test('runs as it is, and Nix comes from the upstream image', () => {
    expect(container.image).toBe(PLAIN_IMAGE.reference);
    expect(initContainers.map((c: any) => c.image)).toEqual(Array(initContainers.length).fill(NixImage.upstream().reference));
    expect(variable(named(initContainers, 'seed-nix-store'), 'SEED_IMAGE')).toBe(NixImage.upstream().reference);
  });

  test('has no home built in, so none is activated', () => {
    expect(initContainers.map((c: any) => c.name)).toEqual(['seed-nix-store']);
  });

  test('can have one all the same', () => {
    const home = pod({ image: PLAIN_IMAGE, homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) });
    expect(named(home.initContainers, 'activate-home').image).toBe(NixImage.upstream().reference);
  });

  test('and an assistant that nothing would install is refused', () => {
    const message = synthError((chart: Chart) => portal(chart, {
      image: PLAIN_IMAGE, assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret: secretOf(chart), key: 'anthropic' }) })],
    }));
    expect(message).toContain('CDK8SNIX0604 assistants[0]: got "claude"');
    expect(message).toContain('HomeManager.profile(HomeManagerProfile.ESSENTIAL)');
  });
});

test('app and seed image are two', () => {
  const seedImage = NixImage.ubuntuNix({ repository: 'registry.example.org/team/ubuntu-nix', tag: '7' });
  const { containers: [container], initContainers } = pod({ image: PLAIN_IMAGE, seedImage });
  expect(container.image).toBe(PLAIN_IMAGE.reference);
  expect(named(initContainers, 'seed-nix-store').image).toBe(seedImage.reference);
});

test('a seed image with a home built in brings it to any portal', () => {
  const seedImage = NixImage.backstageNix({ repository: 'registry.example.org/team/tools', tag: '2' });
  const { containers: [container], initContainers } = pod({ image: PLAIN_IMAGE, seedImage });
  expect(container.image).toBe(PLAIN_IMAGE.reference);
  expect(named(initContainers, 'activate-home').image).toBe(seedImage.reference);
});

test('a portal with Nix added to it seeds from itself, and has no home built in', () => {
  const image = NixImage.addNix({ repository: 'registry.example.org/team/portal', tag: '3' });
  const { initContainers } = pod({ image });
  expect(initContainers.map((c: any) => [c.name, c.image])).toEqual([['seed-nix-store', image.reference]]);
});

test.each<[string, Partial<BackstageNixProps>, string]>([
  ['an app image that is not pinned', { image: NixImage.of('registry.example.org/team/portal') }, 'CDK8SNIX0102 image: got "registry.example.org/team/portal"'],
  ['a seed image that is not pinned', { image: PLAIN_IMAGE, seedImage: NixImage.of('nixos/nix') }, 'CDK8SNIX0102 image: got "nixos/nix"'],
  ['a home that the seed image has not', { image: PLAIN_IMAGE, homeManager: HomeManager.prebuilt() }, 'CDK8SNIX0607 homeManager'],
])('refused: %s', (_, props, message) => {
  expect(synthError(chart => portal(chart, props))).toContain(message);
});

test('an unpinned app image is accepted where it is asked for by name', () => {
  const chart = testChart('portal');
  portal(chart, { image: NixImage.of('registry.example.org/team/portal', { allowLatest: true }) });
  expect(() => Testing.synth(chart)).not.toThrow();
});
