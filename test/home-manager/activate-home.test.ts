import * as fs from 'node:fs';
import * as path from 'node:path';
import { Testing } from 'cdk8s';
import { NixContainer, RunResult } from './nix-container';
import { HomeManager, HomeManagerProfile, NixDeployment, NixImage } from '../../src';
import { Objects } from '../e2e/kubelet/objects';
import { mountVolume } from '../e2e/kubelet/volumes';
import { only, testChart } from '../support/synth';

/** The init container `activate-home` as it is synthesized, run with real Nix and with its ConfigMaps laid out as the kubelet does. */
describe('activate-home', () => {
  let container: NixContainer;
  beforeAll(() => { container = new NixContainer(); });
  afterAll(() => container.remove());
  beforeEach(() => {
    container.reset();
    // Only what the pod brings may be used.
    container.run('', { prepare: 'rm -rf opt/cdk8s-nix etc/nix' });
  });

  function activate(homeManager: HomeManager): RunResult {
    const chart = testChart();
    const image = NixImage.backstageNix({ repository: 'registry.example.org/portal', tag: '1' });
    new NixDeployment(chart, 'workspace', { image, homeManager, config: { defaultSubstituter: false } });
    const manifests = Testing.synth(chart);
    const pod = only(manifests, 'Deployment').spec.template.spec;
    const { env, command, volumeMounts } = pod.initContainers.find((candidate: { name: string }) => candidate.name === 'activate-home');

    const objects = new Objects();
    objects.apply(manifests);
    const podFolder = fs.mkdtempSync(path.join(container.root, 'pod-'));
    const sources = { objects, podFolder, claimFolder: () => '', imageFolder: () => '', spec: pod };
    const mounts = (volumeMounts as { name: string; mountPath: string; subPath?: string }[]).flatMap(mount => {
      const volume = pod.volumes.find((candidate: { name: string }) => candidate.name === mount.name);
      if (!volume.configMap || mount.subPath) {
        return [];
      }
      const { folder } = mountVolume(volume, sources);
      return [`mkdir -p ".${mount.mountPath}"; mount --bind "${folder}" ".${mount.mountPath}"; mount -o remount,ro,bind ".${mount.mountPath}"`];
    });
    expect(mounts).toHaveLength(2);
    const variables = Object.fromEntries(env.map((entry: { name: string; value: string }) => [entry.name, entry.value]));
    return container.run(command.join(' '), {
      prepare: mounts.join('\n'),
      env: { ...variables, HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides },
    });
  }

  function commands(): string[] {
    return container.run('ls /home/code/.nix-profile/bin').output.trim().split('\n');
  }

  test('installs the bundled profile, and the next start finds it', () => {
    const minimal = HomeManager.profile(HomeManagerProfile.MINIMAL);
    const first = activate(minimal);
    expect(first).toMatchObject({ status: 0, output: expect.stringContaining('container-minimal is active for code in /home/code: built') });
    expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
    expect(activate(minimal)).toMatchObject({ status: 0, output: expect.stringMatching(/: it was already, generation \S+, \d+ s\n$/) });
  });

  test('fills an ephemeral home from the store volume, without evaluation', () => {
    const minimal = HomeManager.profile(HomeManagerProfile.MINIMAL);
    expect(activate(minimal).status).toBe(0);
    container.emptyHome();
    expect(activate(minimal)).toMatchObject({ status: 0, output: expect.stringContaining(': reused without evaluation') });
    expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
  });

  test('another profile takes its place', () => {
    expect(activate(HomeManager.profile(HomeManagerProfile.MINIMAL)).status).toBe(0);
    expect(activate(HomeManager.profile(HomeManagerProfile.ESSENTIAL)).status).toBe(0);
    expect(commands()).toEqual(['aichat', 'claude', 'codex', 'curl', 'gemini', 'git', 'htop', 'jq', 'vim']);
  });

  test('links what the seed image has built in', () => {
    expect(activate(HomeManager.profile(HomeManagerProfile.MINIMAL)).status).toBe(0);
    // As bake-home.sh does in the image, and seeding on the volume.
    expect(container.run('mkdir -p /nix/var/nix/profiles; ln -s $(readlink /nix/var/nix/gcroots/cdk8s-nix/home-manager-*) /nix/var/nix/profiles/home-manager').status).toBe(0);
    container.emptyHome();
    expect(activate(HomeManager.prebuilt(HomeManagerProfile.MINIMAL))).toMatchObject({ status: 0, output: expect.stringContaining('prebuilt generation is active for code in /home/code') });
    expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
  });

  test('a home that cannot be activated is repaired by what the page says', () => {
    const page = fs.readFileSync(path.join(__dirname, '../../docs/home-manager.md'), 'utf8');
    const [, repair] = /^kubectl debug .* -- (sh -lc '.*')$/m.exec(page)!;
    expect(activate(HomeManager.profile(HomeManagerProfile.MINIMAL)).status).toBe(0);
    // As the home of a pod is: with the features that the environment's nix.conf turns on, and a package with the priority of ours.
    const inPod = { env: { HOME: '/home/code', USER: 'code', NIX_CONFIG: 'experimental-features = nix-command flakes' } };
    const own = 'derivation { name = "ripgrep"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "PATH=/usr/bin:/bin; mkdir -p $out/bin; echo echo own >$out/bin/ripgrep; chmod +x $out/bin/ripgrep" ]; }';
    expect(container.run(`nix profile install --priority 6 $(nix-build --no-out-link --expr '${own}')`, inPod)).toMatchObject({ status: 0 });

    const development = HomeManager.profile(HomeManagerProfile.DEVELOPMENT);
    const failed = activate(development);
    expect(failed).toMatchObject({ status: 10, output: expect.stringContaining('ripgrep') });
    expect(activate(development).status).toBe(10);

    expect(container.run(repair, inPod)).toMatchObject({ status: 0 });
    expect(activate(development)).toMatchObject({ status: 0 });
    expect(container.run('/home/code/.nix-profile/bin/ripgrep').output).toBe('ripgrep of the stand-in\n');
  });

  test('another flake', () => {
    container.write('opt/flake/flake.nix', '{ outputs = { self }: { homeConfigurations.mine.activationPackage = throw "reached"; }; }');
    const { status, output } = activate(HomeManager.flake('path:/opt/flake', 'mine'));
    expect(output).toContain('building mine of path:/opt/flake');
    expect(output).toContain('reached');
    expect(status).toBe(8);
  });
});
