import * as assert from 'assert/strict';
import { App, Chart, Yaml } from 'cdk8s';
import { NixDeployment, NixImage } from '../../../src';
import { expression, RunningPod, Scenario } from '../scenario';

/** A Deployment from its cold start to an upgrade and back; what somebody built stays. */
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
    const isThere = () => assert.equal(pod.sh('cat /home/code/thing'), 'built of-the-user');
    return {
      'seeds an empty volume': () => {
        start(images.first);
        assert.match(seedSaid(), /seeded \d+ paths/);
      },
      'has a store whose every file is as its hash says': () => {
        assert.doesNotMatch(pod.sh('nix-store --verify --check-contents 2>&1'), /error|warning/);
      },
      'runs as user 1001 without any capability': () => {
        assert.equal(pod.sh('id -u'), '1001');
        assert.match(pod.sh('grep CapEff /proc/self/status'), /\b0{16}$/);
      },
      'builds, and links what it has built': () => {
        pod.run(['nix-build', '--out-link', '/home/code/thing', '--expr', expression('of-the-user')]);
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
