import { ApiObject, App, Chart, IResolver, Lazy, ResolutionContext, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixStatefulSet } from '../../src';
import { containersOf, podsOf } from '../../src/pod/pod-manifest';
import { only, testChart } from '../support/synth';

/** As apps have that ask another system for a value at synth. */
class Lookup implements IResolver {
  public resolve(context: ResolutionContext): void {
    if (typeof context.value === 'string' && context.value.startsWith('lookup:')) {
      context.replaceValue(`found-${context.value.slice('lookup:'.length)}`);
    }
  }
}

describe('an app with resolvers of its own', () => {
  const chartOf = (image: string): Chart => {
    const chart = new Chart(new App({ resolvers: [new Lookup()] }), 'test');
    const workload = new kplus.Deployment(chart, 'theirs', { containers: [{ name: 'main', image, envVariables: { TOKEN: kplus.EnvValue.fromValue('lookup:token') } }] });
    new NixEnvironment(chart, 'nix').enable(workload);
    return chart;
  };

  test('has what they make of values, and everything of ours', () => {
    const [pod] = podsOf(only(Testing.synth(chartOf('lookup:app')), 'Deployment'));
    const { container } = containersOf(pod).find(({ sort }) => sort === 'containers')!;
    expect(container.image).toBe('found-app');
    expect(container.env).toContainEqual({ name: 'TOKEN', value: 'found-token' });
    expect(container.volumeMounts).toContainEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
    expect(container.resources.limits.memory).toBe('2048Mi');
  });

  test('is checked by what they make of values', () => {
    expect(() => Testing.synth(chartOf('lookup:a b'))).toThrow('CDK8SNIX0101 containers[main].image: got "found-a b".');
  });
});

describe('what was found fine and is looked at as it is written', () => {
  test('is checked once more where a value of the pod has changed meanwhile', () => {
    const chart = testChart();
    let asked = 0;
    const image = Lazy.any({ produce: () => asked++ < 1 ? 'example/app:1' : 'no image' });
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs' }, spec: { containers: [{ name: 'main', image }] },
    }));
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0101 containers[main].image: got "no image".');
  });

  test('is checked once more where the environment brings something else meanwhile', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(new kplus.Pod(chart, 'theirs', { containers: [{ name: 'main', image: 'example/app:1', envVariables: {} }], initContainers: [{ name: 'collect-garbage', image: 'example/app:1' }] }));
    new ApiObject(chart, 'last', { apiVersion: 'v1', kind: 'ConfigMap' }).node.addValidation({
      validate: () => {
        if (!done) {
          done = true;
          environment.collectGarbage();
        }
        return [];
      },
    });
    let done = false;
    expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0504');
  });
});

test('the Service of a StatefulSet has the ports that it was given, and no other', () => {
  const chart = testChart();
  const { service } = new NixStatefulSet(chart, 'workspace');
  expect(service.ports).toEqual([]);
  service.bind(8080);
  expect(service.ports).toEqual([{ port: 8080 }]);
  expect(service.port).toBe(8080);
  expect(only(Testing.synth(chart), 'Service').spec.ports).toEqual([{ port: 8080 }]);
});
