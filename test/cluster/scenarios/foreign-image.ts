import * as assert from 'assert/strict';
import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixImage } from '../../../src';
import { expression, RunningPod, Scenario } from '../scenario';

/** A Deployment that knows nothing of Nix, of an image that has none, given Nix by `enable`. */
export const FOREIGN_IMAGE: Scenario = {
  name: 'a plain Deployment, given Nix',
  steps: (place, images) => {
    let pod: RunningPod;
    return {
      'has Nix in its command': () => {
        const chart = new Chart(new App(), 'foreign');
        const app = new kplus.Deployment(chart, 'app', {
          containers: [{
            image: images.plain,
            imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
            command: ['sh', '-c', 'nix --version; trap "exit 0" TERM; sleep 3600 & wait'],
          }],
        });
        new NixEnvironment(chart, 'nix', { image: NixImage.of(images.first), config: { defaultSubstituter: false } }).enable(app);
        place.apply(Yaml.stringify(...chart.toJson()));
        [pod] = place.rollOut('Deployment', app.name);
        pod.sh('for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e /proc/1/task/1/children ] && sleep 0.1; done');
        assert.match(pod.logs(), /^nix \(Nix\) \d/);
      },
      'has Nix in kubectl exec and in a login shell': () => {
        assert.match(pod.run(['nix', '--version']), /^nix \(Nix\) \d/);
        assert.match(pod.run(['sh', '-l', '-c', 'nix --version']), /^nix \(Nix\) \d/m);
      },
      'builds': () => {
        assert.equal(pod.sh(`cat "$(nix-build --no-out-link --expr '${expression('in-a-busybox')}')"`), 'built in-a-busybox');
      },
    };
  },
};
