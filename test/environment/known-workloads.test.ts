import { ApiObject, Chart, Testing } from 'cdk8s';
import { NixEnvironment, NixUser, PodSecurityLevel } from '../../src';
import { checkWorkload } from '../../src/environment/guest-checks';
import { StoreReach } from '../../src/pod/bound-store';
import { PodAdditions } from '../../src/pod/pod-merge';
import { testChart } from '../support/synth';

const IMAGE = 'registry.example.org/app:1.0.0';

const pod = (container: object = {}, spec: object = {}, annotations?: object) =>
  ({ metadata: { labels: { app: 'app' }, annotations }, spec: { containers: [{ name: 'app', image: IMAGE, ...container }], ...spec } });

const workload = (chart: Chart, id: string, template: object, spec: object = {}, kind = 'Deployment') =>
  new ApiObject(chart, id, { apiVersion: 'apps/v1', kind, spec: { selector: { matchLabels: { app: 'app' } }, template, ...spec } });

function errorsOf(chart: Chart): string {
  try {
    Testing.synth(chart);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** What a second pod may have that the first, which was fine, has not. */
const FAULTS: { [title: string]: [object, string, string?] } = {
  'a port': [pod({ ports: [{ containerPort: 0 }] }), 'CDK8SNIX0511'],
  'an image': [pod({ image: 'No Image' }), 'CDK8SNIX0101'],
  'a variable': [pod({ env: [{ name: 'HOME', value: '/elsewhere' }] }), 'CDK8SNIX0518'],
  'a mount': [pod({ volumeMounts: [{ name: 'data', mountPath: '/nix' }] }, { volumes: [{ name: 'data', emptyDir: {} }] }), 'CDK8SNIX0503'],
  'a working directory': [pod({ workingDir: 'here' }), 'CDK8SNIX0522'],
  'an id': [pod({ securityContext: { runAsUser: 5 } }), 'CDK8SNIX0403'],
  'a privilege': [pod({ securityContext: { privileged: true } }), 'CDK8SNIX0404'],
  'a second container': [pod({}, { containers: [{ name: 'app', image: IMAGE }, { name: 'app', image: IMAGE }] }), 'CDK8SNIX0509'],
  'no container': [pod({}, { containers: [] }), 'CDK8SNIX0507'],
  'the network of the node': [pod({}, { hostNetwork: true }), 'CDK8SNIX0404'],
  'another system': [pod({}, { nodeSelector: { 'kubernetes.io/os': 'windows' } }), 'CDK8SNIX0215'],
  'a name of ours': [pod({}, { volumes: [{ name: 'nix-store', emptyDir: {} }] }), 'CDK8SNIX0504'],
  'a policy': [pod({}, { restartPolicy: 'Never' }), 'CDK8SNIX0508'],
  'an annotation': [pod({}, {}, { 'container.apparmor.security.beta.kubernetes.io/app': 'unconfined' }), 'CDK8SNIX0404'],
};

describe('a workload that is fine says nothing of another', () => {
  test.each(Object.entries(FAULTS))('which has %s', (_, [template, code]) => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(workload(chart, 'first', pod()));
    environment.enable(workload(chart, 'second', template));
    environment.enable(workload(chart, 'third', pod()));
    const errors = errorsOf(chart);
    expect(errors).toContain(`[test/second] ${code} `);
    expect(errors).not.toContain('[test/first]');
    expect(errors).not.toContain('[test/third]');
  });

  /** What is beside the pod. */
  test.each<[string, object, string]>([
    ['replicas that are none', { spec: { replicas: 'one' } }, 'CDK8SNIX0515'],
    ['replicas that are no number', { spec: { replicas: NaN } }, 'CDK8SNIX0515'],
    ['several replicas', { spec: { replicas: 2 } }, 'CDK8SNIX0206'],
    ['another strategy', { spec: { strategy: { type: 'RollingUpdate' } } }, 'CDK8SNIX0207'],
    ['a strategy that is none', { spec: { strategy: { type: 'Recreated' } } }, 'CDK8SNIX0527'],
    ['another selector', { spec: { selector: { matchLabels: { app: 'other' } } } }, 'CDK8SNIX0523'],
    ['a name that is none', { metadata: { name: 'No_Name' } }, 'CDK8SNIX0514'],
    ['a label that is none', { metadata: { labels: { app: 'a b' } } }, 'CDK8SNIX0513'],
    ['pods with a label that is none', { spec: { template: { ...pod(), metadata: { labels: { app: 'app', tier: 'a b' } } } } }, 'CDK8SNIX0513'],
    ['pods with labels that are none', { spec: { template: { ...pod(), metadata: { labels: 'app' } } } }, 'CDK8SNIX0520'],
    ['another namespace', { metadata: { namespace: 'elsewhere' } }, 'CDK8SNIX0505'],
  ])('which has %s', (_, { spec, ...other }: any, code) => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    const plain = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { replicas: null, selector: { matchLabels: { app: 'app' } }, template: pod() } };
    environment.enable(new ApiObject(chart, 'first', plain));
    environment.enable(new ApiObject(chart, 'second', { ...plain, ...other, spec: { ...plain.spec, ...spec } }));
    const errors = errorsOf(chart);
    expect(errors).toContain(`[test/second] ${code} `);
    expect(errors).not.toContain('[test/first]');
  });

  test('of which an autoscaler makes several', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(workload(chart, 'first', pod()));
    environment.enable(new ApiObject(chart, 'second', { ...workload(chart, 'model', pod()).toJson(), metadata: { name: 'second' } }));
    new ApiObject(chart, 'scaler', {
      apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'second' } },
    });
    expect(errorsOf(chart)).toContain('[test/second] CDK8SNIX0206 ');
  });

  test('of another kind', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(workload(chart, 'first', pod({}, { restartPolicy: 'Always' })));
    environment.enable(new ApiObject(chart, 'second', { apiVersion: 'batch/v1', kind: 'Job', spec: { template: pod({}, { restartPolicy: 'Always' }) } }));
    expect(errorsOf(chart)).toContain('[test/second] CDK8SNIX0508 ');
  });

  test('whose claims have a name of ours', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    environment.enable(workload(chart, 'first', pod(), { volumeClaimTemplates: [{ metadata: { name: 'data' } }] }, 'StatefulSet'));
    environment.enable(workload(chart, 'second', pod(), { volumeClaimTemplates: [{ metadata: { name: 'nix-store' } }] }, 'StatefulSet'));
    expect(errorsOf(chart)).toContain('[test/second] CDK8SNIX0504 ');
  });

  test('of an environment with another home', () => {
    const chart = testChart();
    const template = pod({ volumeMounts: [{ name: 'data', mountPath: '/home/other' }] }, { volumes: [{ name: 'data', emptyDir: {} }] });
    new NixEnvironment(chart, 'nix').enable(workload(chart, 'first', template));
    new NixEnvironment(chart, 'others', { user: NixUser.of({ name: 'other', uid: 1001, home: '/home/other' }) }).enable(workload(chart, 'second', template));
    expect(errorsOf(chart)).toContain('[test/second] CDK8SNIX0503 ');
  });

  test('of an environment of another user', () => {
    const chart = testChart();
    const template = pod({ securityContext: { runAsUser: 1001 } });
    new NixEnvironment(chart, 'nix').enable(workload(chart, 'first', template));
    new NixEnvironment(chart, 'others', { user: NixUser.of({ name: 'code', uid: 2002, home: '/home/code' }) }).enable(workload(chart, 'second', template));
    expect(errorsOf(chart)).toContain('[test/second] CDK8SNIX0403 ');
  });

  test('that is held to another level, or of which more is', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    const template = pod({}, { containers: [{ name: 'app', image: IMAGE }, { name: 'side', image: IMAGE, securityContext: { capabilities: { add: ['CHOWN'] } } }] });
    environment.enable(workload(chart, 'first', template), { podSecurity: PodSecurityLevel.BASELINE });
    environment.enable(workload(chart, 'second', template));
    environment.enable(workload(chart, 'third', template), { containers: ['app'], leaveOthersAlone: true });
    environment.enable(workload(chart, 'fourth', template), { containers: ['side'], leaveOthersAlone: true });
    const errors = errorsOf(chart);
    expect(errors).toContain('[test/second] CDK8SNIX0404 ');
    expect(errors).toContain('[test/fourth] CDK8SNIX0404 ');
    expect(errors).not.toContain('[test/first]');
    expect(errors).not.toContain('[test/third]');
  });
});

test('all that the checks read decides whether a workload is known', () => {
  const additions: PodAdditions = {
    initContainers: [{ name: 'ours' }],
    nixInitContainers: [{ name: 'ours-too' }],
    volumes: [{ name: 'nix-store', emptyDir: {} }],
    mounts: [{ name: 'nix-store', mountPath: '/nix' }],
    variables: [{ name: 'HOME', value: '/home/code' }],
    workloadVariables: [],
    podSecurityContext: {},
    scratchMounts: [],
    profilePath: [],
    containerNames: new Set(['all-read']),
    annotations: {},
    annotationLists: {},
    labels: {},
    firstContainers: new Set(),
    leavesOthersAlone: true,
    level: PodSecurityLevel.RESTRICTED,
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    commandPrefix: [],
  };
  const container = {
    name: 'all-read',
    image: IMAGE,
    env: [{ name: 'PATH', value: '/bin' }],
    workingDir: '/home/code/work',
    ports: [{ containerPort: 80 }],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    securityContext: { runAsUser: 1001, capabilities: { add: ['NET_BIND_SERVICE'] } },
  };
  const template = pod({}, { containers: [container], volumes: [{ name: 'data', emptyDir: {} }], os: { name: 'linux' }, securityContext: { fsGroup: 1001 } }, { a: 'b' });
  const chart = testChart();
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app' },
    spec: { replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: { app: 'app' } }, template },
  };
  const object = new ApiObject(chart, 'app', manifest);
  const fieldsRead = (): { [what: string]: unknown[] } => {
    const read: { [what: string]: Set<unknown> } = { additions: new Set(), user: new Set(), places: new Set(), podMetadata: new Set() };
    const watched = <T extends object>(what: string, value: T): T => new Proxy(value, {
      get: (target, field) => {
        read[what].add(field);
        return (target as any)[field];
      },
    });
    // Of its spec all is remembered.
    const seen = { ...manifest, spec: { ...manifest.spec, template: { ...template, metadata: watched('podMetadata', template.metadata) } } };
    const keeper: any = {
      scope: chart,
      store: {},
      home: {},
      places: watched('places', { reach: StoreReach.ONE_NODE, what: 'store' }),
      user: watched('user', NixUser.code()),
      programs: { names: [], annotations: {} },
    };
    expect(checkWorkload(object, keeper, [], { made: seen, fitted: seen, wished: seen, additions: watched('additions', additions), theirs: each => each })).toEqual([]);
    return Object.fromEntries(Object.entries(read).map(([what, fields]) => [what, [...fields].filter(field => field !== 'toJSON').sort()]));
  };
  const whenNew = fieldsRead();
  const whenKnown = fieldsRead();
  expect(whenKnown).toEqual(whenNew);
  expect(whenKnown.additions).toContain('level');
});
