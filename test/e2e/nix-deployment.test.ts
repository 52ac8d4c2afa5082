import { statSync } from 'node:fs';
import { App, Chart, Yaml } from 'cdk8s';
import { NixDeployment, NixImage } from '../../src';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { seedImage } from '../support/images';

// What only the node sees of a workspace, and how long it takes to end; the rest of its life is a scenario of test/cluster.
describe('the volume and the end of a workspace', () => {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage() });
  let workspace: NixDeployment;
  let pod: Pod;

  const disk = () => node.disk(workspace.environment.claim!.name);

  beforeAll(() => {
    const chart = new Chart(new App(), 'e2e');
    workspace = new NixDeployment(chart, 'workspace', { image: NixImage.of('registry.local/nix:1.0.0') });
    node.apply(Yaml.stringify(...chart.toJson()));
  });
  afterAll(() => node.destroy());

  test('the volume is empty before, and holds two folders then', () => {
    expect(disk().entries).toEqual([]);
    [pod] = node.rollOut('Deployment', workspace.name);
    expect(disk().entries).toEqual(['home', 'nix']);
    expect(pod.initLogs.get('seed-nix-store')).toMatch(/seeded 5 paths, \d+ MiB/);
  });

  test('its root is as the kubelet set it up', () => {
    const root = statSync(disk().folder);
    expect([root.uid, root.gid, root.mode.toString(8)]).toEqual([0, 1001, '42775']);
    expect(pod.sh('ls -A /nix').split('\n').sort()).toEqual(['.cdk8s-nix', 'store', 'var']);
  });

  test('the pod ends when it is told to, long before the grace period', () => {
    expect(pod.stop()).toBeLessThan(25);
  });
});
