import { ApiObject, Chart, JsonPatch, Lazy, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { NixBinaryCache, NixDeployment, NixEnvironment, NixProgram, Substituter } from '../../src';
import { only, testChart } from '../support/synth';

/** What somebody does while an app is validated, after our own look at it. */
function whileValidated(chart: Chart, change: () => void): void {
  let isDone = false;
  new Construct(chart, 'policy').node.addValidation({
    validate: () => {
      if (!isDone) {
        change();
      }
      isDone = true;
      return [];
    },
  });
}

/** Everything that changes what the pods of an environment get. */
const CHANGES: { [what: string]: (workload: NixDeployment, cache: NixBinaryCache) => void } = {
  'another cache': ({ environment }) => environment.config.addSubstituter(Substituter.of('https://cache.example.org', `cache.example.org-1:${'A'.repeat(43)}=`)),
  'a cache in the cluster': ({ environment }, cache) => environment.useBinaryCache(cache),
  'a step of the care for the store': ({ environment }) => environment.collectGarbage(),
  'a program': workload => {
    workload.addContainer(workload.environment.containerFor(NixProgram.flake('github:owner/server/v1.2.3', { name: 'server' })));
  },
  'a part': ({ environment }) => environment._addPart(() => ({ variables: [{ name: 'TZ', value: 'UTC' }] })),
};

describe.each(Object.entries(CHANGES))('%s', (_, change) => {
  const deployed = (when: (chart: Chart, change: () => void) => void, synthesize: (chart: Chart) => any[] = chart => Testing.synth(chart)) => {
    const chart = testChart();
    const cache = new NixBinaryCache(chart, 'cache');
    const workload = new NixDeployment(chart, 'workspace', {
      containers: [{ name: 'main', image: 'example/app:1' }], proxy: { httpProxy: 'http://proxy.example.org:3128' },
    });
    when(chart, () => change(workload, cache));
    return synthesize(chart).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.includes('workspace')).spec;
  };
  const expected = deployed((__, now) => now());

  test('that comes after the look at a workload is in its pods', () => {
    expect(deployed(whileValidated)).toEqual(expected);
    expect(deployed(() => {})).not.toEqual(expected);
  });

  test('that comes between two syntheses is in those of the second', () => {
    const spec = deployed((chart, later) => Object.assign(chart, { later }), chart => {
      Testing.synth(chart);
      (chart as unknown as { later: () => void }).later();
      return Testing.synth(chart);
    });
    expect(spec).toEqual(expected);
  });
});

describe('a workload', () => {
  const enabled = (replicas: unknown) => {
    const chart = testChart();
    const labels = { app: 'theirs' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
    const workload = new ApiObject(chart, 'theirs', { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas, selector: { matchLabels: labels }, template } });
    new NixEnvironment(chart, 'nix').enable(workload);
    return { chart, workload };
  };

  test('whose lazy value is another one as it is written is written so, or refused', () => {
    const counting = (...values: number[]) => {
      let asked = 0;
      return Lazy.any({ produce: () => values[Math.min(asked++, values.length - 1)] });
    };
    expect(only(Testing.synth(enabled(counting(1, 0)).chart), 'Deployment').spec.replicas).toBe(0);
    expect(() => Testing.synth(enabled(counting(1, 2)).chart)).toThrow('CDK8SNIX0206 replicas: got 2');
  });

  test('that holds what JSON cannot is written as it is', () => {
    expect(only(Testing.synth(enabled(BigInt(1)).chart), 'Deployment').spec.replicas).toBe(BigInt(1));
  });

  test('that is patched after the look at it is written as its patches leave it', () => {
    const { chart, workload } = enabled(1);
    whileValidated(chart, () => workload.addJsonPatch(JsonPatch.replace('/spec/replicas', 0)));
    expect(only(Testing.synth(chart), 'Deployment').spec.replicas).toBe(0);
  });

  test('is not told of what another environment gets', () => {
    const chart = testChart();
    const [, other] = ['one', 'other'].map(id => new NixDeployment(chart, id));
    const spec = (of: NixDeployment) => Testing.synth(chart).find(({ metadata }) => metadata.name === ApiObject.of(of).name).spec;
    const before = spec(other);
    whileValidated(chart, () => other.environment.collectGarbage());
    expect(spec(other).template.spec.initContainers).toHaveLength(before.template.spec.initContainers.length + 1);
    expect(Testing.synth(chart).filter(({ kind }) => kind === 'Deployment').map(({ spec: { template } }) => template.spec.initContainers.length)).toEqual([1, 2]);
  });
});
