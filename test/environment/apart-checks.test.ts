import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixStore } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const LABEL = 'cdk8s-nix/environment';
const POD = '/spec/template/spec';
const OTHER = { labelSelector: { matchLabels: { app: 'other' } }, topologyKey: 'kubernetes.io/hostname' };

function deployment(chart: Chart, name: string, pod: any = {}): ApiObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/app:1' }], ...pod } };
  return new ApiObject(chart, name, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { selector: { matchLabels: labels }, template } });
}

describe('workloads on a claim for one node that cannot be on one are told', () => {
  const NODE = 'kubernetes.io/hostname';
  const job = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example/app:1' }] } } };
  /** What synth says of two, of one environment or of two. */
  const apart = (first: any, second: any, isJob = false, environments = 1): string => synthErrorOf(chart => {
    const all = [first, second].map((pod, i) => isJob && i === 1
      ? new ApiObject(chart, 'second', { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'second' }, spec: { template: { spec: { ...job.template.spec, ...pod } } } })
      : deployment(chart, ['first', 'second'][i], pod));
    const nix = Array.from({ length: environments }, (_, i) => new NixEnvironment(chart, `nix-${i}`, { store: NixStore.existing('tools') }));
    all.forEach((each, i) => nix[i % environments].enable(each));
  });
  const anti = (labelSelector: any, more: any = {}): any =>
    ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector, topologyKey: NODE, ...more }] } } });

  const near = (key: string, ...values: string[]): any => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] } } },
  });

  const not = (key: string, ...values: string[]): any => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'NotIn', values }] }] } } },
  });

  test.each<[string, any, any, string]>([
    ['labels that an affinity asks for, as cdk8s-plus writes them', near('pool', 'a'), near('pool', 'b'), 'affinity.nodeAffinity.pool: got "b". Deployment/second shares'],
    ['a label, and another by an affinity', { nodeSelector: { pool: 'a' } }, near('pool', 'b'), 'affinity.nodeAffinity.pool: got "b". Deployment/second shares'],
    ['a node by an affinity, and none', near(NODE, 'n1'), {}, `affinity.nodeAffinity.${NODE}: got nothing. Deployment/second may start on any node`],
    ['labels that differ', { nodeSelector: { pool: 'a' } }, { nodeSelector: { pool: 'b' } },
      'nodeSelector.pool: got "b". Deployment/second shares a claim for one node with Deployment/first, which has to be where it is "a". Say the same in both, or give one'],
    ['names that differ', { nodeName: 'n1' }, { nodeName: 'n2' }, 'nodeName: got "n2". Deployment/second shares a claim for one node with Deployment/first'],
    ['a name, and none', { nodeName: 'n1' }, {}, 'nodeName: got nothing. Deployment/second may start on any node, and its claim, which it shares with Deployment/first, '
      + 'would keep that from the node n1. Give it the same nodeName: n1, or give'],
    ['none, and the label of a node', {}, { nodeSelector: { [NODE]: 'n1' } }, `nodeSelector.${NODE}: got nothing. Deployment/first may start on any node`],
    ['an anti-affinity', {}, anti({ matchLabels: { app: 'first' } }),
      'affinity.podAntiAffinity: got {"matchLabels":{"app":"first"}}. Deployment/second shares a claim for one node with Deployment/first, and may not be on one with it.'],
    ['an anti-affinity of zones, of which a node has one', anti({ matchLabels: { app: 'second' } }, { topologyKey: 'topology.kubernetes.io/zone' }), {},
      'affinity.podAntiAffinity: got {"matchLabels":{"app":"second"}}. Deployment/first shares a claim for one node with Deployment/second, and may not be on one with it.'],
    ['an anti-affinity to all', anti({}), {}, 'affinity.podAntiAffinity: got {}. Deployment/first shares a claim for one node with Deployment/second'],
    ['an anti-affinity to the environment', anti({ matchExpressions: [{ key: LABEL, operator: 'Exists' }] }), {}, 'affinity.podAntiAffinity: got {"matchExpressions":'],
  ])('%s', (_, first, second, message) => {
    expect(apart(first, second)).toContain(`[test/nix-0] CDK8SNIX0221 ${message}`);
    expect(apart(first, second).match(/CDK8SNIX0221/g)).toHaveLength(1);
  });

  test('with their environments, where those are several', () => {
    const message = apart({ nodeName: 'n1' }, { nodeName: 'n2' }, false, 2);
    expect(message).toContain('[test/nix-0] CDK8SNIX0221 nodeName: got "n2". Deployment/second of test/nix-1 shares a claim for one node with Deployment/first of test/nix-0');
    expect(message.match(/CDK8SNIX0221/g)).toHaveLength(1);
  });

  test('as patches leave them, and as cdk8s-plus says it', () => {
    expect(synthErrorOf(chart => {
      const nix = new NixEnvironment(chart, 'nix');
      ['first', 'second'].map(name => deployment(chart, name)).forEach((theirs, i) => {
        nix.enable(theirs);
        theirs.addJsonPatch(JsonPatch.add(`${POD}/nodeName`, `n${i}`));
      });
    })).toContain('CDK8SNIX0221 nodeName: got "n1"');
    expect(synthErrorOf(chart => {
      const nix = new NixEnvironment(chart, 'nix');
      const [first, second] = ['first', 'second'].map(id => new kplus.Deployment(chart, id, { containers: [{ image: 'example/app:1' }] }));
      first.scheduling.separate(second);
      [first, second].forEach(each => nix.enable(each));
    })).toMatch(/CDK8SNIX0221 affinity\.podAntiAffinity: got .* Deployment\/test-first-\S+ shares a claim for one node with Deployment\/test-second-/);
  });

  /** Of two, of which the first has patches that rest on what is ours. */
  const patched = (pod: any, second: any, ...patches: JsonPatch[]): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix');
    const theirs = deployment(chart, 'first', pod);
    [theirs, deployment(chart, 'second', second)].forEach(each => nix.enable(each));
    theirs.addJsonPatch(...patches);
  });

  test('as patches leave them that rest on what is ours', () => {
    expect(patched({}, {}, JsonPatch.add(`${POD}/affinity/podAntiAffinity`, anti({ matchLabels: { app: 'second' } }).affinity.podAntiAffinity)))
      .toContain('CDK8SNIX0221 affinity.podAntiAffinity: got');
    expect(patched({}, { nodeName: 'n1' })).toContain('CDK8SNIX0221 nodeName: got nothing. Deployment/first may start on any node');
    expect(patched({}, { nodeName: 'n1' }, JsonPatch.add(`${POD}/affinity/nodeAffinity`, near(NODE, 'n1').affinity.nodeAffinity))).toBe('');
    expect(patched({}, { nodeName: 'n1' }, JsonPatch.replace(`${POD}/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/0`, OTHER))).toBe('');
  });

  test('whatever nonsense a patch has put there: the other one is told all the same', () => {
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    for (const patch of [
      JsonPatch.add(`${POD}/affinity/nodeAffinity`, { [required]: { nodeSelectorTerms: [{ matchExpressions: [null] }] } }),
      JsonPatch.add(`${POD}/affinity/podAffinity/${required}/-`, null),
    ]) {
      const message = patched({ nodeSelector: { pool: 'a' } }, { nodeSelector: { pool: 'b' } }, patch);
      expect(message).toContain('CDK8SNIX0221 nodeSelector.pool: got "b"');
      expect(message).not.toContain('TypeError');
    }
  });

  test.each<[string, any, any]>([
    ['the same node', { nodeName: 'n1' }, { nodeName: 'n1' }], ['one label more', { nodeSelector: { pool: 'a', disk: 'fast' } }, { nodeSelector: { pool: 'a' } }],
    ['what nearly all nodes are', { nodeSelector: { 'kubernetes.io/os': 'linux' } }, {}], ['another label', { nodeSelector: { pool: 'a' } }, { nodeSelector: { zone: 'b' } }],
    ['nodes that an affinity leaves out', not('pool', 'a'), {}], ['pools, one of which is no other', near('pool', 'a', 'b'), { nodeSelector: { pool: 'a' } }],
    ['a node, and an affinity that leads there', { nodeName: 'n1' }, { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [OTHER] } } }],
    ['an empty name, which is none', { nodeName: '' }, {}], ['several labels that an affinity lets be', near('pool', 'a', 'b'), near('pool', 'b')],
    ['nodes in two ways', { nodeName: 'n1' }, { nodeSelector: { [NODE]: 'n1' } }],
    ['an anti-affinity to itself and to others', anti({ matchLabels: { app: 'first' } }), anti({ matchLabels: { app: 'noisy' } })],
    ['an anti-affinity in another namespace', anti({ matchLabels: { app: 'second' } }, { namespaces: ['other'] }), {}],
    ['an anti-affinity of places that nobody knows', anti({ matchLabels: { app: 'second' } }, { topologyKey: 'example.org/rack' }), {}],
  ])('but for %s', (_, first, second) => {
    expect(apart(first, second)).toBe('');
  });

  test('unless what may start anywhere ends, and lets the other go', () => {
    expect(apart({ nodeName: 'n1' }, {}, true)).toBe('');
    expect(apart({}, { nodeName: 'n1' }, true)).toContain('CDK8SNIX0221 nodeName: got nothing. Deployment/first may start on any node');
    expect(apart({ nodeName: 'n1' }, { nodeName: 'n2' }, true)).toContain('Job/second shares a claim for one node with Deployment/first');
  });

  test.each<[string, any, string, any]>([
    ['a pool', { nodeSelector: { pool: 'a', disk: 'fast' } },
      'nodeSelector: got nothing. Deployment/second may start on any node, and its claim, which it shares with Deployment/first, would keep that from the nodes with '
      + 'disk: "fast", pool: "a". Give it the same nodeSelector, disk: "fast", pool: "a", or give one', { nodeSelector: { pool: 'a', disk: 'fast' } }],
    ['pools by an affinity', near('pool', 'a', 'b'),
      'affinity.nodeAffinity: got nothing. Deployment/second may start on any node, and its claim, which it shares with Deployment/first, would keep that from the nodes that '
      + 'its affinity names. Give it the same affinity.nodeAffinity (of cdk8s-plus: scheduling.attract), or give one', near('pool', 'a', 'b')],
  ])('%s of one, and none of the other', (_, pool, message, remedy) => {
    expect(apart(pool, {})).toContain(`[test/nix-0] CDK8SNIX0221 ${message}`);
    expect(apart({ nodeSelector: { 'kubernetes.io/os': 'linux' } }, pool)).toContain('Deployment/first may start on any node');
    expect(apart(pool, remedy)).toBe('');
    // What ends lets the other go.
    expect(apart(pool, {}, true)).toBe('');
    expect(apart({}, pool, true)).toContain('Deployment/first may start on any node');
  });
});

test('a pool that cdk8s-plus asks for is told, and is fine for both', () => {
  const attracted = (...names: string[]): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix');
    for (const id of ['first', 'second']) {
      const theirs = new kplus.Deployment(chart, id, { containers: [{ image: 'example/app:1' }] });
      if (names.includes(id)) {
        theirs.scheduling.attract(kplus.Node.labeled(kplus.NodeLabelQuery.is('pool', 'a')));
      }
      nix.enable(theirs);
    }
  });
  expect(attracted('first')).toMatch(/CDK8SNIX0221 affinity\.nodeAffinity: got nothing\. Deployment\/test-second-\S+ may start on any node/);
  expect(attracted('first')).toContain('scheduling.attract');
  expect(attracted('first', 'second')).toBe('');
});

describe('workloads without replicas are told, if something else starts them', () => {
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'runs' } };
  const runs = (replicas: number): any => ({
    ...rollout, spec: { replicas, strategy: { canary: { maxSurge: 0, maxUnavailable: 1 } }, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'second' } },
  });
  const scales = (apiVersion: string, kind: string, spec: any): any =>
    ({ apiVersion, kind, metadata: { name: 'scales' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'second' }, ...spec } });
  const hpa = (spec: any): any => scales('autoscaling/v2', 'HorizontalPodAutoscaler', { maxReplicas: 1, ...spec });
  const keda = (spec: any): any => scales('keda.sh/v1alpha1', 'ScaledObject', spec);
  const beside = (starter: any | undefined, ...nodes: string[]): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix');
    ['first', 'second'].forEach((name, i) => {
      const theirs = deployment(chart, name, { nodeSelector: { pool: nodes[i] } });
      nix.enable(theirs);
      theirs.addJsonPatch(JsonPatch.add('/spec/replicas', i === 0 ? 1 : 0));
    });
    if (starter) {
      new ApiObject(chart, 'starter', starter);
    }
  });

  test.each<[string, any]>([
    ['a Rollout', runs(1)], ['KEDA', keda({ maxReplicaCount: 1 })], ['an autoscaler that may leave none', hpa({ minReplicas: 0 })],
  ])('%s', (_, starter) => {
    expect(beside(starter, 'a', 'b')).toContain('CDK8SNIX0221 nodeSelector.pool: got "b". Deployment/second shares a claim for one node with Deployment/first');
    expect(beside(starter, 'a', 'a')).toBe('');
  });

  test.each<[string, any | undefined]>([
    ['nothing', undefined], ['a Rollout without any', runs(0)], ['an autoscaler, which leaves it alone', hpa({})], ['KEDA, with none at most', keda({ maxReplicaCount: 0 })],
  ])('but not by %s', (_, starter) => {
    expect(beside(starter, 'a', 'b')).toBe('');
  });
});

describe('workloads on a claim for one node that are to be spread over nodes', () => {
  const NODE = 'kubernetes.io/hostname';
  const spread = (more: any = {}, labels: any = { team: 'portal' }): any => ({
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: NODE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: labels }, ...more }],
  });
  const withTeam = (theirs: ApiObject): ApiObject => {
    theirs.addJsonPatch(JsonPatch.add('/spec/template/metadata/labels/team', 'portal'));
    return theirs;
  };
  const two = (first: any, second: any = first, build: (chart: Chart) => void = () => undefined, store = NixStore.existing('tools')): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix', { store });
    [first, second].forEach((pod, i) => nix.enable(withTeam(deployment(chart, ['first', 'second'][i], pod))));
    build(chart);
  });

  test('are told, and what to write instead is fine', () => {
    const message = two(spread());
    expect(message).toContain('[test/nix] CDK8SNIX0221 topologySpreadConstraints[0]: got {"matchLabels":{"team":"portal"}}. Deployment/first shares a claim for one node with '
      + 'Deployment/second, and has to be spread over nodes with what this selects. Say whenUnsatisfiable: ScheduleAnyway, leave the constraint out, or give one of them');
    expect(message.match(/CDK8SNIX0221/g)).toHaveLength(2);
    expect(two(spread({ whenUnsatisfiable: 'ScheduleAnyway' }))).toBe('');
    expect(two({})).toBe('');
    expect(two(spread(), spread(), undefined, NixStore.existing('tools', { accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_MANY], shared: true }))).toBe('');
  });

  test.each<[string, any]>([
    ['by the label of the environment', spread({ labelSelector: { matchExpressions: [{ key: LABEL, operator: 'Exists' }] } })],
    ['where nothing is said of how strict it is', spread({ whenUnsatisfiable: undefined, maxSkew: undefined })],
    ['that select both by an expression', spread({ labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['first', 'second'] }] } })],
  ])('%s', (_, pod) => {
    expect(two(pod, {}).match(/CDK8SNIX0221 topologySpreadConstraints/g)).toHaveLength(1);
  });

  test('but not one that selects the other alone, which may stand beside it', () => {
    expect(two(spread({}, { app: 'second' }), {})).toBe('');
  });

  test.each<[string, any]>([
    ['less strict', spread({ maxSkew: 2 })], ['over zones', spread({ topologyKey: 'topology.kubernetes.io/zone' })], ['by revision', spread({ matchLabelKeys: ['pod-template-hash'] })],
    ['of others', spread({}, { app: 'other' })], ['of all', spread({ labelSelector: {} })], ['of none', spread({ labelSelector: undefined })],
    ['on the node that they name', { ...spread(), nodeSelector: { [NODE]: 'n1' } }],
  ])('but not %s', (_, pod) => {
    expect(two(pod)).toBe('');
  });

  test('nor where the app has others that it selects, which may be on each node', () => {
    expect(two(spread(), spread(), chart => withTeam(deployment(chart, 'third')))).toBe('');
    expect(two(spread(), spread(), chart => deployment(chart, 'third'))).toContain('CDK8SNIX0221');
  });
});
