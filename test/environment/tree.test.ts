import { ApiObject, App, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { NixBinaryCache, NixEnvironment, NixGarbageCollection } from '../../src';
import { only, testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const CONTAINERS = [{ name: 'main', image: 'example/app:1' }];
const pod = (scope: Construct, id = 'theirs') => new ApiObject(scope, id, { apiVersion: 'v1', kind: 'Pod', metadata: { name: id }, spec: { containers: CONTAINERS } });
const REMOVED = 'was removed from the tree of constructs: it is neither checked nor written. Use what has come in its place, or leave it in the tree.';

test.each<[string, (chart: Chart) => void, string]>([
  ['a workload', chart => {
    const theirs = new kplus.Deployment(chart, 'theirs', { containers: CONTAINERS });
    chart.node.tryRemoveChild('theirs');
    new NixEnvironment(chart, 'nix').enable(theirs);
  }, `CDK8SNIX0528 workload: got "test/theirs". test/theirs ${REMOVED} (enabled by test/nix)`],
  ['what a workload is in', chart => {
    const theirs = pod(new Construct(chart, 'group'));
    chart.node.tryRemoveChild('group');
    new NixEnvironment(chart, 'nix').enable(theirs);
  }, `CDK8SNIX0528 workload: got "test/group/theirs". test/group ${REMOVED}`],
  ['an environment', chart => {
    const nix = new NixEnvironment(chart, 'nix');
    chart.node.tryRemoveChild('nix');
    nix.enable(pod(chart));
  }, `CDK8SNIX0528 environment: got "test/nix". test/nix ${REMOVED}`],
  ['an environment, after it was used', chart => {
    new NixEnvironment(chart, 'nix').enable(pod(chart));
    chart.node.tryRemoveChild('nix');
  }, `[test/theirs] CDK8SNIX0528 environment: got "test/nix". test/nix ${REMOVED}`],
  ['what an environment has made', chart => {
    const nix = new NixEnvironment(chart, 'nix');
    nix.enable(pod(chart));
    nix.node.tryRemoveChild('Store');
  }, `[test/theirs] CDK8SNIX0528 environment: got "test/nix/Store/Resource". test/nix/Store ${REMOVED}`],
  ['a cache', chart => {
    const cache = new NixBinaryCache(chart, 'cache');
    chart.node.tryRemoveChild('cache');
    new NixEnvironment(chart, 'nix').useBinaryCache(cache);
  }, `[test/nix] CDK8SNIX0528 useBinaryCache: got "test/cache". test/cache ${REMOVED}`],
])('%s that was removed is told', (_, build, message) => {
  expect(synthErrorOf(build)).toContain(message);
});

test.each<[string, (chart: Chart, other: Chart) => void, string]>([
  ['a workload', (chart, other) => { new NixEnvironment(chart, 'nix').enable(pod(other)); }, 'workload: got "other/theirs". It belongs to another app than test/nix.'],
  ['a construct that is in none', chart => { new NixEnvironment(chart, 'nix').enable(new Construct(undefined as any, '')); }, 'workload: got "". It belongs to another app than test/nix.'],
  ['the environment of a Job', (chart, other) => { new NixGarbageCollection(other, 'gc', { environment: new NixEnvironment(chart, 'nix') }); }, 'workload: got "other/gc/CronJob". It belongs to another app than test/nix.'],
])('%s of another app is told', (_, build, message) => {
  expect(synthErrorOf(chart => build(chart, new Chart(new App(), 'other')))).toContain(`CDK8SNIX0528 ${message} Make both in charts of one app.`);
});

test('another one in the place of what was removed gets Nix, from another chart too', () => {
  const chart = testChart();
  const other = new Chart(chart.node.root as App, 'other');
  new Construct(chart, 'a/b');
  chart.node.tryRemoveChild('a--b');
  new NixEnvironment(other, 'nix').enable(pod(new Construct(chart, 'a/b')));
  expect(only(Testing.synth(chart), 'Pod').spec.initContainers[0].name).toBe('seed-nix-store');
});
