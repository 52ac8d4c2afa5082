import { App, Chart, Cron, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  BackstageDatabase, BackstageNix, BackstagePreset, HomeManager, HomeManagerProfile, NixBinaryCache, NixCronJob, NixDaemonSet, NixDeployment,
  NixEnvironment, NixGarbageCollection, NixImage, NixJob,
  NixProgram, NixProgramPrefetch, NixStatefulSet, NixStore, NixStorePrefetch, NixStoreVerification,
} from '../../src';
import { testChart } from '../support/synth';

const containers = [{ name: 'main', image: 'registry.example.org/main:1.0.0' }];

const secretKey = (chart: Chart, name: string) => ({ secret: kplus.Secret.fromSecretName(chart, name, name), key: 'key' });

/** Each makes what its pods need in another way. */
const CASES: { [title: string]: (chart: Chart) => void } = {
  'a Deployment with a home, a cache and care at start': chart => {
    const cache = new NixBinaryCache(chart, 'cache');
    const { environment } = new NixDeployment(chart, 'workspace', {
      homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL),
      config: { netrc: secretKey(chart, 'ours'), extraNetrcs: [secretKey(chart, 'theirs')] },
    });
    environment.useBinaryCache(cache);
    environment.collectGarbage();
  },
  'a StatefulSet': chart => new NixStatefulSet(chart, 'workspace', { store: NixStore.perReplica() }),
  'a DaemonSet': chart => new NixDaemonSet(chart, 'workspace', { containers }),
  'a Job and a CronJob': chart => {
    new NixJob(chart, 'job', { containers });
    new NixCronJob(chart, 'cron-job', { containers, schedule: Cron.daily() });
  },
  'a workload that was there before its environment': chart => {
    const workload = new kplus.Deployment(chart, 'application', { containers });
    new NixEnvironment(chart, 'nix').enable(workload);
  },
  'Jobs that care for a store': chart => {
    const { environment } = new NixDeployment(chart, 'workspace');
    new NixGarbageCollection(chart, 'garbage', { environment });
    new NixStorePrefetch(chart, 'prefetch', { environment, packages: ['github:NixOS/nixpkgs/25.05#hello'] });
    new NixStoreVerification(chart, 'verification', { environment });
  },
  'a program of a flake, brought ahead too': chart => {
    const { environment } = new NixDeployment(chart, 'echo', {
      programs: [NixProgram.flake('github:owner/echo/v1.2.3')],
      bringPrograms: { allowBuilds: true },
      config: { netrc: secretKey(chart, 'ours'), extraNetrcs: [secretKey(chart, 'theirs')] },
    });
    new NixProgramPrefetch(chart, 'ahead', { environment });
  },
  'a portal': chart => new BackstageNix(chart, 'portal', {
    image: NixImage.backstageNix({ repository: 'registry.example.org/portal', tag: '1.0.0' }),
    baseUrl: 'https://portal.example.org',
    preset: BackstagePreset.DEVELOPMENT,
    database: BackstageDatabase.bundled({ password: secretKey(chart, 'postgres') }),
  }),
};

describe('applied one object after the other, nothing that pods need is missing', () => {
  test.each(Object.keys(CASES))('for %s', title => {
    const chart = testChart('development');
    CASES[title](chart);
    expect(chart).toBeValidKubernetes({ oneByOne: true });
  });

  test('in what an app writes too', () => {
    const app = Testing.app();
    CASES['a Deployment with a home, a cache and care at start'](new Chart(app, 'test'));
    expect(app.synthYaml()).toBeValidKubernetes({ oneByOne: true });
  });
});

test('charts that share an environment keep their names and have no order', () => {
  const app = new App({ outdir: Testing.app().outdir });
  const { environment } = new NixDeployment(new Chart(app, 'workspace'), 'workspace');
  new NixGarbageCollection(new Chart(app, 'care'), 'garbage', { environment });
  const dependencies = () => app.charts.map(chart => [chart.node.id, chart.node.dependencies.length]);
  app.synthYaml();
  expect(dependencies()).toEqual([['workspace', 0], ['care', 0]]);
});
