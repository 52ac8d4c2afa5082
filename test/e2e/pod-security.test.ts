import { App, Chart, Yaml } from 'cdk8s';
import { NixDeployment, NixDeploymentProps, NixImage, NixUser, PodSecurityLevel } from '../../src';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { debianImage, seedImage } from '../support/images';

const SEED = 'registry.local/nix:1.0.0';
const SHELL = 'registry.local/debian:13';
const STAY_UP = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
const BUILD = 'nix-build --no-out-link --expr \'derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo built >$out" ]; }\'';

function start(node: Node, props: NixDeploymentProps): Pod {
  const chart = new Chart(new App(), 'e2e');
  const { name } = new NixDeployment(chart, 'workspace', { image: NixImage.of(SEED), config: { defaultSubstituter: false }, ...props });
  node.apply(Yaml.stringify(...chart.toJson()));
  return node.rollOut('Deployment', name)[0];
}

test('root by name starts, seeds and builds, cold and warm', () => {
  const node = new Node({ [SEED]: seedImage() });
  try {
    const props = { user: NixUser.root() };
    expect(start(node, props).sh(`id -u; cat $(${BUILD}); echo $HOME`)).toBe('0\nbuilt\n/root');
    expect(start(node, props).sh('nix-store --verify --check-contents 2>&1; stat -c %u /root')).toMatch(/\b0$/);
  } finally {
    node.destroy();
  }
});

test('a root sidecar beside Nix is root with the powers of root, and Nix has none of them', () => {
  const node = new Node({ [SEED]: seedImage(), [SHELL]: debianImage() });
  try {
    const pod = start(node, {
      containers: [
        { name: 'main', image: SHELL, command: STAY_UP },
        { name: 'side', image: SHELL, command: STAY_UP, securityContext: { user: 0, ensureNonRoot: false } },
      ],
      nixContainers: ['main'],
      podSecurity: PodSecurityLevel.BASELINE,
    });
    expect(pod.sh(`id -u; cat $(${BUILD}); grep CapEff /proc/self/status`, 'main')).toMatch(/^1001\nbuilt\nCapEff:\s+0+$/);
    expect(pod.sh('id -u; touch /tmp/f && chown 1001 /tmp/f && stat -c %u /tmp/f', 'side')).toBe('0\n1001');
  } finally {
    node.destroy();
  }
});
