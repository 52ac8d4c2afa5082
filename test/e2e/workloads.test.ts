import { App, Chart, Testing, Yaml } from 'cdk8s';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { NixDeployment, NixImage, NixJob, NixSeedSource, NixStore, NixUser } from '../../src';
import { expression } from '../cluster/scenario';
import { debianImage, seedImage } from '../support/images';
import { Manifest } from '../support/kubernetes/manifest';
import { only } from '../support/synth';

const SEED = 'registry.local/nix:1.0.0';
const SHELL = 'registry.local/debian:13';
const IMAGES = { [SEED]: seedImage(), [SHELL]: debianImage() };

/** What each workload here has in common: the seed image, and no network to look for binary caches in. */
const COMMON = { image: NixImage.of(SEED), config: { defaultSubstituter: false } };

test('a workspace finds what a Job builds on its store while both are there', () => {
  const node = new Node(IMAGES);
  try {
    const chart = new Chart(new App(), 'e2e');
    const workspace = new NixDeployment(chart, 'workspace', COMMON);
    new NixJob(chart, 'build', {
      ...COMMON,
      store: NixStore.existing(workspace.environment.claim!.name),
      containers: [{ name: 'build', image: SEED, command: ['nix-build', '--no-out-link', '--expr', expression('for-all')] }],
    });
    node.apply(Yaml.stringify(...chart.toJson()));
    const [pod] = node.rollOut('Deployment', workspace.name);
    const path = /^\/nix\/store\/.*-for-all$/m.exec(node.complete('Job', only(chart.toJson(), 'Job').metadata.name).get('build')!)![0];
    expect(pod.run(['cat', path])).toBe('built for-all');
  } finally {
    node.destroy();
  }
});

describe('a seed image as a volume', () => {
  const node = new Node(IMAGES);
  afterAll(() => node.destroy());

  test('is seeded by an image without Nix, cold and warm', () => {
    const chart = new Chart(new App(), 'e2e');
    const deployment = new NixDeployment(chart, 'workspace', {
      ...COMMON,
      seed: { source: NixSeedSource.imageVolume(SHELL) },
      containers: [{ image: SHELL, command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'] }],
    });
    node.apply(Yaml.stringify(...chart.toJson()));
    const [cold] = node.rollOut('Deployment', deployment.name);
    expect(cold.initLogs.get('seed-nix-store')).toContain('seeded');
    expect(cold.sh('nix-store --verify --check-contents 2>&1')).not.toMatch(/error|warning/);
    const [warm] = node.rollOut('Deployment', deployment.name);
    expect(warm.initLogs.get('seed-nix-store')).toContain('holds this image already');
  });
});

describe('arbitrary users, as on OpenShift', () => {
  const node = new Node(IMAGES);
  const chart = new Chart(new App(), 'e2e');
  const deployment = new NixDeployment(chart, 'workspace', { ...COMMON, user: NixUser.arbitrary() });
  afterAll(() => node.destroy());

  /** The workspace in a namespace with this range of ids: admission fills them in where the manifest names none. */
  function startIn(firstId: number): Pod {
    const objects: Manifest[] = Testing.synth(chart);
    const { spec } = objects.find(object => object.kind === 'Deployment')!.spec.template;
    expect(spec.securityContext).not.toHaveProperty('runAsUser');
    Object.assign(spec.securityContext, { runAsUser: firstId, fsGroup: firstId });
    node.apply(objects);
    return node.rollOut('Deployment', deployment.name)[0];
  }

  const range = () => 1000600000 + Math.floor(Math.random() * 40000) * 10000;
  const [former, present] = [range(), range() + 400000000];

  test('a user without a name seeds and builds', () => {
    const pod = startIn(former);
    expect(pod.sh('id -u; id -g; stat -c %u "$HOME" /nix/store')).toBe(`${former}\n0\n${former}\n${former}`);
    pod.run(['nix-build', '--out-link', '/home/code/thing', '--expr', expression('of-the-former')]);
  });

  test('the user of a namespace made anew has what the former one built, and builds more', () => {
    const pod = startIn(present);
    expect(pod.initLogs.get('seed-nix-store')).toContain('holds this image already');
    expect(pod.sh('id -u; stat -c %u "$HOME"; cat "$HOME/thing"')).toBe(`${present}\n${present}\nbuilt of-the-former`);
    pod.run(['nix-build', '--out-link', '/home/code/other', '--expr', expression('of-the-present')]);
    expect(pod.sh('nix-store --verify --check-contents 2>&1')).not.toMatch(/error|warning/);
  });
});
