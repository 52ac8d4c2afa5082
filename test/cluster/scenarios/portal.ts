import * as assert from 'assert/strict';
import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageDatabase, BackstageNix, NixImage } from '../../../src';
import { RunningPod, Scenario } from '../scenario';

/** Stands in for `node packages/backend`: it reads its configuration, says which, and answers how it is. */
const BACKEND = `echo "$@"
while [ $# -gt 0 ]; do cat "$2" >/dev/null; shift 2; done
folder=/tmp/www/.backstage/health/v1; mkdir -p "$folder"; echo ok >"$folder/readiness"; echo ok >"$folder/liveness"
exec httpd -f -p 7007 -h /tmp/www`;

/** A portal in an image without Nix. */
export const PORTAL: Scenario = {
  name: 'a portal',
  steps: (place, images) => {
    let pod: RunningPod;
    return {
      'is ready': () => {
        const chart = new Chart(new App(), 'portal');
        const secret = new kplus.Secret(chart, 'Credentials', { stringData: { postgres: 'secret' } });
        const { deployment } = new BackstageNix(chart, 'portal', {
          image: NixImage.of(images.plain),
          seedImage: NixImage.of(images.first),
          baseUrl: 'https://portal.example.org',
          configFiles: [],
          container: { command: ['sh', '-euc', BACKEND, 'backend'] },
          database: BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret, key: 'postgres' } }),
          clusterAccess: false,
          config: { defaultSubstituter: false },
        });
        place.apply(Yaml.stringify(...chart.toJson()));
        [pod] = place.rollOut('Deployment', deployment.name);
        assert.equal(pod.logs().trim(), '--config /etc/backstage/app-config.cdk8s-nix.yaml');
      },
      'has the Nix of the seed image': () => assert.match(pod.sh('nix --version'), /^nix \(Nix\) \d/),
      'has a home of its own': () => assert.equal(pod.sh('stat -c %u "$HOME"'), '1001'),
    };
  },
};
