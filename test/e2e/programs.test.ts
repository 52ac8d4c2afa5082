import { App, Chart, Yaml } from 'cdk8s';
import { NixDeployment, NixImage, NixProgram } from '../../src';
import { ContainerFailed } from './kubelet/container-failed';
import { Node } from './kubelet/node';
import { seedImage } from '../support/images';

const FLAKE = '{ outputs = _: { packages.x86_64-linux = { }; }; }';

// A program that is brought and runs is one of the scenarios.
describe('a program that cannot be brought', () => {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage() });

  function start(program?: NixProgram): ReturnType<Node['rollOut']> {
    const chart = new Chart(new App(), 'e2e');
    const workload = new NixDeployment(chart, 'echo', {
      image: NixImage.of('registry.local/nix:1.0.0'),
      config: { defaultSubstituter: false },
      programs: program && [program],
      bringPrograms: { allowBuilds: true },
    });
    node.apply(Yaml.stringify(...chart.toJson()));
    return node.rollOut('Deployment', workload.name);
  }

  beforeAll(() => {
    const [pod] = start();
    pod.sh(`mkdir ~/flake && cat >~/flake/flake.nix <<'END'\n${FLAKE}\nEND`);
  });

  afterAll(() => node.destroy());

  test.each([
    ['an attribute that is not there', NixProgram.flake('path:/home/code/flake', { attribute: 'missing', allowMoving: true }), 53,
      /main: path:\/home\/code\/flake#missing cannot be evaluated: error: .*missing/],
    ['a place that cannot be reached', NixProgram.flake('github:owner/echo/v1.2.3'), 53, /github:owner\/echo\/v1.2.3 cannot be evaluated/],
    ['a store path that no cache has', NixProgram.package('/nix/store/00000000000000000000000000000000-x/bin/x'), 55, /no cache that the pod asks has .* whole/],
  ])('%s keeps the pod from starting, and says so', (_, program, code, words) => {
    try {
      start(program);
      throw new Error('it started');
    } catch (error) {
      expect(error).toBeInstanceOf(ContainerFailed);
      expect(error).toMatchObject({ container: 'bring-programs', code, terminationMessage: expect.stringMatching(words) });
    }
  });
});
