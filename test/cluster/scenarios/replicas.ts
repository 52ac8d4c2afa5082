import * as assert from 'assert/strict';
import { App, Chart, Yaml } from 'cdk8s';
import { NixImage, NixStatefulSet } from '../../../src';
import { expression, RunningPod, Scenario } from '../scenario';

/** A StatefulSet of two: a store for each. */
export const REPLICAS: Scenario = {
  name: 'a StatefulSet of two',
  steps: (place, images) => {
    let first: RunningPod;
    let second: RunningPod;
    let name: string;
    return {
      'seeds a store for each replica': () => {
        const chart = new Chart(new App(), 'replicas');
        ({ name } = new NixStatefulSet(chart, 'agents', { replicas: 2, image: NixImage.of(images.first), config: { defaultSubstituter: false } }));
        place.apply(Yaml.stringify(...chart.toJson()));
        [first, second] = place.rollOut('StatefulSet', name);
        for (const pod of [first, second]) {
          assert.match(pod.initLogs.get('seed-nix-store') ?? '', /seeded \d+ paths/);
        }
      },
      'keeps what one builds from the other': () => {
        first.run(['nix-build', '--out-link', '/home/code/thing', '--expr', expression('of-the-first')]);
        assert.equal(second.sh('ls /home/code/thing 2>/dev/null || echo none'), 'none');
      },
      'finds the store of each again': () => {
        [first, second] = place.rollOut('StatefulSet', name);
        assert.equal(first.sh('cat /home/code/thing'), 'built of-the-first');
        assert.equal(second.sh('ls /home/code/thing 2>/dev/null || echo none'), 'none');
      },
    };
  },
};
