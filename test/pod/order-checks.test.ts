import { ApiObject, App, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { NixDeployment, NixEnvironment } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const pod = (scope: Construct, id: string) => new ApiObject(scope, id, { apiVersion: 'v1', kind: 'Pod', metadata: { name: id }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } });
const other = (scope: Construct, id = 'other') => new ApiObject(scope, id, { apiVersion: 'v1', kind: 'ConfigMap' });
const BEHIND = 'and its own objects stand before the workload: pods wait for the claims and ConfigMaps that they mount.';

test.each<[string, (chart: Chart) => void, string]>([
  ['an environment on its workload', chart => {
    const nix = new NixEnvironment(chart, 'nix');
    const theirs = pod(chart, 'theirs');
    nix.enable(theirs);
    nix.node.addDependency(theirs);
  }, `dependencies: got "test/nix". It depends on test/theirs, ${BEHIND} Leave out that test/nix depends on test/theirs, or depend on the one object that is meant.`],
  ['a claim on a workload of cdk8s-plus', chart => {
    const nix = new NixEnvironment(chart, 'nix');
    const theirs = new kplus.Deployment(chart, 'theirs', { containers: [{ image: 'example/app:1' }] });
    nix.node.findChild('Store').node.addDependency(theirs);
    nix.enable(theirs);
  }, `dependencies: got "test/nix/Store". It depends on test/theirs, ${BEHIND}`],
  ['a group with the environment, on one with the workload', chart => {
    const [first, second] = [new Construct(chart, 'first'), new Construct(chart, 'second')];
    new NixEnvironment(second, 'nix').enable(pod(first, 'theirs'));
    second.node.addDependency(first);
  }, 'dependencies: got "test/second". It depends on test/first, and its own'],
  ['an environment on what depends on its workload', chart => {
    const nix = new NixEnvironment(chart, 'nix');
    const [theirs, between] = [pod(chart, 'theirs'), other(chart)];
    nix.enable(theirs);
    nix.node.addDependency(between);
    between.node.addDependency(theirs);
  }, `dependencies: got "test/nix". It depends on test/other, which depends on test/theirs, ${BEHIND} Leave out that test/nix depends on test/other, or one of the others.`],
])('%s: no bare cycle', (_, build, message) => {
  expect(synthErrorOf(build)).toContain(`nix] CDK8SNIX0529 ${message}`);
  // cdk8s validates before it has spread dependencies over all objects, or after.
  const app = new App();
  build(new Chart(app, 'test'));
  expect(() => app.synthYaml()).toThrow('CDK8SNIX0529');
});

test.each<[string, (chart: Chart) => void]>([
  ['a workload and its environment on a namespace', chart => {
    const namespace = other(chart);
    new NixDeployment(chart, 'theirs').node.addDependency(namespace);
    const nix = new NixEnvironment(chart, 'nix');
    nix.node.addDependency(namespace);
    nix.enable(pod(chart, 'pod'));
  }],
  ['an environment on the workload of another one', chart => {
    const theirs = pod(chart, 'theirs');
    new NixEnvironment(chart, 'nix').enable(theirs);
    const second = new NixEnvironment(chart, 'second');
    second.enable(pod(chart, 'pod'));
    second.node.addDependency(theirs);
  }],
  ['an environment on its workload of another chart', chart => {
    const theirs = pod(new Chart(chart.node.root as App, 'two'), 'theirs');
    const nix = new NixEnvironment(chart, 'nix');
    nix.enable(theirs);
    nix.node.addDependency(theirs);
  }],
  ['something on all of the chart', chart => {
    other(chart).node.addDependency(chart);
    new NixEnvironment(chart, 'nix').enable(pod(chart, 'theirs'));
  }],
])('%s is fine', (_, build) => {
  expect(synthErrorOf(build)).toBe('');
});
