import { App, Chart, Testing } from 'cdk8s';
import { Node, NodeOptions } from './kubelet/node';
import { NixDeployment, NixImage } from '../../src';
import { seedImage } from '../support/images';
import { Manifest } from '../support/kubernetes/manifest';

/** The objects of a workspace, and the name of its Deployment. */
function workspace() {
  const chart = new Chart(new App(), 'e2e');
  const { name } = new NixDeployment(chart, 'workspace', { image: NixImage.of('registry.local/nix:1.0.0'), config: { defaultSubstituter: false } });
  return { name, objects: Testing.synth(chart) as Manifest[] };
}

/** The same, with so little of a processor for the seed that nothing is over before it can be disturbed. */
function slowlySeededWorkspace() {
  const { name, objects } = workspace();
  const [seed] = objects.find(({ kind }) => kind === 'Deployment')!.spec.template.spec.initContainers;
  seed.resources.limits.cpu = '200m';
  return { name, objects };
}

describe('a workspace whose start does not go smoothly', () => {
  let node: Node;

  const begin = (options: NodeOptions = {}) => node = new Node({ 'registry.local/nix:1.0.0': seedImage() }, options);

  afterEach(() => node.destroy());

  test('is seeded by the next start of a seed that was killed half-way, without waiting for the dead', () => {
    begin({ restarts: 1, backOff: 0.1 });
    const { name, objects } = slowlySeededWorkspace();
    node.apply(objects);
    const started = Date.now();
    const [pod] = node.rollOut('Deployment', name, { kill: { container: 'seed-nix-store', when: log => log.includes('bringing') } });
    expect(Date.now() - started).toBeLessThan(50000);
    expect(pod.restarts.of('seed-nix-store')).toBe(1);
    expect(pod.initLogs.get('seed-nix-store')).toMatch(/: seeded \d+ paths/);
    expect(pod.sh('nix-store --verify --check-contents 2>&1')).not.toMatch(/error|warning/);
  });

  test('has its store and home again at once when its container dies', () => {
    begin({ restarts: 1, backOff: 0.1 });
    const { name, objects } = workspace();
    node.apply(objects);
    const [pod] = node.rollOut('Deployment', name);
    pod.sh('echo mine >"$HOME/file"; echo lost >/tmp/file');
    pod.killContainer();
    expect(pod.restarts.of('seed-nix-store')).toBe(0);
    expect(pod.sh('cat "$HOME/file" /tmp/file; nix --version')).toMatch(/^mine\nlost\nnix /);
  });

  test('waits for a claim and ConfigMaps that come after it', () => {
    begin();
    const { name, objects } = workspace();
    const [deployment, ...others] = [...objects].reverse();
    expect(deployment.kind).toBe('Deployment');
    node.apply([deployment]);
    const [pod] = node.rollOut('Deployment', name, { later: others.map(object => [object]) });
    expect(pod.waitedFor.length).toBeGreaterThan(0);
    expect(pod.run(['nix', '--version'])).toMatch(/^nix /);
  });
});
