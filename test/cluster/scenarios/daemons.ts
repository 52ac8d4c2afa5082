import * as assert from 'assert/strict';
import { App, Chart, Size, Yaml } from 'cdk8s';
import { NixDaemonSet, NixImage, NixStore } from '../../../src';
import { Scenario } from '../scenario';

/** A pod on each node, with a store on an emptyDir. */
export const DAEMONS: Scenario = {
  name: 'a DaemonSet',
  steps: (place, images) => ({
    'has Nix in each pod': () => {
      const chart = new Chart(new App(), 'daemons');
      const { name } = new NixDaemonSet(chart, 'nodes', {
        image: NixImage.of(images.first),
        config: { defaultSubstituter: false },
        store: NixStore.emptyDir({ sizeLimit: Size.gibibytes(2) }),
      });
      place.apply(Yaml.stringify(...chart.toJson()));
      const pods = place.rollOut('DaemonSet', name);
      assert.ok(pods.length > 0);
      for (const pod of pods) {
        assert.match(pod.run(['nix', '--version']), /^nix \(Nix\) \d/);
      }
    },
  }),
};
