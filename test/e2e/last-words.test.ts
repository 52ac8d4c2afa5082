import { App, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { HomeManager, HomeManagerProfile, NixDeployment, NixImage, NixProgram } from '../../src';
import { ContainerFailed } from './kubelet/container-failed';
import { Node } from './kubelet/node';
import { seedImage } from '../support/images';
import { Manifest } from '../support/kubernetes/manifest';

const SEED = 'registry.local/nix:1.0.0';

/** A setting for each of our init containers that it cannot do anything with, and what it says then. */
const BROKEN: { [container: string]: [variable: string, value: string, words: RegExp] } = {
  'seed-nix-store': ['SEED_JOBS', 'many', /^seed-nix-store: error: SEED_JOBS is 'many'/],
  'merge-netrc': ['NETRC_PARTS', '/nowhere', /^merge-netrc: cannot join the files/],
  'bring-programs': ['PROGRAMS_KEEP', 'all', /^bring-programs: error: PROGRAMS_KEEP is 'all'/],
  'prefetch-store': ['CARE_TIMEOUT', 'soon', /^prefetch-store: error: CARE_TIMEOUT is 'soon'/],
  'collect-garbage': ['CARE_TIMEOUT', 'soon', /^collect-garbage: error: CARE_TIMEOUT is 'soon'/],
  'activate-home': ['HOME_MANAGER_REFRESH', 'often', /^install-container: HOME_MANAGER_REFRESH is 'often'/],
};

/** A workspace with all that starts before one. */
function workspace() {
  const chart = new Chart(new App(), 'e2e');
  const netrc = (name: string) => ({ secret: new kplus.Secret(chart, name, { stringData: { netrc: `machine ${name}.example.org login a password b` } }), key: 'netrc' });
  const { environment } = new NixDeployment(chart, 'workspace', {
    image: NixImage.of(SEED),
    programs: [NixProgram.flake('github:owner/echo/v1.2.3')],
    bringPrograms: { allowBuilds: true },
    homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL),
    config: { netrc: netrc('one'), extraNetrcs: [netrc('two')] },
  });
  environment.collectGarbage();
  environment.prefetch({ packages: ['github:NixOS/nixpkgs/25.05#hello'] });
  const objects: Manifest[] = Testing.synth(chart);
  const deployment = objects.find(({ kind }) => kind === 'Deployment')!;
  return { objects, name: deployment.metadata.name, pod: deployment.spec.template.spec };
}

test('there is no other init container of ours', () => {
  expect(workspace().pod.initContainers.map(({ name }: { name: string }) => name).sort()).toEqual(Object.keys(BROKEN).sort());
});

test.each(Object.keys(BROKEN))('the last line of %s is in the status of the pod', container => {
  const [variable, value, words] = BROKEN[container];
  const { objects, name, pod } = workspace();
  pod.initContainers = pod.initContainers.filter((each: any) => ['seed-nix-store', container].includes(each.name));
  const broken = pod.initContainers.find((each: any) => each.name === container);
  // Care for the store lets a pod start all the same, unless it is told otherwise.
  const set: { [name: string]: string } = { [variable]: value, CARE_ON_FAILURE: 'fail' };
  const others = (broken.env ?? []).filter((each: any) => !(each.name in set));
  broken.env = [...others, ...Object.entries(set).map(([of, to]) => ({ name: of, value: to }))];
  const node = new Node({ [SEED]: seedImage() });
  try {
    node.apply(objects);
    node.rollOut('Deployment', name);
    throw new Error('it started');
  } catch (error) {
    expect(error).toBeInstanceOf(ContainerFailed);
    const { container: failed, logs, terminationMessage } = error as ContainerFailed;
    expect(failed).toBe(container);
    expect(terminationMessage).toMatch(words);
    // What exit code it ended with may stand behind it, which the status has beside it.
    const [last] = logs.trimEnd().split('\n').slice(-1);
    expect(terminationMessage.replace(/ \(code \d+\)\n$/, '\n')).toBe(`${last}\n`);
  } finally {
    node.destroy();
  }
});
