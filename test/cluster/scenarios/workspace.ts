import * as assert from 'assert/strict';
import { App, Chart, Yaml } from 'cdk8s';
import { NixDeployment, NixImage } from '../../../src';
import { expression, RunningPod, Scenario } from '../scenario';

/** A Deployment from its cold start to an upgrade and back; what somebody built and installed stays. */
export const WORKSPACE: Scenario = {
  name: 'a workspace',
  steps: (place, images) => {
    let pod: RunningPod;
    const start = (image: string) => {
      const chart = new Chart(new App(), 'life');
      const workspace = new NixDeployment(chart, 'workspace', { image: NixImage.of(image), config: { defaultSubstituter: false } });
      place.apply(Yaml.stringify(...chart.toJson()));
      [pod] = place.rollOut('Deployment', workspace.name);
    };
    const seedSaid = () => pod.initLogs.get('seed-nix-store') ?? '';
    const isThere = () => {
      assert.equal(pod.sh('cat /home/code/thing'), 'built of-the-user');
      assert.match(pod.run(['nix-env', '--query']), /^installed$/m);
    };
    return {
      'seeds an empty volume': () => {
        start(images.first);
        assert.match(seedSaid(), /seeded \d+ paths/);
      },
      'has a store whose every file is as its hash says': () => {
        assert.doesNotMatch(pod.sh('nix-store --verify --check-contents 2>&1'), /error|warning/);
      },
      'runs as user 1001 without any privilege, on a read-only root': () => {
        assert.equal(pod.sh('id -u'), '1001');
        const status = pod.sh('while read -r line; do echo "$line"; done </proc/self/status');
        assert.equal(status.match(/^Cap\w+:\s+0{16}$/gm)?.length, 5);
        assert.match(status, /^NoNewPrivs:\s+1$/m);
        assert.match(status, /^Seccomp:\s+2$/m);
        assert.equal(pod.sh('{ echo >/root-is-writable; } 2>/dev/null || echo read-only'), 'read-only');
        assert.equal(pod.sh('echo >/tmp/file && echo >"$HOME/file" && stat -c %u "$HOME"'), '1001');
      },
      'builds and installs': () => {
        pod.run(['nix-build', '--out-link', '/home/code/thing', '--expr', expression('of-the-user')]);
        pod.run(['nix-env', '--install', '--from-expression', `_: ${folder('installed')}`]);
        isThere();
      },
      'starts warm after its pod has gone': () => {
        start(images.first);
        assert.match(seedSaid(), /holds this image already/);
        isThere();
      },
      'is upgraded by another image': () => {
        const before = pod.sh('readlink -f "$(command -v nix)"');
        start(images.second);
        assert.match(seedSaid(), /seeded \d+ paths/);
        assert.notEqual(pod.sh('readlink -f "$(command -v nix)"'), before);
        isThere();
      },
      'goes back to the image before': () => {
        start(images.first);
        assert.doesNotMatch(pod.sh('nix-store --verify --check-contents 2>&1'), /error|warning/);
        isThere();
      },
    };
  },
};

/** A package, which a profile takes as a file it does not. */
function folder(name: string): string {
  const script = '/nix/var/nix/profiles/default/bin/mkdir -p $out/bin; echo >$out/bin/installed';
  return `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "${script}" ]; }`;
}
