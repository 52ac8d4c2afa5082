import { ApiObject, Chart, Cron, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixEnvironment, NixGarbageCollection, NixImage, NixProgram, NixProgramPrefetch, NixStore, NixStorePrefetch } from '../../src';
import { testChart } from '../support/synth';

const POD = '/spec/template/spec';
const POOL = kplus.Node.tainted(kplus.NodeTaintQuery.is('dedicated', 'development'));
const TOLERATION = { key: 'dedicated', operator: 'Equal', value: 'development' };

/** The pods of Jobs and CronJobs, as they are written. */
const podsOfCare = (chart: Chart): any[] => Testing.synth(chart).filter(({ kind }) => /Job$/.test(kind))
  .map(({ spec }) => (spec.jobTemplate?.spec ?? spec).template.spec);

describe('who cares for a store on the node of its workload', () => {
  const build = (change: (workspace: NixDeployment, chart: Chart) => void, store?: NixStore): Chart => {
    const chart = testChart();
    const workspace = new NixDeployment(chart, 'workspace', {
      image: NixImage.of('registry.example.org/team/nix:1'),
      store,
      dockerRegistryAuth: kplus.Secret.fromSecretName(chart, 'registry', 'registry'),
      programs: [NixProgram.flake('github:owner/echo/v1.2.3')],
    });
    const { environment } = workspace;
    new NixGarbageCollection(chart, 'garbage', { environment, schedule: Cron.weekly() });
    new NixStorePrefetch(chart, 'prefetch', { environment, packages: ['nixpkgs#hello'] });
    new NixProgramPrefetch(chart, 'programs', { environment });
    change(workspace, chart);
    return chart;
  };

  test('tolerates what that tolerates, whenever it is said, and pulls its images with the same Secrets', () => {
    const chart = build(workspace => workspace.scheduling.tolerate(POOL));
    const pods = podsOfCare(chart);
    expect(pods).toHaveLength(3);
    for (const { tolerations, imagePullSecrets } of pods) {
      expect({ tolerations, imagePullSecrets }).toEqual({ tolerations: [expect.objectContaining(TOLERATION)], imagePullSecrets: [{ name: 'registry' }] });
    }
    expect(chart).toBeValidKubernetes();
  });

  test('says each once, beside its own', () => {
    const own = { key: 'own', operator: 'Exists' };
    const chart = build((workspace, inner) => {
      workspace.scheduling.tolerate(POOL);
      // A neighbour on the same claim, with the same words.
      const neighbour = new kplus.Deployment(inner, 'neighbour', { containers: [{ image: 'example/app:1' }], dockerRegistryAuth: kplus.Secret.fromSecretName(inner, 'again', 'registry') });
      neighbour.scheduling.tolerate(POOL);
      workspace.environment.enable(neighbour);
    });
    const job = ApiObject.of((chart.node.findChild('prefetch') as NixStorePrefetch).job);
    job.addJsonPatch(JsonPatch.add(`${POD}/tolerations/-`, own));
    const { tolerations, imagePullSecrets } = podsOfCare(chart).find(pod => pod.tolerations.length === 2);
    expect(tolerations).toEqual([expect.objectContaining(TOLERATION), own]);
    expect(imagePullSecrets).toEqual([{ name: 'registry' }]);
  });

  test('as patches have it, and of the neighbours on its claim', () => {
    const chart = testChart();
    const store = () => NixStore.existing('tools');
    const { environment } = new NixDeployment(chart, 'workspace', { store: store() });
    new NixGarbageCollection(chart, 'garbage', { environment });
    const neighbour = new ApiObject(chart, 'neighbour', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'neighbour' },
      spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } } },
    });
    new NixEnvironment(chart, 'other', { store: store() }).enable(neighbour);
    neighbour.addJsonPatch(JsonPatch.add(`${POD}/tolerations`, [TOLERATION]));
    expect(podsOfCare(chart)).toEqual([expect.objectContaining({ tolerations: [TOLERATION] })]);
  });

  test('anew with each synth', () => {
    const chart = build(() => {});
    expect(podsOfCare(chart).map(({ tolerations }) => tolerations)).toEqual([undefined, undefined, undefined]);
    (chart.node.findChild('workspace') as NixDeployment).scheduling.tolerate(POOL);
    expect(podsOfCare(chart).map(({ tolerations }) => tolerations)).toEqual(Array(3).fill([expect.objectContaining(TOLERATION)]));
  });

  test('and its workload stays as it is', () => {
    const chart = build(workspace => ApiObject.of(workspace.environment.node.scope!).addJsonPatch(JsonPatch.add(`${POD}/priorityClassName`, 'high')));
    const { spec } = Testing.synth(chart).find(({ kind }) => kind === 'Deployment');
    expect(spec.template.spec).toMatchObject({ imagePullSecrets: [{ name: 'registry' }], priorityClassName: 'high' });
    expect(spec.template.spec.tolerations).toBeUndefined();
  });
});
