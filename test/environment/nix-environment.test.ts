import { spawnSync } from 'child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { HomeManager, HomeManagerProfile, NixEnvironment, NixImage, NixStore, NixUser } from '../../src';
import { filesOf, mountAt, only, podSpec, testChart, variable } from '../support/synth';

function plainDeployment(chart: Chart, props: kplus.DeploymentProps = {}): kplus.Deployment {
  return new kplus.Deployment(chart, 'plain', { containers: [{ name: 'app', image: 'example/app:1' }], ...props });
}

describe('a plain kplus Deployment with a foreign image', () => {
  const chart = testChart();
  const deployment = plainDeployment(chart);
  new NixEnvironment(chart, 'nix', { image: NixImage.of('example/seed:1') }).enable(deployment);
  const pod = podSpec(chart);

  test('is valid and as it was', () => {
    expect(chart).toBeValidKubernetes();
    expect(pod).toMatchObject({ containers: [{ image: 'example/app:1' }], initContainers: [{ image: 'example/seed:1' }] });
  });

  test('gets the store, the variables and the restricted context, and keeps its resources', () => {
    const [container] = pod.containers;
    expect(mountAt(container, '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
    expect(variable(container, 'NIX_CONF_DIR')).toBe('/etc/cdk8s-nix');
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.resources.requests).toEqual({ cpu: '1000m', memory: '512Mi' });
  });

  test('gets one replica and Recreate, having said nothing about them', () => {
    const { spec } = only(Testing.synth(chart), 'Deployment');
    expect([spec.replicas, spec.strategy]).toEqual([1, { type: 'Recreate' }]);
  });
});

test.each<[string, (chart: Chart) => kplus.AbstractPod]>([
  ['Pod', chart => new kplus.Pod(chart, 'it', { containers: [{ image: 'example/app:1' }] })],
  ['Job', chart => new kplus.Job(chart, 'it', { containers: [{ image: 'example/app:1' }] })],
  ['DaemonSet', chart => new kplus.DaemonSet(chart, 'it', { containers: [{ image: 'example/app:1' }] })],
  ['StatefulSet', chart => new kplus.StatefulSet(chart, 'it', { containers: [{ image: 'example/app:1', portNumber: 80 }] })],
])('a %s can be enabled', (kind, workload) => {
  const chart = testChart();
  new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(workload(chart));
  const pod = podSpec(chart, kind);
  expect(pod.initContainers[0].name).toBe('seed-nix-store');
  expect(mountAt(pod.containers[0], '/nix').name).toBe('nix-store');
  expect(chart).toBeValidKubernetes();
});

describe('some containers only', () => {
  const chart = testChart();
  const deployment = plainDeployment(chart, {
    containers: [
      { name: 'app', image: 'example/app:1' },
      { name: 'sidecar', image: 'example/sidecar:1', securityContext: { user: 65532 } },
    ],
  });
  new NixEnvironment(chart, 'nix').enable(deployment, { containers: ['app'] });
  const [app, sidecar] = podSpec(chart).containers;

  test('only the named ones see /nix', () => {
    expect(mountAt(app, '/nix')).toBeDefined();
    expect(mountAt(sidecar, '/nix')).toBeUndefined();
    expect(sidecar.env).toBeUndefined();
  });

  test('all of them are restricted and have a writable /tmp', () => {
    expect(sidecar.securityContext).toMatchObject({ runAsUser: 65532, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true });
    expect(mountAt(sidecar, '/tmp').name).toBe('nix-tmp');
  });
});

test('a second workload may share an environment whose store allows it', () => {
  const chart = testChart();
  const environment = new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() });
  environment.enable(plainDeployment(chart));
  environment.enable(new kplus.Job(chart, 'job', { containers: [{ image: 'example/app:1' }] }));
  expect(podSpec(chart, 'Job').volumes).toContainEqual({ name: 'nix-store', emptyDir: {} });
  expect(chart).toBeValidKubernetes();
});

test('a changed nix.conf rolls the pods, and nothing else does', () => {
  const checksum = (cores: number): string => {
    const chart = testChart();
    new NixEnvironment(chart, 'nix', { config: { cores } }).enable(plainDeployment(chart));
    return only(Testing.synth(chart), 'Deployment').spec.template.metadata.annotations['cdk8s-nix/config-checksum'];
  };
  expect(checksum(1)).toMatch(/^[0-9a-f]{12}$/);
  expect(checksum(1)).toBe(checksum(1));
  expect(checksum(1)).not.toBe(checksum(2));
});

test('netrc and access tokens reach the pod as files of Secrets', () => {
  const chart = testChart();
  const secret = kplus.Secret.fromSecretName(chart, 'Credentials', 'credentials');
  new NixEnvironment(chart, 'nix', { config: { netrc: { secret, key: 'netrc' }, accessTokens: { secret, key: 'tokens' } } })
    .enable(plainDeployment(chart));
  const pod = podSpec(chart);
  expect(pod.volumes).toContainEqual({
    name: 'nix-secrets',
    projected: {
      defaultMode: 0o440,
      sources: [
        { secret: { name: 'credentials', items: [{ key: 'netrc', path: 'netrc' }] } },
        { secret: { name: 'credentials', items: [{ key: 'tokens', path: 'access-tokens.conf' }] } },
      ],
    },
  });
  expect(mountAt(pod.containers[0], '/etc/cdk8s-nix-secrets').readOnly).toBe(true);
  expect(chart).toBeValidKubernetes({ external: ['Secret/credentials'] });
});

test('NIX_PATH, more of the search path, seeding settings', () => {
  const chart = testChart();
  new NixEnvironment(chart, 'nix', {
    nixPath: 'nixpkgs=flake:nixpkgs',
    path: ['/opt/app/bin', '/usr/bin', '/bin'],
    seed: { jobs: 3, jsonLog: true, imagePullPolicy: kplus.ImagePullPolicy.ALWAYS, resources: { cpu: { request: kplus.Cpu.units(2) } } },
  }).enable(plainDeployment(chart));
  const pod = podSpec(chart);
  expect(variable(pod.containers[0], 'NIX_PATH')).toBe('nixpkgs=flake:nixpkgs');
  expect(variable(pod.containers[0], 'PATH')).toBe('/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin:/opt/app/bin:/usr/bin:/bin');
  const [seed] = pod.initContainers;
  expect([variable(seed, 'SEED_JOBS'), variable(seed, 'SEED_LOG'), seed.imagePullPolicy]).toEqual(['3', 'json', 'Always']);
  expect(seed.resources).toEqual({ requests: { cpu: '2' } });
});

test.each([
  ['keeps its folders, behind the profiles', '/opt/app/bin:/bin', '/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin:/opt/app/bin:/bin'],
  ['refers to that of the environment', '/opt/app/bin:$(PATH)', '/opt/app/bin:/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin:/usr/bin'],
  ['has Nix where it wants it', '/bin:/nix/var/nix/profiles/default/bin', '/home/code/.nix-profile/bin:/bin:/nix/var/nix/profiles/default/bin'],
  ['is empty', '', '/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin'],
])('a PATH of a container %s', (_, own, path) => {
  const chart = testChart();
  const workload = new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1', envVariables: { PATH: kplus.EnvValue.fromValue(own) } }] });
  new NixEnvironment(chart, 'nix', { path: ['/usr/bin'] }).enable(workload);
  expect(variable(podSpec(chart).containers[0], 'PATH')).toBe(path);
  expect(podSpec(chart).containers[0].env.filter((entry: any) => entry.name === 'PATH')).toHaveLength(1);
});

test('a PATH that comes from a ConfigMap stays what it is', () => {
  const chart = testChart();
  const settings = kplus.ConfigMap.fromConfigMapName(chart, 'settings', 'settings');
  const workload = new kplus.Deployment(chart, 'app', {
    containers: [{ image: 'example/app:1', envVariables: { PATH: kplus.EnvValue.fromConfigMap(settings, 'path') } }],
  });
  new NixEnvironment(chart, 'nix').enable(workload);
  expect(podSpec(chart).containers[0].env).toContainEqual({ name: 'PATH', valueFrom: { configMapKeyRef: { name: 'settings', key: 'path' } } });
});

describe('login shells', () => {
  const chart = testChart();
  new NixEnvironment(chart, 'nix').enable(plainDeployment(chart));
  const profile = Testing.synth(chart).map(filesOf).find(files => 'profile.sh' in files)!['profile.sh'];
  const pathAfter = (path: string): string => spawnSync('sh', ['-c', `${profile}\nprintf %s "$PATH"`], { env: { PATH: path }, encoding: 'utf-8' }).stdout;

  test('get the profiles back in front of the PATH that they have reset', () => {
    expect(pathAfter('/usr/bin:/bin')).toBe('/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin:/usr/bin:/bin');
  });

  test('do not get them twice', () => {
    const once = pathAfter('/usr/bin:/bin');
    expect(pathAfter(once)).toBe(once);
  });
});

describe('what home-manager sets for sessions', () => {
  const home = mkdtempSync('/var/tmp/home-');
  const chart = testChart();
  new NixEnvironment(chart, 'nix', { user: NixUser.of({ home }), homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) }).enable(plainDeployment(chart));
  const files = Testing.synth(chart).map(filesOf).find(candidate => 'session.sh' in candidate)!;
  const run = (...command: string[]): string => spawnSync('sh', command, { env: { PATH: process.env.PATH }, encoding: 'utf-8' }).stdout;
  const login = (): string => run('-c', `${files['profile.sh']}\nprintf %s "$EDITOR"`);
  const command = (...args: string[]): string => run(join(home, 'session.sh'), ...args);

  beforeAll(() => writeFileSync(join(home, 'session.sh'), files['session.sh']));
  afterAll(() => rmSync(home, { recursive: true }));

  test('is nothing before anything is activated', () => {
    expect(login()).toBe('');
    expect(command('printf', '%s|', 'a b', '')).toBe('a b||');
  });

  test('reaches login shells, and the command of a container with its arguments', () => {
    mkdirSync(join(home, '.nix-profile/etc/profile.d'), { recursive: true });
    writeFileSync(join(home, '.nix-profile/etc/profile.d/hm-session-vars.sh'), 'export EDITOR=vim\n');
    expect(login()).toBe('vim');
    expect(command('sh', '-c', 'printf %s "$EDITOR $0 $1"', 'a b', '')).toBe('vim a b ');
  });
});
