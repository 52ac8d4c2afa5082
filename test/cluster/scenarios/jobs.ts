import * as assert from 'assert/strict';
import { App, Chart, Cron, Size, Yaml } from 'cdk8s';
import { NixCronJob, NixImage, NixJob, NixStore } from '../../../src';
import { expression, Scenario } from '../scenario';

/** A Job on a store that goes with it, and a CronJob on one that stays, both in images without Nix. */
export const JOBS: Scenario = {
  name: 'jobs',
  steps: (place, images) => {
    const common = { image: NixImage.of(images.first), config: { defaultSubstituter: false } };
    const nightly = () => {
      const chart = new Chart(new App(), 'cron-job');
      const { name } = new NixCronJob(chart, 'nightly', {
        ...common,
        schedule: Cron.annually(),
        containers: [{ name: 'build', image: images.plain, command: ['sh', '-ec', `nix-build --no-out-link --expr '${expression('nightly')}' 2>&1`] }],
      });
      place.apply(Yaml.stringify(...chart.toJson()));
      return place.complete('CronJob', name).get('build') ?? '';
    };
    return {
      'a Job builds': () => {
        const chart = new Chart(new App(), 'job');
        new NixJob(chart, 'build', {
          ...common,
          store: NixStore.ephemeral({ size: Size.gibibytes(2) }),
          containers: [{ name: 'build', image: images.plain, command: ['sh', '-ec', `cat "$(nix-build --no-out-link --expr '${expression('in-a-job')}')"`] }],
        });
        place.apply(Yaml.stringify(...chart.toJson()));
        const { name } = chart.toJson().find(manifest => manifest.kind === 'Job').metadata;
        assert.match(place.complete('Job', name).get('build') ?? '', /^built in-a-job$/m);
      },
      'the first run of a CronJob builds': () => assert.match(nightly(), /building/),
      'the second finds what the first has built': () => assert.match(nightly(), /^\/nix\/store\/[a-z0-9]{32}-nightly\n?$/),
    };
  },
};
