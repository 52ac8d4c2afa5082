import { ApiObject, App, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageDatabase, BackstageNix, NixBinaryCache, NixDeployment, NixEnvironment, NixImage, NixJob, NixStatefulSet, NixStorePrefetch } from '../../src';
import { nameOfPath, shorterName } from '../../src/base/made-name';
import { only, testChart } from '../support/synth';

const LONG = 'a-name-of-more-than-63-characters'.repeat(3);
const chartOf = (id: string) => new Chart(new App(), id);

describe('a path as a name', () => {
  test('is the path', () => {
    expect(nameOfPath(new NixEnvironment(testChart(), 'nix'))).toBe('test-nix');
  });

  test('differs from others that begin alike', () => {
    const chart = testChart();
    const names = ['a', 'b'].map(end => nameOfPath(new NixEnvironment(chart, LONG + end)));
    expect(new Set(names).size).toBe(2);
    expect(names.every(name => name.length <= 63)).toBe(true);
  });

  test('by which two prefetches keep what is theirs', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace');
    ['a', 'b'].forEach(end => new NixStorePrefetch(chart, LONG + end, { environment, packages: ['nixpkgs#hello'] }));
    const kept = Testing.synth(chart).filter(({ kind }) => kind === 'Job')
      .map(({ spec }) => spec.template.spec.containers[0].env.find(({ name }: { name: string }) => name === 'PREFETCH_NAME').value);
    expect(kept).toHaveLength(2);
    expect(new Set(kept).size).toBe(2);
  });
});

test.each(['cache', LONG, 'a'.repeat(40)])('the pods of a cache called %s have labels that Kubernetes takes', id => {
  const chart = testChart();
  const { statefulSet } = new NixBinaryCache(chart, id);
  expect(chart).toBeValidKubernetes();
  expect(statefulSet.name.length).toBeLessThanOrEqual(52);
  expect(only(Testing.synth(chart), 'StatefulSet').metadata.name).toBe(statefulSet.name);
});

test('a name that is short enough stays', () => {
  const chart = testChart();
  expect(shorterName(chart, 'statefulset', 52)).toBeUndefined();
  expect(new NixBinaryCache(chart, 'cache').statefulSet.name).toMatch(/^test-cache-statefulset-\w{8}$/);
});

test('Jobs that are named after their content are two where their names begin alike', () => {
  class ByPath extends Chart {
    public generateObjectName({ node }: ApiObject): string {
      return node.path.replace(/\W+/g, '-').toLowerCase();
    }
  }
  const chart = new ByPath(new App(), 'test');
  ['a', 'b'].forEach(end => new NixJob(chart, `${'of-the-tools-'.repeat(3)}with-${end}`, { containers: [{ image: 'example/app:1' }] }));
  const names = Testing.synth(chart).filter(({ kind }) => kind === 'Job').map(({ metadata }) => metadata.name);
  expect(names).toHaveLength(2);
  expect(new Set(names).size).toBe(2);
});

describe('a Service begins with a letter', () => {
  test.each<[string, string, (chart: Chart) => void]>([
    ['of a cache', 'CDK8SNIX0514 Service 1st/cache/Service: metadata.name: got "1st-cache-service-', chart => { new NixBinaryCache(chart, 'cache'); }],
    ['of a StatefulSet', 'CDK8SNIX0514 Service 1st/set-service: metadata.name: got "1st-set-service-', chart => { new NixStatefulSet(chart, 'set'); }],
    ['of a portal', 'CDK8SNIX0915 Service 1st/portal/Service: metadata.name: got "1st-portal-service-', chart => {
      const database = BackstageDatabase.bundled({ password: { secret: kplus.Secret.fromSecretName(chart, 'secret', 'secret'), key: 'key' } });
      new BackstageNix(chart, 'portal', { baseUrl: 'https://portal.example.org', image: NixImage.of('example/portal:1'), database });
    }],
  ])('%s', (_, message, build) => {
    const said = (id: string) => {
      const chart = chartOf(id);
      build(chart);
      return chart.node.findAll().flatMap(({ node }) => node.validate()).join('\n');
    };
    expect(said('1st')).toContain(`${message}`);
    expect(said('1st')).toContain('from that of the chart: begin that with a letter.');
    expect(said('first')).not.toMatch(/CDK8SNIX\d+ Service/);
  });
});
