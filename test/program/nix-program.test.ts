import { ApiObject, App, Chart, Cron, Duration, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  CaBundle, NixCronJob, NixDaemonSet, NixDeployment, NixDeploymentProps, NixEnvironment, NixFlakeProgramOptions, NixHome, NixHomeFile, NixImage,
  NixJob, NixProgram, NixProgramOptions, NixStatefulSet, NixStore,
} from '../../src';
import { mountAt, only, podSpec, testChart, variable, withoutScriptHash } from '../support/synth';
import { synthError } from '../support/synth-error';

const TAG = 'github:owner/echo/v1.2.3';
const PATH = '/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-hello-2.12.1';
const flake = (options?: NixFlakeProgramOptions, reference = TAG) => NixProgram.flake(reference, options);

function deployment(...programs: NixProgram[]): any {
  return deploymentOf({ programs });
}

function deploymentOf(props: NixDeploymentProps): any {
  const chart = testChart();
  new NixDeployment(chart, 'echo', props);
  return podSpec(chart);
}

/** The container that brings programs. */
const step = (spec: any) => spec.initContainers.find((container: any) => container.env.some((entry: any) => entry.name === 'PROGRAMS_SET'));
const names = (spec: any) => spec.initContainers.map((container: any) => container.name);

describe('a program of a flake', () => {
  test('is one line: a container of the seed image, whose program is brought before it starts', () => {
    const spec = deployment(flake({ portNumber: 8080, args: ['--verbose'] }));
    expect(spec.containers).toHaveLength(1);
    const [container] = spec.containers;
    expect(container).toMatchObject({ name: 'main', image: NixImage.upstream().reference, args: ['--verbose'], ports: [{ containerPort: 8080 }] });
    const { args, command } = step(spec);
    expect(command).toEqual(['sh', '/opt/cdk8s-nix/seed-nix-store.sh']);
    expect(args).toEqual(['main', expect.stringMatching(/^[0-9a-f]{12}$/), 'flake', TAG]);
    expect(container.command).toEqual(['sh', '-c', 'exec "$(readlink "$0")" "$@"',
      `/nix/var/nix/gcroots/cdk8s-nix-programs/${variable(step(spec), 'PROGRAMS_SET')}/main/${args[1]}/program`]);
    expect(names(spec)).toEqual(['seed-nix-store']);
  });

  test('runs what the container says, if it says something, and then needs no shell in its image', () => {
    const folder = (spec: any) => `/nix/var/nix/gcroots/cdk8s-nix-programs/${variable(step(spec), 'PROGRAMS_SET')}/main/${step(spec).args[1]}`;
    const named = deployment(flake({ command: ['serve', '--all'], image: 'example/distroless:1' }));
    expect(named.containers[0]).toMatchObject({ image: 'example/distroless:1', command: [`${folder(named)}/package/bin/serve`, '--all'] });
    expect(step(named).args.slice(2)).toEqual(['closure:bin/serve', TAG]);
    const relative = deployment(flake({ command: ['libexec/serve'] }));
    expect(step(relative).args.slice(2)).toEqual(['closure:libexec/serve', TAG]);
    expect(step(relative).args[1]).toBe(step(named).args[1]);
    expect(step(deployment(flake({ command: ['/bin/sh', '-c', 'serve'] }))).args[2]).toBe('closure');
    expect(step(deployment(NixProgram.package(PATH, { command: ['hello'] }))).args.slice(2)).toEqual(['package:bin/hello', PATH]);
    expect(relative.containers[0].command).toEqual([`${folder(relative)}/package/libexec/serve`]);
    expect(deployment(flake({ command: ['/bin/sh', '-c', 'serve'] })).containers[0].command).toEqual(['/bin/sh', '-c', 'serve']);
  });

  test('has the programs of its package in PATH, behind all others', () => {
    const path = (options: NixFlakeProgramOptions) => {
      const spec = deployment(flake(options));
      return variable(spec.containers[0], 'PATH')?.replace(new RegExp(`/nix/var/nix/gcroots/cdk8s-nix-programs/[^/]+/main/${step(spec).args[1]}`), 'PLACE');
    };
    const nix = '/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin';
    const standard = `${nix}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:PLACE/package/bin`;
    expect(path({})).toBe(standard);
    expect(path({ command: ['serve'], envVariables: { A: kplus.EnvValue.fromValue('b') } })).toBe(standard);
    expect(path({ envVariables: { PATH: kplus.EnvValue.fromValue('/opt/bin:$(PATH)') } })).toBe(`/opt/bin:${standard}`);
    expect(path({ envVariables: { PATH: kplus.EnvValue.fromValue('/opt/bin') } })).toBe(`${nix}:/opt/bin:PLACE/package/bin`);
  });

  test('keeps a PATH from elsewhere, and variables that refer to ours', () => {
    const secret = { secret: kplus.Secret.fromSecretName(testChart(), 'Path', 'path'), key: 'path' };
    const { containers: [{ env }] } = deployment(flake({ envVariables: { PATH: kplus.EnvValue.fromSecretValue(secret) } }));
    expect(env.filter(({ name }: any) => name === 'PATH')).toEqual([{ name: 'PATH', valueFrom: { secretKeyRef: { name: 'path', key: 'path' } } }]);
    const { containers: [referring] } = deployment(flake({ envVariables: { MINE: kplus.EnvValue.fromValue('/opt/bin:$(PATH)') } }));
    const inOrder = referring.env.map(({ name }: any) => name);
    expect(inOrder.indexOf('PATH')).toBeLessThan(inOrder.indexOf('MINE'));
  });

  test('has an attribute, in the reference or beside it', () => {
    expect(step(deployment(flake({ attribute: 'server' }))).args[3]).toBe(`${TAG}#server`);
    expect(step(deployment(flake({}, `${TAG}#server`))).args[3]).toBe(`${TAG}#server`);
  });

  test('with another reference is another program for the volume, and the same one again is not', () => {
    const key = (reference: string) => step(deployment(flake({}, reference))).args[1];
    expect(key(TAG)).toBe(key(TAG));
    expect(key(TAG)).not.toBe(key('github:owner/echo/v1.2.4'));
  });
});

test('a program of a store path', () => {
  const spec = deployment(NixProgram.package(`${PATH}/bin/hello`, { name: 'hello' }), NixProgram.package(PATH, { name: 'other', command: ['hello', '-t'] }));
  expect(step(spec).args).toEqual([
    'hello', expect.any(String), 'package', `${PATH}/bin/hello`, 'other', expect.any(String), 'package:bin/hello', PATH,
  ]);
  expect(spec.containers.map((container: any) => container.name)).toEqual(['hello', 'other']);
  expect(spec.containers[1].command[0]).toMatch(/\/other\/[0-9a-f]{12}\/package\/bin\/hello$/);
});

test('all workloads take programs, and a container of one can be added wherever containers are', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'set', { programs: [flake({ portNumber: 8080 })] });
  new NixDaemonSet(chart, 'daemon', { store: NixStore.emptyDir(), programs: [flake()] });
  new NixJob(chart, 'job', { programs: [flake()] });
  new NixCronJob(chart, 'cron', { schedule: Cron.daily(), programs: [flake()] });
  const environment = new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() });
  const plain = new kplus.Deployment(chart, 'plain');
  plain.addContainer({ image: 'example/app:1', name: 'app' });
  plain.addInitContainer(environment.containerFor(flake({ name: 'migrate' })));
  environment.enable(plain);

  expect(Testing.synth(chart)).toBeValidKubernetes();
  expect(Testing.synth(chart)).toBeRestricted();
  for (const kind of ['StatefulSet', 'DaemonSet', 'Job', 'CronJob']) {
    const spec = podSpec(chart, kind);
    expect(step(spec).args).toEqual(['main', expect.any(String), 'flake', TAG]);
    expect(spec.containers[0].command[3]).toContain(step(spec).args[1]);
  }
  expect(names(podSpec(chart))).toEqual(['seed-nix-store', 'migrate']);
});

test('how programs are brought', () => {
  const spec = deploymentOf({ programs: [flake()], bringPrograms: { allowBuilds: true, keepFormer: 5, deadline: Duration.minutes(5) } });
  const told = Object.fromEntries(step(spec).env.map((entry: any) => [entry.name, entry.value]));
  expect(told).toMatchObject({ PROGRAMS_BUILD: 'yes', PROGRAMS_KEEP: '5', CARE_TIMEOUT: '300' });
  const plain = Object.fromEntries(step(deployment(flake())).env.map((entry: any) => [entry.name, entry.value]));
  expect(plain).toMatchObject({ PROGRAMS_BUILD: 'no', PROGRAMS_KEEP: '2', CARE_TIMEOUT: '1800' });
});

describe('programs come at the end of the seed', () => {
  test('with the network, nix.conf and the cache of the workload, and with no folder of its home', () => {
    const chart = testChart();
    const secret = kplus.Secret.fromSecretName(chart, 'Secret', 'credentials');
    new NixDeployment(chart, 'echo', {
      programs: [flake()],
      proxy: { httpsProxy: 'http://proxy.example.org:3128' },
      caBundle: CaBundle.fromSecret(secret, 'ca'),
      config: { netrc: { secret, key: 'netrc' } },
      home: NixHome.onStoreVolume({ files: [NixHomeFile.fromSecretValue('.ssh/id', { secret, key: 'ssh' })] }),
    });
    const spec = podSpec(chart);
    const seed = step(spec);
    const [main] = spec.containers;
    for (const name of ['HTTPS_PROXY', 'NIX_SSL_CERT_FILE']) {
      expect(variable(seed, name)).toBe(variable(main, name));
    }
    expect(variable(seed, 'PROGRAMS_CONF_DIR')).toBe(variable(main, 'NIX_CONF_DIR'));
    expect([variable(seed, 'NIX_CONF_DIR'), variable(seed, 'PATH'), variable(seed, 'HOME')]).toEqual([undefined, undefined, '/tmp']);
    const seen = (container: any) => container.volumeMounts.map((mount: any) => mount.name);
    expect(seen(seed)).toEqual(expect.arrayContaining(['nix-config', 'nix-secrets', 'nix-care-scripts']));
    expect(seed.volumeMounts.filter((mount: any) => mount.mountPath.startsWith('/home/code') || mount.mountPath === '/nix')).toEqual([]);
    expect(new Set(spec.volumes.map((volume: any) => volume.name)).size).toBe(spec.volumes.length);
    expect(Testing.synth(chart)).toBeRestricted();
    expect(Testing.synth(chart)).toBeValidKubernetes({ external: ['Secret/credentials'] });
  });

  test('with the memory that evaluating takes, unless somebody says otherwise', () => {
    const memory = (props: NixDeploymentProps) => step(deploymentOf({ programs: [flake()], ...props })).resources.limits?.memory;
    const gibibytes = (count: number) => ({ memory: { limit: Size.gibibytes(count) } });
    expect(memory({})).toBe('2048Mi');
    expect(memory({ store: NixStore.emptyDir({ medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.gibibytes(1) }) })).toBe('3072Mi');
    expect(memory({ bringPrograms: { resources: gibibytes(3) }, seed: { resources: gibibytes(1) } })).toBe('3072Mi');
    expect(memory({ seed: { resources: gibibytes(1) } })).toBe('1024Mi');
  });

  test.each<[string, NixDeploymentProps]>([
    ['building is allowed', { programs: [flake()], bringPrograms: { allowBuilds: true } }],
    ['git or a key is needed', { programs: [flake({}, 'git+ssh://git@example.org/echo?ref=refs/tags/v1.2.3')] }],
    ['a folder of the pod is needed', { programs: [flake({ allowMoving: true }, 'path:/home/code/echo')] }],
  ])('and in a container of their own where %s', (_, props) => {
    const spec = deploymentOf(props);
    expect(names(spec)).toEqual(['seed-nix-store', 'bring-programs']);
    expect(step(spec).name).toBe('bring-programs');
    expect(step(spec).command).toEqual(['sh', '/opt/cdk8s-nix-care/bring-programs.sh']);
  });

  test('as they do where the netrc is made of several, after the seed', () => {
    const chart = testChart();
    const netrc = (key: string) => ({ secret: kplus.Secret.fromSecretName(chart, `Secret-${key}`, 'credentials'), key });
    new NixDeployment(chart, 'echo', { programs: [flake()], config: { netrc: netrc('a'), extraNetrcs: [netrc('b')] } });
    expect(names(podSpec(chart))).toEqual(['seed-nix-store', 'merge-netrc', 'bring-programs']);
  });
});

test('a program has Nix, also where only other containers are named', () => {
  const spec = deploymentOf({ containers: [{ name: 'app', image: 'example/app:1' }, { name: 'plain', image: 'example/app:1' }], nixContainers: ['app'], programs: [flake()] });
  const withStore = spec.containers.filter((container: any) => mountAt(container, '/nix'));
  expect(withStore.map((container: any) => container.name)).toEqual(['app', 'main']);
});

test('without programs there is no step for them', () => {
  expect(step(deploymentOf({}))).toBeUndefined();
});

test('two environments do not share names on one claim', () => {
  const chart = testChart();
  const sets = ['a', 'b'].map(id => {
    const environment = new NixEnvironment(chart, id, { store: NixStore.existing('claim') });
    const workload = new kplus.Job(chart, `${id}-job`, {});
    workload.addContainer(environment.containerFor(flake()));
    environment.enable(workload);
    return environment;
  });
  expect(sets).toHaveLength(2);
  const jobs = Testing.synth(chart).filter(object => object.kind === 'Job');
  const [a, b] = jobs.map(job => variable(step(job.spec.template.spec), 'PROGRAMS_SET'));
  expect(a).not.toBe(b);
});

test.each<[string, () => NixProgram, string, string]>([
  ['a name of the registry', () => flake({}, 'nixpkgs#hello'), '1201', 'moves'],
  ['a relative path', () => flake({}, './echo'), '1201', 'relative'],
  ['an empty reference', () => flake({}, ''), '1201', 'no flake reference'],
  ['what the kubelet would expand', () => flake({}, 'github:owner/$(X)/v1.2'), '1201', 'no flake reference'],
  ['an option', () => flake({}, '--impure'), '1201', 'no flake reference'],
  ['two attributes', () => flake({ attribute: 'b' }, `${TAG}#a`), '1201', 'Name it once'],
  ['half an escape', () => flake({}, 'github:owner/echo/%zz1.2'), '1201', 'no flake reference'],
  ['a revision that is none', () => flake({}, 'git+https://git.example.org/echo?ref=refs/tags/v1&rev=zz'), '1201', 'no revision'],
  ['a hash that is none', () => flake({}, 'github:owner/echo/v1.2.3?narHash='), '1201', 'no hash'],
  ['a hash that Nix has not', () => flake({}, 'github:owner/echo/v1.2.3?narHash=sha1-47DEQpj8HBSa'), '1201', 'no hash'],
  ['two names of what to fetch', () => flake({}, 'github:owner/echo/v1.2.3?ref=main'), '1201', 'twice'],
  ['no attribute at all', () => flake({ attribute: 'a b' }), '1201', 'attribute'],
  ['no store path', () => NixProgram.package('/usr/bin/hello'), '1201', 'no path in the store'],
  ['a store path without a program', () => NixProgram.package(PATH), '1201', `${PATH}/bin/`],
  ['a path and a command', () => NixProgram.package(`${PATH}/bin/hello`, { command: ['hello'] }), '1201', 'Leave the command out'],
  ['a command of nothing', () => flake({ command: [] }), '1201', 'leave the command out'],
  ...['/', '.', '..', 'bin/', 'bin/.', ' ', '../x', '/nix/../x'].map((word): [string, () => NixProgram, string, string] =>
    [`the command ${JSON.stringify(word)}`, () => flake({ command: [word] }), '1201', 'leave the command out']),
  ['a path with letters that no hash has', () => NixProgram.package(`/nix/store/${'e'.repeat(32)}-hello/bin/hello`), '1201', 'no path in the store'],
  ['a command without a name', () => flake({ command: [''] }), '1201', 'leave the command out'],
  ['a store path with a command of nothing', () => NixProgram.package(PATH, { command: [] }), '1201', 'Name a program'],
  ['a folder of the store', () => NixProgram.package(`${PATH}/`), '1201', 'no file'],
  ['a way out of a store path', () => NixProgram.package(`${PATH}/../x`), '1201', 'no file'],
  ['a derivation', () => NixProgram.package(`${PATH}.drv`, { command: ['hello'] }), '1201', 'not the package'],
  ['a name that is none', () => flake({ name: 'Echo' }), '1202', 'lower-case'],
])('%s is refused', (_, program, code, words) => {
  const message = synthError(chart => new NixDeployment(chart, 'echo', { programs: [program()] }));
  expect(message).toContain(`CDK8SNIX${code}`);
  expect(message).toContain(words);
});

/** What a compiler would not let pass; JavaScript and Python have none. */
const ODD: any[] = [5, 0, true, null, {}, [], ['x'], { a: 1 }];

describe.each(ODD)('in a language without types, %j', odd => {
  test.each<[string, () => NixProgram, string]>([
    ['reference', () => flake({}, odd), 'NixProgram.flake().reference: got'],
    ['reference with an attribute', () => flake({ attribute: 'a' }, odd), 'NixProgram.flake().reference: got'],
    ['attribute', () => flake({ attribute: odd }), 'NixProgram.flake().attribute: got'],
    ['store path', () => NixProgram.package(odd), 'NixProgram.package().path: got'],
    ['command in the runtime of a node', () => NixProgram.command(odd), /^\[("x")?\]$/.test(JSON.stringify(odd)) ? 'programs[main]' : 'NixProgram.command().argv: got'],
  ])('is no %s', (_, program, place) => {
    const message = synthError(chart => new NixDeployment(chart, 'echo', { programs: [program()] }));
    expect(message).toMatch(/CDK8SNIX120[16] /);
    expect(message).toContain(place);
  });
});

test.each(['serve', 5, null, {}, [5], ['a', null], [['a']]] as any[])('%j is no command, and no arguments', odd => {
  const of = (options: NixFlakeProgramOptions) => synthError(chart => new NixDeployment(chart, 'echo', { programs: [flake(options)] }));
  expect(of({ command: odd })).toMatch(/^CDK8SNIX1201 NixProgram\.flake\(\)\.command(\[[01]\])?: got .*\. It is a (list|text)/);
  expect(of({ args: odd })).toMatch(/^CDK8SNIX1201 NixProgram\.flake\(\)\.args(\[[01]\])?: got .*\. It is a (list|text)/);
});

test.each([null, 'x', 5, []] as any[])('%j is no way to bring programs', bringPrograms => {
  expect(synthError(chart => new NixDeployment(chart, 'echo', { programs: [flake()], bringPrograms }))).toContain('CDK8SNIX1204 bringPrograms: got');
});

test.each([30, '30m', null] as any[])('%j is no deadline', deadline => {
  expect(synthError(chart => new NixDeployment(chart, 'echo', { programs: [flake()], bringPrograms: { deadline } })))
    .toMatch(/CDK8SNIX0704 bringPrograms.deadline: got .* It is a Duration/);
});

test('what is no name, no image and no program is refused, whatever it is', () => {
  const of = (options: any) => synthError(chart => new NixDeployment(chart, 'echo', { programs: [flake(options)] }));
  expect(of({ name: 5 })).toContain('CDK8SNIX1202 NixProgram.flake().name: got 5.');
  expect(of({ image: {} })).toContain('CDK8SNIX0101 NixProgram.flake().image: got {}.');
  expect(of({ attribute: 'a', allowMoving: 1 })).toContain('CDK8SNIX1303 NixProgram.flake().allowMoving: got 1.');
  for (const programs of [TAG, flake(), {}] as any[]) {
    expect(synthError(chart => new NixDeployment(chart, 'echo', { programs }))).toContain('[test/echo] CDK8SNIX1201 programs: got ');
  }
  for (const program of [TAG, null, {}, 5] as any[]) {
    expect(synthError(chart => new NixDeployment(chart, 'echo', { programs: [program] }))).toContain(`[test/echo] CDK8SNIX1201 programs[0]: got ${JSON.stringify(program)}. It is a NixProgram. Use NixProgram.flake(…)`);
  }
});

test('null is no options', () => {
  expect(() => NixProgram.flake(TAG, null as any)).toThrow(/^CDK8SNIX1304 NixProgram\.flake\(\)\.options: got null\. .* Leave it out\.$/);
});

test.each(['server', 'a.b', 'python3.pkgs.black', 'a."b.c".d', '"a b"', 'a-b_c\'+', 'a^man', 'a^out,man', 'a^*', '.foo', '.packages.x86_64-linux.a^bin'])('an attribute: %s', attribute => {
  expect(step(deployment(flake({ attribute }))).args[3]).toBe(`${TAG}#${attribute}`);
  expect(step(deployment(flake({}, `${TAG}#${attribute}`))).args[3]).toBe(`${TAG}#${attribute}`);
});

test.each([
  '', ' ', ' a', 'a ', 'a b', '"a', 'a"', '"', '""', 'a.""', 'a..b', '.', '..', '..a', 'a.', '^man', '^', 'a^', 'a^man^doc', 'a^,man', 'a^man,', 'a^**', '*', '"a^b"', 'a#b', '$(X)', 'a\n', 'a/b',
])('no attribute: %j', attribute => {
  for (const program of [flake({ attribute }), flake({}, `${TAG}#${attribute}`)]) {
    const message = synthError(chart => new NixDeployment(chart, 'echo', { programs: [program] }));
    expect(message).toContain(`CDK8SNIX1201 programs[main].attribute: got ${JSON.stringify(attribute)}. This is no attribute of a flake. Use for example "server"`);
  }
});

test.each([
  'git+https://user:hunter2@git.example.org/echo?ref=refs/tags/v1', 'git+https://hunter2@git.example.org/echo?ref=refs/tags/v1',
  'https://example.org/v1.2.3.tar.gz?token=hunter2', 'https://example.org/v1.2.3.tar.gz?job_token=hunter2', 'https://example.org/v1.2.3.tar.gz?X-Amz-Signature=hunter2',
])('a credential in %s is refused, and not shown', reference => {
  const message = synthError(chart => new NixDeployment(chart, 'echo', { programs: [flake({}, reference)] }));
  expect(message).toContain('CDK8SNIX1201');
  expect(message).not.toContain('hunter2');
});

test('two programs of one name are refused, and the same one twice is not', () => {
  const chart = new Chart(new App(), 'test');
  const environment = new NixEnvironment(chart, 'nix');
  environment.containerFor(flake());
  environment.containerFor(flake());
  expect(() => environment.containerFor(flake({}, 'github:owner/other/v1.2.0')))
    .toThrow('CDK8SNIX1202 test/nix: got "github:owner/other/v1.2.0". The name "main" stands for "github:owner/echo/v1.2.3" already.');
});

test.each<[string, (chart: Chart, environment: NixEnvironment, workload: kplus.Deployment) => void, string]>([
  ['nothing is enabled', () => {}, 'Call enable()'],
  ['another environment is enabled', (chart, environment, workload) => {
    environment.enable(new kplus.Job(chart, 'job', { containers: [{ image: 'example/app:1' }] }));
    new NixEnvironment(chart, 'other').enable(workload);
  }, 'one of another environment'],
  ['it runs before ours', (_, environment, workload) => {
    workload.addInitContainer(environment.containerFor(flake({ name: 'migrate' })));
    environment.enable(workload, { initContainersFirst: ['migrate'] });
  }, 'before its program is brought'],
])('a program that its pod is not brought is refused: %s', (_, ask, words) => {
  const message = synthError(chart => {
    const environment = new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() });
    const workload = new kplus.Deployment(chart, 'echo');
    workload.addContainer(environment.containerFor(flake()));
    ask(chart, environment, workload);
  });
  expect(message).toContain('CDK8SNIX1208');
  expect(message).toContain(words);
});

describe('of two workloads, one is enabled', () => {
  const container = (environment: NixEnvironment, name: string) => environment.containerFor(flake({ name }));
  const OTHERS: { [what: string]: (chart: Chart, environment: NixEnvironment) => void } = {
    'a workload': (chart, environment) => { new kplus.Deployment(chart, 'other').addContainer(container(environment, 'other')); },
    'an init container': (chart, environment) => {
      new kplus.Deployment(chart, 'other', { containers: [{ image: 'example/app:1' }] }).addInitContainer(container(environment, 'other'));
    },
    'a workload of another chart': (chart, environment) => {
      new kplus.CronJob(new Chart(chart.node.root as App, 'second'), 'other', { schedule: Cron.daily() }).addContainer(container(environment, 'other'));
    },
    'a list': (chart, environment) => {
      const { name, command, image } = container(environment, 'other');
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: [{ name, command, image }] } };
      new ApiObject(chart, 'other', { apiVersion: 'v1', kind: 'List', items: [pod] } as any);
    },
    'a custom resource': (chart, environment) => {
      const { name, command, image } = container(environment, 'other');
      new ApiObject(chart, 'other', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', spec: { templates: [{ container: { name, command, image } }] } } as any);
    },
  };

  test.each(Object.keys(OTHERS).flatMap(what => [[what, 'first'], [what, 'last']]))('the program of the other one is refused: %s, enabled %s', (what, order) => {
    const message = synthError(chart => {
      const environment = new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() });
      const enable = () => {
        const workload = new kplus.Deployment(chart, 'one');
        workload.addContainer(container(environment, 'one'));
        environment.enable(workload);
      };
      const parts = [enable, () => OTHERS[what](chart, environment)];
      (order === 'first' ? parts : parts.reverse()).forEach(part => part());
    });
    expect(message).toContain('CDK8SNIX1208 containers: got "other".');
    expect(message).toContain('Call enable() of test/nix with this one, too.');
    expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
  });

  test('enabled both, they work', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() });
    for (const name of ['one', 'other']) {
      const workload = new kplus.Deployment(chart, name);
      workload.addContainer(container(environment, name));
      environment.enable(workload);
    }
    for (const { spec } of Testing.synth(chart).filter(object => object.kind === 'Deployment')) {
      expect(step(spec.template.spec).args).toHaveLength(8);
    }
    expect(chart.node.root.node.findAll().flatMap(construct => construct.node.validate())).toEqual([]);
  });
});

test('a store that a driver serves is not ours to bring programs to', () => {
  expect(synthError(chart => new NixDeployment(chart, 'echo', {
    store: NixStore.csi({ driver: 'nix.csi.example.org' }), programs: [flake({ image: 'example/debian:13' })],
  }))).toContain('CDK8SNIX0703');
});

test.each([-1, 1.5, 101])('%s former programs are refused', keepFormer => {
  expect(synthError(chart => new NixDeployment(chart, 'echo', { programs: [flake()], bringPrograms: { keepFormer } }))).toContain('CDK8SNIX1204');
});

test('snapshot', () => {
  const chart = testChart();
  const options: NixProgramOptions = { portNumber: 8080 };
  new NixDeployment(chart, 'echo', { programs: [NixProgram.flake(TAG, options)] });
  expect(withoutScriptHash(only(Testing.synth(chart), 'Deployment'))).toMatchSnapshot();
});
