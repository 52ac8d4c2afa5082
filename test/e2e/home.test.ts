import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixHome, NixHomeFile, NixImage } from '../../src';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { debianImage, seedImage } from '../support/images';

const SEED = 'registry.local/nix:1.0.0';
const SHELL = 'registry.local/debian:13';
const STAY_UP = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];

describe.each<[string, (options: any) => NixHome]>([
  ['on the store volume', options => NixHome.onStoreVolume(options)],
  ['that is ephemeral', options => NixHome.ephemeral(options)],
  ['on a claim of its own', options => NixHome.persistent(options)],
])('a home %s', (_, home) => {
  const node = new Node({ [SEED]: seedImage(), [SHELL]: debianImage() });
  let workspace: NixDeployment;
  let pod: Pod;

  beforeAll(() => {
    const chart = new Chart(new App(), 'e2e');
    const credentials = new kplus.Secret(chart, 'credentials', {
      stringData: { 'hosts.yml': 'github.com:', 'netrc': 'machine example.org', 'id_ed25519': 'a key', 'known_hosts': 'example.org' },
    });
    const hosts = kplus.Volume.fromSecret(chart, 'hosts', credentials, { name: 'hosts' });
    const data = kplus.Volume.fromEmptyDir(chart, 'data', 'data');
    workspace = new NixDeployment(chart, 'workspace', {
      image: NixImage.of(SEED),
      config: { defaultSubstituter: false },
      home: home({
        folders: ['.cache/tool'],
        files: [NixHomeFile.fromSecretValue('.config/tool/netrc', { secret: credentials, key: 'netrc' }), NixHomeFile.folderFromSecret('.ssh', credentials)],
      }),
      containers: [{
        image: SHELL,
        command: STAY_UP,
        workingDir: '/home/code/workspaces/x',
        volumeMounts: [{ path: '/home/code/.config/gh/hosts.yml', volume: hosts, subPath: 'hosts.yml', readOnly: true }, { path: '/home/code/deep/data', volume: data }],
      }],
    });
    node.apply(Yaml.stringify(...chart.toJson()));
    [pod] = node.rollOut('Deployment', workspace.name);
  });
  afterAll(() => node.destroy());

  const owner = (path: string): string => pod.sh(`stat -c %u ${path}`);

  function expectUsable() {
    for (const folder of ['', '/workspaces', '/workspaces/x', '/.config', '/.config/gh', '/.config/tool', '/.cache', '/.cache/tool', '/deep']) {
      expect([folder, owner(`/home/code${folder}`)]).toEqual([folder, '1001']);
    }
    expect(pod.sh('pwd; touch f && mkdir -p ~/.config/nix ~/.config/gh/more ~/deep/more && echo made')).toBe('/home/code/workspaces/x\nmade');
  }

  test('belongs to its user, with all that leads to a mount or a working directory', expectUsable);

  test('shows the mounted files', () => {
    expect(pod.sh('cat ~/.config/gh/hosts.yml')).toBe('github.com:');
  });

  test('has its files as tools insist on them: the user\'s, for nobody else to read', () => {
    expect(pod.sh('stat -c "%u %a" ~/.config/tool/netrc ~/.ssh/id_ed25519 ~/.ssh')).toBe('1001 600\n1001 600\n1001 700');
    expect(pod.sh('cat ~/.config/tool/netrc ~/.ssh/id_ed25519')).toBe('machine example.orga key');
    // Nothing that lasts.
    expect(pod.sh('df --output=fstype ~/.ssh/id_ed25519 | tail -n 1; echo more >>~/.ssh/known_hosts && echo written')).toMatch(/written$/);
  });

  test('is the same after a restart', () => {
    [pod] = node.rollOut('Deployment', workspace.name);
    expectUsable();
    expect(pod.sh('cat ~/.ssh/known_hosts')).toBe('example.org');
  });
});
