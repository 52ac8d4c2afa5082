import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart, Include, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import * as kplus34 from 'cdk8s-plus-34';
import { IConstruct } from 'constructs';
import { NixEnvironment, NixImage } from '../../src';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { busyboxImage, debianImage, seedImage } from '../support/images';

const CONTAINER = {
  name: 'app',
  image: 'registry.local/foreign:1.0.0',
  command: ['sh', '-c', 'nix --version; trap "exit 0" TERM; sleep 3600 & wait'],
};

const SPEC = { selector: { matchLabels: { app: 'app' } }, template: { metadata: { labels: { app: 'app' } }, spec: { containers: [CONTAINER] } } };

function included(chart: Chart): Include {
  const url = join(mkdtempSync(join(tmpdir(), 'foreign-image-')), 'app.yaml');
  writeFileSync(url, Yaml.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'app' }, spec: SPEC }));
  return new Include(chart, 'app', { url });
}

/** A Deployment of that name by whatever means. */
const metadata = { name: 'app' };

describe.each<[string, string, () => string, string[], (chart: Chart) => IConstruct]>([
  ['cdk8s-plus-28', 'Debian', debianImage, ['bash', 'sh'], chart => new kplus.Deployment(chart, 'app', { metadata, containers: [CONTAINER] })],
  ['cdk8s-plus-34', 'busybox', busyboxImage, ['sh'], chart => new kplus34.Deployment(chart, 'app', { metadata, containers: [CONTAINER] })],
  ['an import', 'busybox', busyboxImage, ['sh'], chart => new kplus34.k8s.KubeDeployment(chart, 'app', { metadata, spec: SPEC })],
  ['a YAML file', 'busybox', busyboxImage, ['sh'], included],
])('a plain Deployment of %s, of %s, given Nix', (_, __, image, shells, make) => {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage(), 'registry.local/foreign:1.0.0': image() });
  let pod: Pod;

  beforeAll(() => {
    const chart = new Chart(new App(), 'e2e');
    const environment = new NixEnvironment(chart, 'nix', {
      image: NixImage.of('registry.local/nix:1.0.0'),
      config: { defaultSubstituter: false },
    });
    environment.enable(make(chart));
    node.apply(Yaml.stringify(...chart.toJson()));
    [pod] = node.rollOut('Deployment', 'app');
  });

  afterAll(() => node.destroy());

  test('the image itself has no Nix and no user 1001', () => {
    expect(pod.sh('ls -d /bin/nix* /usr/bin/nix* 2>/dev/null || true; cut -d: -f3 /etc/passwd').split('\n')).not.toContain('1001');
    expect(pod.sh('readlink -f "$(command -v nix)"')).toMatch(/^\/nix\/store\//);
  });

  test('Nix works in the command of the container', () => {
    pod.sh('for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e /proc/1/task/1/children ] && sleep 0.1; done');
    expect(pod.logs()).toMatch(/^nix \(Nix\) 2\.\d+/);
  });

  test('Nix works in kubectl exec, without a shell and with one', () => {
    expect(pod.exec(['nix', '--version']).stdout).toMatch(/^nix \(Nix\) 2/);
    expect(pod.sh('nix --version')).toMatch(/^nix \(Nix\) 2/);
  });

  test.each(shells)('Nix works in a login shell: %s', shell => {
    expect(pod.exec([shell, '-l', '-c', 'nix --version; command -v ls'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nix \(Nix\) 2/) });
  });

  test('builds and installs', () => {
    const expression = '_: derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo built >$out" ]; }';
    expect(pod.sh(`cat $(nix-build --no-out-link --expr '${expression.slice(3)}')`)).toBe('built');
    expect(pod.exec(['nix-store', '--verify', '--check-contents'])).toMatchObject({ code: 0 });
  });
});
