import * as assert from 'assert/strict';
import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixImage } from '../../../src';
import { Cut, RunningPod, Scenario } from '../scenario';

const SEED = 'seed-nix-store';
/** So little of a processor that the seed is not over before it can be disturbed. */
const SLOWLY: kplus.ContainerResources = { cpu: { request: kplus.Cpu.millis(50), limit: kplus.Cpu.millis(50) } };

/** Seeds that are killed half-way. */
export const CUT_SHORT: Scenario = {
  name: 'a seed that is cut short',
  steps: (place, images) => {
    const start = (id: string, killed: Cut['killed']): RunningPod => {
      const chart = new Chart(new App(), 'cut');
      const { name } = new NixDeployment(chart, id, {
        image: NixImage.of(images.first),
        config: { defaultSubstituter: false },
        seed: { resources: SLOWLY },
      });
      place.apply(Yaml.stringify(...chart.toJson()));
      return place.rollOut('Deployment', name, { cut: { container: SEED, when: log => log.includes('bringing'), killed } })[0];
    };
    const isWhole = (pod: RunningPod) => {
      assert.match(pod.initLogs.get(SEED) ?? '', /: seeded \d+ paths/);
      assert.doesNotMatch(pod.sh('nix-store --verify --check-contents 2>&1'), /error|warning/);
    };
    return {
      'is killed as a whole, and the next one seeds': () => isWhole(start('whole', 'everything')),
      'loses its children, and is started again in the same pod': () => {
        const pod = start('children', 'children');
        assert.equal(pod.restartsOf(SEED), 1);
        isWhole(pod);
      },
    };
  },
};
