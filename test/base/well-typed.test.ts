import * as vm from 'vm';
import { Chart, Cron, Duration, Lazy, Size } from 'cdk8s';
import * as kplus28 from 'cdk8s-plus-28';
import * as kplusCopy from 'cdk8s-plus-28-copy';
import * as kplus32 from 'cdk8s-plus-32';
import * as kplus34 from 'cdk8s-plus-34';
import {
  AiAssistant, CaBundle, HomeManager, HomeManagerProfile, McpServer,
  NixCronJob, NixDeployment, NixDeploymentProps, NixEnvironment, NixGarbageCollection,
  NixHome, NixImage, NixStatefulSet, NixStore, NixUser,
} from '../../src';
import { typeOf } from '../../src/base/well-typed';
import { testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const said = (props: any) => synthErrorOf(chart => { new NixDeployment(chart, 'app', props); });

describe('what is not ours to make', () => {
  test.each([['28', kplus28], ['28, a second copy', kplusCopy as any], ['32', kplus32 as any], ['34', kplus34 as any]])('comes from cdk8s-plus-%s', (_, kplus: typeof kplus28) => {
    const chart = testChart();
    const secret = kplus.Secret.fromSecretName(chart, 'secret', 'secret');
    const instances: { [type: string]: unknown } = {
      'kplus.Cpu': kplus.Cpu.millis(1),
      'kplus.DeploymentStrategy': kplus.DeploymentStrategy.recreate(),
      'kplus.EnvFrom': kplus.Env.fromSecret(secret),
      'kplus.EnvValue': kplus.EnvValue.fromSecretValue({ secret, key: 'key' }),
      'kplus.Handler': kplus.Handler.fromCommand(['true']),
      'kplus.IConfigMap': new kplus.ConfigMap(chart, 'config'),
      'kplus.IPodSelector': kplus.Pods.all(chart, 'pods'),
      'kplus.ISecret': secret,
      'kplus.IServiceAccount': new kplus.ServiceAccount(chart, 'account'),
      'kplus.Probe': kplus.Probe.fromCommand(['true']),
      'kplus.Service': new kplus.Service(chart, 'service', { ports: [{ port: 80 }] }),
      'kplus.StatefulSetUpdateStrategy': kplus.StatefulSetUpdateStrategy.onDelete(),
      'kplus.Volume': kplus.Volume.fromEmptyDir(chart, 'volume', 'volume'),
    };
    expect(Object.keys(instances).filter(type => !typeOf(type).fits(instances[type]))).toEqual([]);
    // And one is not taken for another, but by who asks for little: a Volume has a name, as a Service has.
    const values = Object.keys(instances).filter(type => !(instances[type] as any).node);
    for (const type of values) {
      expect([type, values.filter(other => typeOf(type).fits(instances[other]))]).toEqual([type, [type]]);
    }
  });

  test('comes from a second copy of this library, and of cdk8s', () => {
    jest.isolateModules(() => {
      const copy = jest.requireActual<typeof import('../../src')>('../../src');
      const sizes = jest.requireActual<typeof import('cdk8s')>('cdk8s');
      expect(copy.NixStore).not.toBe(NixStore);
      expect(sizes.Size).not.toBe(Size);
      const props: any = {
        image: copy.NixImage.of('example/nix:1'),
        user: copy.NixUser.code(),
        store: copy.NixStore.persistent({ size: Size.gibibytes(3) }),
        home: copy.NixHome.ephemeral({ sizeLimit: sizes.Size.gibibytes(1) }),
        homeManager: copy.HomeManager.profile(HomeManagerProfile.ESSENTIAL),
        assistants: [copy.AiAssistant.codex()],
        programs: [copy.NixProgram.flake('github:owner/echo/v1.2.3')],
      };
      expect(said(props)).toBe('');
    });
  });

  test('may be a proxy of another language, which has what its interface has and nothing else', () => {
    const real: any = kplus28.Secret.fromSecretName(testChart(), 'secret', 'ca');
    const proxy: any = {};
    for (const member of ['envValue', 'apiVersion', 'kind', 'name', 'node', 'apiGroup', 'resourceType']) {
      Object.defineProperty(proxy, member, { get: () => real[member] });
    }
    expect(() => CaBundle.fromSecret(proxy)).not.toThrow();
    expect(() => CaBundle.fromSecret({ name: 'ca' } as any)).toThrow('CDK8SNIX1304 CaBundle.fromSecret().secret: got {"name":"(not shown)"}. It is a Secret. Use kplus.Secret.fromSecretName(…)');
  });

  test('may be of a class whose name a bundler made short', () => {
    class a {
      public readonly amount = '1';
    }
    expect(typeOf('kplus.Cpu').fits(new a())).toBe(true);
  });

  test('may be plain data of another realm, or without a prototype', () => {
    expect(said(vm.runInNewContext('({ path: ["/opt/bin"], seed: { jobs: 2 } })'))).toBe('');
    expect(said(Object.assign(Object.create(null), { seed: Object.assign(Object.create(null), { jobs: 2 }) }))).toBe('');
  });
});

test.each<[string, any, string]>([
  ['a home in the place of a store', { store: NixHome.ephemeral() }, 'store: got "NixHome". It is a NixStore. Use NixStore.persistent(…)'],
  ['a store in the place of a home', { home: NixStore.emptyDir() }, 'home: got "NixStore". It is a NixHome.'],
  ['a class rather than one of it', { store: NixStore }, 'store: got "function NixStore". It is a NixStore.'],
  ['a factory that was not called', { store: NixStore.persistent }, 'store: got "function persistent". It is a NixStore.'],
  ['an image as text', { image: 'nixos/nix:2.30' }, 'image: got "nixos/nix:2.30". It is a NixImage. Use NixImage.of(…)'],
  ['a misspelt prop', { stroe: NixStore.emptyDir() }, 'stroe: got "NixStore". There is no such prop. Did you mean "store"?'],
  ['a prop in the letters of another language', { home_manager: HomeManager.prebuilt() }, 'home_manager: got "HomeManager". There is no such prop. Did you mean "homeManager"?'],
  ['a prop that nobody knows', { seed: { threads: 2 } }, 'seed.threads: got 2. There is no such prop. Leave it out, or use one of source, resources,'],
  ['a misspelt label', { metadata: { lables: {} } }, 'metadata.lables: got {}. There is no such prop. Did you mean "labels"?'],
  ['a number in a list of texts', { path: ['/opt/bin', 5] }, 'path[1]: got 5. It is a text. Put it in quotes: "5".'],
  ['one where a list belongs', { path: '/opt/bin' }, 'path: got "/opt/bin". It is a list, of which each item is a text. Put it in brackets'],
  ['a Map', { objectLabels: new Map([['team', 'a']]) }, 'objectLabels: got "Map". It is an object, in which each value is a text. Use Object.fromEntries(…) of it.'],
  ['a promise of options', { seed: Promise.resolve({ jobs: 2 }) }, 'seed: got "Promise". It is an object with props such as'],
  ['null', { seed: null }, 'seed: got null. It is an object with props such as source, resources, imagePullPolicy, jobs, jsonLog. Leave it out.'],
  ['memory as text', { containerResources: { memory: { limit: '512Mi' } } }, 'containerResources.memory.limit: got "512Mi". It is a Size. Use Size.mebibytes(512).'],
  ['CPU as text', { containerResources: { cpu: { limit: '500m' } } }, 'containerResources.cpu.limit: got "500m". It is a Cpu. Use kplus.Cpu.millis(500).'],
  ['variables in the form of YAML', { containers: [{ image: 'example/app:1', envVariables: { LOG: 'debug' } }] }, 'containers[0].envVariables.LOG: got "(not shown)". It is an EnvValue.'],
  ['what holds itself', { path: circular() }, 'path: got "data in a circle". It is a list'],
  ['a number that JSON has not', { nixPath: NaN }, 'nixPath: got "NaN". It is a text.'],
])('%s is refused', (_, props, message) => {
  expect(said(props)).toContain(`[test/app] CDK8SNIX1304 ${message}`);
});

function circular(): object {
  const value: any = { a: [] };
  value.a.push(value);
  return value;
}

test('all that is wrong with the props is said at once', () => {
  expect(said({ replicas: '2', seed: { jobs: 'x', jsonLog: 'no', imagePullPolicy: 'Sometimes' }, stor: 1 }).split('\n').map(line => line.replace(/: got .*/, ''))).toEqual([
    '[test/app] CDK8SNIX1304 replicas', '[test/app] CDK8SNIX1302 seed.imagePullPolicy', '[test/app] CDK8SNIX1304 seed.jobs', '[test/app] CDK8SNIX1303 seed.jsonLog',
    '[test/app] CDK8SNIX1304 stor',
  ]);
});

test.each<[string, () => unknown]>([
  ['a key', () => AiAssistant.claude({ apiKey: 's3cret' } as any)],
  ['another one', () => AiAssistant.claude({ secrets: { TOKEN: 's3cret' } } as any)],
  ['a token', () => McpServer.http('tracker', 'https://example.org/mcp', { bearerToken: 's3cret' } as any)],
  ['a variable of a server', () => McpServer.command('tracker', 'npx', { secrets: { TOKEN: 's3cret' } } as any)],
])('%s comes from a Secret: what would be refused in the next step is not advised', (_, make) => {
  expect(make).toThrow('It is an EnvValue. Use kplus.EnvValue.fromSecretValue({ secret, key }).');
  expect(make).not.toThrow('fromValue(');
});

test('the text of a secret is not shown', () => {
  const key = `sk-ant-${'s3cret'.repeat(5)}`;
  for (const make of [
    () => AiAssistant.claude({ apiKey: 's3cret' } as any), () => AiAssistant.claude({ secrets: { TOKEN: 's3cret' } } as any), () => AiAssistant.claude(key as any),
    () => AiAssistant.claude({ token: 's3cret' } as any), () => AiAssistant.claude({ variables: [key] } as any), () => CaBundle.fromSecret('s3cret' as any),
    () => AiAssistant.claude({ settings: [{ env: { PASSWORD: 's3cret' } }] } as any), () => NixUser.of({ home: { password: 's3cret' } } as any),
    () => new NixDeployment(testChart(), 'app', { config: { netrc: 'machine example.org password s3cret' } } as any),
    () => new NixDeployment(testChart(), 'app', { config: { accessTokens: { key: 'key', secret: 's3cret' } } } as any),
  ]) {
    expect(make).toThrow('(not shown)');
    expect(make).not.toThrow('s3cret');
  }
});

describe('the remedy for a size, a time or an amount', () => {
  const CASES: Array<[type: string, value: unknown, made: { equals: unknown }]> = [
    ['cdk8s.Size', '10Gi', { equals: Size.gibibytes(10) }], ['cdk8s.Size', '512 MiB', { equals: Size.mebibytes(512) }], ['cdk8s.Size', '1T', { equals: Size.tebibytes(1) }],
    ['cdk8s.Size', 10, { equals: Size.gibibytes(20) }], ['cdk8s.Duration', '30m', { equals: Duration.minutes(30) }], ['cdk8s.Duration', '10s', { equals: Duration.seconds(10) }],
    ['cdk8s.Duration', '7d', { equals: Duration.days(7) }], ['cdk8s.Duration', 'soon', { equals: Duration.minutes(30) }], ['kplus.Cpu', '500m', { equals: kplus28.Cpu.millis(500) }],
    ['kplus.Cpu', 2, { equals: kplus28.Cpu.units(2) }],
    ['cdk8s.Cron', '0 3 * * *', { equals: Cron.schedule({ minute: '0', hour: '3', day: '*', month: '*', weekDay: '*' }) }],
  ];
  test.each(CASES)('of %s, %j, is code that works', (type, value, { equals }) => {
    const [{ remedy }] = typeOf(type).problems('prop', value);
    const code = /^Use (?:for example )?(.*)\.$/.exec(remedy)![1];
    expect(vm.runInNewContext(code, { Size, Duration, Cron, kplus: kplus28 })).toEqual(equals);
  });
});

test('a class that extends ours may have props of its own, and may not have a wrong one of ours', () => {
  interface OwnProps extends NixDeploymentProps { readonly flavour: string; readonly paths?: string }
  class Own extends NixDeployment {
    constructor(scope: Chart, id: string, props: OwnProps) {
      super(scope, id, props);
    }
  }
  expect(synthErrorOf(chart => { new Own(chart, 'app', { flavour: 'sweet', paths: 'x' }); })).toBe('');
  expect(synthErrorOf(chart => { new Own(chart, 'app', { flavour: 'sweet', store: 'x' } as any); })).toContain('[test/app] CDK8SNIX1304 store: got "x".');
});

test('props may be an instance of a class', () => {
  class Options {
    public readonly size = Size.gibibytes(3);
    private readonly made = 'here';

    public get storageClassName(): string {
      return this.made;
    }
  }
  expect(() => NixStore.persistent(new Options())).not.toThrow();
  expect(() => NixStore.persistent(Object.assign(new Options(), { size: '3Gi' } as any))).toThrow('NixStore.persistent().size: got "3Gi". It is a Size. Use Size.gibibytes(3).');
});

test('Lazy stands where cdk8s resolves it, and nowhere else', () => {
  expect(said({ metadata: { annotations: Lazy.any({ produce: () => ({ a: 'b' }) }) } })).toBe('');
  expect(said({ nixPath: Lazy.any({ produce: () => 'nixpkgs=flake:nixpkgs' }) })).toContain('CDK8SNIX1304 nixPath: got "Lazy". It is a text.');
});

test('what is undefined is not there', () => {
  expect(said({ store: undefined, nobodyKnows: undefined, seed: { jobs: undefined } })).toBe('');
});

test('a required one that is missing is named', () => {
  expect(synthErrorOf(chart => { new NixGarbageCollection(chart, 'gc', {} as any); })).toContain('[test/gc] CDK8SNIX1304 environment: got nothing. It is a NixEnvironment. Use new NixEnvironment(…).');
  expect(synthErrorOf(chart => { (NixCronJob as any)(chart, 'job'); })).toContain('cannot be invoked without \'new\'');
  expect(synthErrorOf(chart => { new (NixCronJob as any)(chart, 'job'); })).toContain('[test/job] CDK8SNIX1304 new NixCronJob().props: got nothing. It is an object with props such as');
  expect(synthErrorOf(() => { new (NixStatefulSet as any)(); })).toContain('CDK8SNIX1304 new NixStatefulSet().scope: got nothing. It is a construct. Use a chart, or another construct.');
});

test('what a construct of ours hands on is not asked again, and all else is', () => {
  const props = { image: NixImage.upstream() };
  expect(synthErrorOf(chart => { new NixDeployment(chart, 'app', props); new NixEnvironment(chart, 'nix', Object.assign(props, { seed: 5 }) as any); }))
    .toContain('[test/nix] CDK8SNIX1304 seed: got 5.');
});

test.each([NaN, Infinity, -Infinity])('%s is a number that no manifest can hold', value => {
  const remedy = 'It is a number. It was computed of something that is no number, such as a variable that is not set: look there.';
  for (const [props, prop] of [
    [{ replicas: value }, 'replicas'],
    [{ containers: [{ image: 'example/app:1', portNumber: value }] }, 'containers[0].portNumber'],
    [{ containers: [{ image: 'example/app:1', securityContext: { user: value } }] }, 'containers[0].securityContext.user'],
  ] as const) {
    expect(said(props)).toContain(`CDK8SNIX1304 ${prop}: got "${value}". ${remedy}`);
  }
  expect(() => NixUser.of({ uid: value })).toThrow(`CDK8SNIX1304 NixUser.of().uid: got "${value}". ${remedy}`);
});
