import { statSync } from 'node:fs';
import { App, Chart, Yaml } from 'cdk8s';
import { NixDeployment, NixImage } from '../../src';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { seedImage } from '../support/images';

// A file, since `sh -c` would become its last program, and Nix kills a builder that closes its output before it ends.
const GREETING = `derivation {
  name = "greeting";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-eu" (builtins.toFile "builder.sh" ''
    PATH=/nix/var/nix/profiles/default/bin
    mkdir -p $out/bin
    printf '#!/bin/sh\necho hello\n' >$out/bin/greet
    chmod +x $out/bin/greet
  '') ];
}`;

// One workspace from its first start on: each test goes on where the one before it stopped.
describe('a workspace through its life', () => {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage(1), 'registry.local/nix:2.0.0': seedImage(2) });
  let workspace: NixDeployment;
  let pod: Pod;

  function apply(tag: string): void {
    const chart = new Chart(new App(), 'e2e');
    workspace = new NixDeployment(chart, 'workspace', {
      image: NixImage.of(`registry.local/nix:${tag}`),
      // There is no network, and Nix would try the cache again and again before each build.
      config: { defaultSubstituter: false },
    });
    node.apply(Yaml.stringify(...chart.toJson()));
  }

  function start(): void {
    [pod] = node.rollOut('Deployment', workspace.name);
  }

  function disk() {
    return node.disk(workspace.environment.claim!.name);
  }

  afterAll(() => node.destroy());

  test('seeds the volume, which is empty before', () => {
    apply('1.0.0');
    expect(disk().entries).toEqual([]);
    start();
    expect(disk().entries).toEqual(['home', 'nix']);
    expect(pod.initLogs.get('seed-nix-store')).toMatch(/seeded 5 paths, \d+ MiB/);
  });

  test('leaves the root of the volume as the kubelet set it up', () => {
    const root = statSync(disk().folder);
    expect([root.uid, root.gid, root.mode.toString(8)]).toEqual([0, 1001, '42775']);
    expect(pod.sh('ls -A /nix').split('\n').sort()).toEqual(['.cdk8s-nix', 'store', 'var']);
  });

  test('has a store whose every file is as its hash says', () => {
    expect(pod.exec(['nix-store', '--verify', '--check-contents'])).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/error|warning/) });
  });

  test('runs without any privilege', () => {
    expect(pod.sh('id -u; id -g; id -G')).toBe('1001\n1001\n1001');
    expect(pod.sh('grep -E "^(Cap[A-Z][a-z]+|NoNewPrivs|Seccomp):" /proc/self/status').split('\n').map(line => line.split(/:\s*/))).toEqual([
      ...['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(set => [set, '0000000000000000']),
      ['NoNewPrivs', '1'],
      ['Seccomp', '2'],
    ]);
    expect(pod.exec(['sh', '-c', 'echo >/root-is-writable'])).toMatchObject({ code: 1, stderr: expect.stringContaining('Read-only file system') });
    expect(pod.sh('echo >/tmp/file && echo >"$HOME/file" && stat -c %u "$HOME"')).toBe('1001');
  });

  test('builds a derivation', () => {
    const path = pod.run(['nix-build', '--no-out-link', '--expr', GREETING]);
    expect(path).toMatch(/^\/nix\/store\/[a-z0-9]{32}-greeting$/);
    expect(pod.run([`${path}/bin/greet`])).toBe('hello');
  });

  test('installs a package into the profile of the user', () => {
    pod.run(['nix-env', '--install', '--from-expression', `_: ${GREETING}`]);
    expect(pod.sh('command -v greet; greet')).toBe('/home/code/.nix-profile/bin/greet\nhello');
  });

  test('stops when it is told to, long before the grace period', () => {
    expect(pod.stop()).toBeLessThan(25);
  });

  test('starts warm and has what was installed', () => {
    start();
    expect(pod.initLogs.get('seed-nix-store')).not.toContain('bringing');
    expect(pod.sh('greet; nix-env --query')).toBe('hello\ngreeting');
  });

  test('upgrades to another image and keeps what was installed', () => {
    const before = pod.sh('readlink -f "$(command -v nix)"');
    apply('2.0.0');
    start();
    // Nix itself, the new package, and the two files of the profile.
    expect(pod.initLogs.get('seed-nix-store')).toMatch(/seeded 4 paths/);
    expect(pod.sh('addition; greet; nix-env --query')).toBe('added in release 2\nhello\ngreeting');
    expect(pod.sh('readlink -f "$(command -v nix)"')).not.toBe(before);
    pod.run(['nix-store', '--verify', '--check-contents']);
  });
});
