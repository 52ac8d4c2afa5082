import * as assert from 'assert/strict';
import { App, Chart, Size, Yaml } from 'cdk8s';
import { NixDaemonSet, NixImage, NixJob, NixStore } from '../../../src';
import { expression, Scenario } from '../scenario';

/** Stores that go with their pods: a Job with an ephemeral one, a DaemonSet with one on an emptyDir. */
export const PASSING_STORES: Scenario = {
  name: 'stores that go with their pods',
  steps: (place, images) => {
    const common = { image: NixImage.of(images.first), config: { defaultSubstituter: false } };
    return {
      'a Job builds': () => {
        const chart = new Chart(new App(), 'job');
        const job = new NixJob(chart, 'build', {
          ...common,
          store: NixStore.ephemeral({ size: Size.gibibytes(2) }),
          containers: [{ name: 'build', image: images.first, command: ['sh', '-ec', `cat "$(nix-build --no-out-link --expr '${expression('in-a-job')}')"`] }],
        });
        const yaml = Yaml.stringify(...chart.toJson());
        place.apply(yaml);
        const { name } = chart.toJson().find(manifest => manifest.kind === 'Job').metadata;
        assert.match(place.complete('Job', name).get('build') ?? '', /^built in-a-job$/m, job.node.path);
      },
      'a DaemonSet has Nix': () => {
        const chart = new Chart(new App(), 'daemons');
        const { name } = new NixDaemonSet(chart, 'nodes', { ...common, store: NixStore.emptyDir({ sizeLimit: Size.gibibytes(2) }) });
        place.apply(Yaml.stringify(...chart.toJson()));
        for (const pod of place.rollOut('DaemonSet', name)) {
          assert.match(pod.run(['nix', '--version']), /^nix \(Nix\) \d/);
        }
      },
    };
  },
};
