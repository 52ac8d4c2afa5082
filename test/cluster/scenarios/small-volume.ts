import * as assert from 'assert/strict';
import { App, Chart, Size, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixImage, NixStore } from '../../../src';
import { Scenario } from '../scenario';

/** A volume that the image does not fit into. In memory, since many a provisioner takes no notice of the size of a claim. */
export const SMALL_VOLUME: Scenario = {
  name: 'a volume that is too small',
  steps: (place, images) => ({
    'is told of in the status of the pod': () => {
      const chart = new Chart(new App(), 'small');
      const { name } = new NixDeployment(chart, 'workspace', {
        image: NixImage.of(images.first),
        config: { defaultSubstituter: false },
        store: NixStore.emptyDir({ medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.mebibytes(16) }),
      });
      place.apply(Yaml.stringify(...chart.toJson()));
      const { container, terminationMessage } = place.failure('Deployment', name);
      assert.equal(container, 'seed-nix-store');
      assert.match(terminationMessage, /not enough space on the volume: \d+ KiB needed .*, \d+ KiB free/);
    },
  }),
};
