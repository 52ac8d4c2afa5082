import { spawnSync } from 'child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Chart, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  CaBundle, HomeManager, HomeManagerOnFailure, HomeManagerProfile, HomeManagerRefresh, NixDeployment, NixDeploymentProps, NixEnvironment, NixHome,
  NixImage, NixSeedSource, NixStore, NixUser, Substituter,
} from '../../src';
import { packageFiles } from '../../src/base/package-file';
import { filesOf, mountAt, only, podSpec, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';

const ROOT = join(__dirname, '..', '..');

/* eslint-disable @typescript-eslint/no-explicit-any */

function chartWith(props: NixDeploymentProps): Chart {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', props);
  return chart;
}

function activation(props: NixDeploymentProps): any {
  return podSpec(chartWith(props)).initContainers.find((container: any) => container.name === 'activate-home');
}

const essential = HomeManager.profile(HomeManagerProfile.ESSENTIAL);

describe('a profile of the bundled flake', () => {
  const chart = chartWith({ homeManager: essential, containers: [{ name: 'main', image: 'example.org/main:1' }] });
  const manifests = Testing.synth(chart);
  const pod = only(manifests, 'Deployment').spec.template.spec;
  const activate = pod.initContainers[1];
  const files = manifests.find((m: any) => m.metadata.name.includes('nix-home-manager'));

  test('is valid, restricted, and as it was', () => {
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    expect(activate).toMatchSnapshot();
  });

  test('is activated after the store was seeded, before the workload', () => {
    expect(pod.initContainers.map((container: any) => container.name)).toEqual(['seed-nix-store', 'activate-home']);
    expect(activate.image).toBe(NixImage.upstream().reference);
    expect(activate.command).toEqual(['sh', '/opt/cdk8s-nix-home/install-container.sh']);
  });

  test('is named to the script', () => {
    expect(variable(activate, 'HOME_MANAGER_FLAKE')).toBe('/opt/cdk8s-nix-home/nix');
    expect(variable(activate, 'HOME_MANAGER_ATTRIBUTE')).toBe('container-essential');
    expect(variable(activate, 'HOME_MANAGER_REFRESH')).toBe('never');
    expect(variable(activate, 'HOME_MANAGER_ACCEPT_FLAKE_CONFIG')).toBeUndefined();
    expect(variable(activate, 'HOME_MANAGER_GENERATION')).toBeUndefined();
  });

  test('is activated with what the workload sees: store, home, settings, search path', () => {
    const [main] = pod.containers;
    for (const path of ['/nix', '/home/code', '/tmp', '/etc/cdk8s-nix']) {
      expect(mountAt(main, path)).toBeDefined();
      expect(mountAt(activate, path)).toEqual(mountAt(main, path));
    }
    for (const name of ['HOME', 'USER', 'PATH', 'NIX_CONF_DIR', 'NIX_SSL_CERT_FILE']) {
      expect(variable(main, name)).toBeDefined();
      expect(variable(activate, name)).toBe(variable(main, name));
    }
    expect(variable(main, 'PATH')!.split(':')[0]).toBe('/home/code/.nix-profile/bin');
  });

  test('brings script and flake in a ConfigMap, laid out as in the package', () => {
    const volume = pod.volumes.find((candidate: any) => candidate.name === 'nix-home-manager');
    expect(volume.configMap.name).toBe(files.metadata.name);
    expect(files.immutable).toBe(true);
    const laidOut = Object.fromEntries(volume.configMap.items.map(({ key, path }: any) => [path, filesOf(files)[key]]));
    expect(Object.keys(laidOut).sort()).toEqual(['install-container.sh', ...packageFiles('nix')].sort());
    expect(Object.keys(laidOut)).toEqual(expect.arrayContaining(['nix/flake.nix', 'nix/flake.lock', 'nix/profiles/essential.nix', 'nix/ai-assistants/claude.nix']));
    for (const [path, content] of Object.entries(laidOut)) {
      expect(content).toBe(readFileSync(join(ROOT, path.startsWith('nix/') ? path : `images/${path}`), 'utf-8'));
    }
    expect(mountAt(activate, '/opt/cdk8s-nix-home')).toEqual({ name: 'nix-home-manager', mountPath: '/opt/cdk8s-nix-home', readOnly: true });
    expect(mountAt(pod.containers[0], '/opt/cdk8s-nix-home')).toBeUndefined();
  });

  test('fits into a ConfigMap with room to spare', () => {
    expect(JSON.stringify(files).length).toBeLessThan(128 * 1024);
  });
});

test.each([
  [HomeManagerProfile.MINIMAL, 'container-minimal'],
  [HomeManagerProfile.ESSENTIAL, 'container-essential'],
  [HomeManagerProfile.DEVELOPMENT, 'container-development'],
  [HomeManagerProfile.AI, 'container-ai'],
  [HomeManagerProfile.BROWSER, 'container-browser'],
])('the profile %s is a configuration of the flake', (profile, attribute) => {
  expect(variable(activation({ homeManager: HomeManager.profile(profile) }), 'HOME_MANAGER_ATTRIBUTE')).toBe(attribute);
  // The flake names its configurations after the keys of `profiles`.
  expect(readFileSync(join(ROOT, 'nix/flake.nix'), 'utf-8')).toContain(`${profile} = ./profiles/${profile}.nix;`);
});

test('any flake', () => {
  const activate = activation({
    homeManager: HomeManager.flake('github:vpittamp/nixos-config/container-ssh?dir=user', 'container-essential', {
      refresh: HomeManagerRefresh.ALWAYS,
      acceptFlakeConfig: true,
    }),
  });
  expect(variable(activate, 'HOME_MANAGER_FLAKE')).toBe('github:vpittamp/nixos-config/container-ssh?dir=user');
  expect(variable(activate, 'HOME_MANAGER_ATTRIBUTE')).toBe('container-essential');
  expect(variable(activate, 'HOME_MANAGER_REFRESH')).toBe('always');
  expect(variable(activate, 'HOME_MANAGER_ACCEPT_FLAKE_CONFIG')).toBe('1');
});

test.each([
  [HomeManager.flake('github:a/b', 'home')],
  [HomeManager.flake('github:a/b#home')],
  [HomeManager.flake('github:a/b', 'homeConfigurations.home')],
  [HomeManager.flake('github:a/b', 'homeConfigurations.home.activationPackage')],
  [HomeManager.flake('github:a/b', 'home.activationPackage')],
  [HomeManager.flake('github:a/b', 'homeConfigurations.home.config.home.activationPackage')],
  [HomeManager.flake('github:a/b', 'homeConfigurations."home".activationPackage')],
  [HomeManager.flake('github:a/b#homeConfigurations.home.activationPackage')],
])('whichever way the attribute is written, it is the same one', homeManager => {
  expect(homeManager).toMatchObject({ reference: 'github:a/b', attribute: 'home' });
  expect(variable(activation({ homeManager }), 'HOME_MANAGER_FLAKE')).toBe('github:a/b');
  expect(variable(activation({ homeManager }), 'HOME_MANAGER_ATTRIBUTE')).toBe('home');
});

test('what becomes of the pod if it fails, and whether the flake sees the environment', () => {
  const usual = activation({ homeManager: HomeManager.flake('github:a/b#home') });
  expect(variable(usual, 'HOME_MANAGER_ON_FAILURE')).toBeUndefined();
  expect(variable(usual, 'HOME_MANAGER_IMPURE')).toBeUndefined();
  const lenient = activation({ homeManager: HomeManager.flake('github:a/b#home', undefined, { impure: true, onFailure: HomeManagerOnFailure.PREVIOUS }) });
  expect(variable(lenient, 'HOME_MANAGER_ON_FAILURE')).toBe('previous');
  expect(variable(lenient, 'HOME_MANAGER_IMPURE')).toBe('true');
  const prebuilt = HomeManager.prebuilt(HomeManagerProfile.ESSENTIAL, { onFailure: HomeManagerOnFailure.CONTINUE });
  expect(variable(activation({ image: NixImage.backstageNix({ repository: 'r.example.org/portal', tag: '1' }), homeManager: prebuilt }), 'HOME_MANAGER_ON_FAILURE')).toBe('continue');
});

test('a login shell shows why a pod started without its home, if it may', () => {
  const profile = (homeManager: HomeManager) => Testing.synth(chartWith({ homeManager })).map(filesOf).find(files => files['profile.sh'])!['profile.sh'];
  expect(profile(essential)).not.toContain('home-manager-warning');
  const lenient = profile(HomeManager.profile(HomeManagerProfile.ESSENTIAL, { onFailure: HomeManagerOnFailure.CONTINUE }));
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  const shell = (flags: string) => spawnSync('bash', ['--norc', flags, lenient], { env: { HOME: home, PATH: process.env.PATH }, encoding: 'utf8' }).stdout;
  expect(shell('-ic')).toBe('');
  mkdirSync(join(home, '.local/state/cdk8s-nix'), { recursive: true });
  writeFileSync(join(home, '.local/state/cdk8s-nix/home-manager-warning'), 'not active\n');
  expect(shell('-ic')).toBe('not active\n');
  expect(shell('-c')).toBe('');
  // The script writes it where the profile looks.
  expect(readFileSync(join(ROOT, 'images/install-container.sh'), 'utf-8')).toContain('$state/cdk8s-nix/home-manager-warning');
  rmSync(home, { recursive: true });
});

test('what the seed image has built in', () => {
  const activate = activation({ image: NixImage.backstageNix({ repository: 'r.example.org/portal', tag: '1' }), homeManager: HomeManager.prebuilt() });
  expect(variable(activate, 'HOME_MANAGER_GENERATION')).toBe('/nix/var/nix/profiles/home-manager');
  expect(variable(activate, 'HOME_MANAGER_FLAKE')).toBeUndefined();
  expect(variable(activate, 'HOME_MANAGER_ATTRIBUTE')).toBeUndefined();
  // The name of the profile is what bake-home.sh gives it.
  expect(readFileSync(join(ROOT, 'images/bake-home.sh'), 'utf-8')).toContain('/nix/var/nix/profiles/home-manager');
});

test('the script understands each variable that it is given', () => {
  const script = readFileSync(join(ROOT, 'images/install-container.sh'), 'utf-8');
  const given = [
    HomeManager.flake('github:a/b', 'c', { acceptFlakeConfig: true, impure: true, onFailure: HomeManagerOnFailure.CONTINUE }),
    HomeManager.prebuilt(),
  ].flatMap(homeManager => Object.keys(homeManager._variables('/flake')));
  expect(given.length).toBe(7);
  expect(given.filter(name => !script.includes(`#   ${name} `))).toEqual([]);
  for (const refresh of Object.values(HomeManagerRefresh)) {
    expect(script).toMatch(new RegExp(`#   +(HOME_MANAGER_REFRESH +)?${refresh}\\b`));
  }
  expect(script).toContain(`    ${Object.values(HomeManagerOnFailure).join(' | ')}) ;;`);
});

test.each([
  ['on the store volume', NixHome.onStoreVolume(), { name: 'nix-store', mountPath: '/home/code', subPath: 'home' }],
  ['ephemeral', NixHome.ephemeral(), { name: 'nix-home', mountPath: '/home/code', subPath: 'home' }],
])('a home %s', (_, home, mount) => {
  const chart = chartWith({ home, homeManager: essential });
  expect(chart).toBeValidKubernetes();
  const pod = podSpec(chart);
  expect(mountAt(pod.initContainers[1], '/home/code')).toEqual(mount);
  expect(mountAt(pod.containers[0], '/home/code')).toEqual(mount);
});

test('another user has another home', () => {
  const activate = activation({ user: NixUser.of({ uid: 2000, name: 'dev' }), homeManager: essential });
  expect([variable(activate, 'USER'), variable(activate, 'HOME')]).toEqual(['dev', '/home/dev']);
});

test('resources and pull policy', () => {
  const activate = activation({
    seed: { imagePullPolicy: kplus.ImagePullPolicy.ALWAYS },
    homeManager: HomeManager.profile(HomeManagerProfile.AI, { resources: { memory: { limit: Size.gibibytes(4) } } }),
  });
  expect(activate.resources).toEqual({ limits: { memory: '4096Mi' } });
  expect(activate.imagePullPolicy).toBe('Always');
  expect(activation({ homeManager: essential }).resources).toEqual({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2048Mi' } });
});

test('where the seed image does not run, the image that does activates the home', () => {
  const activate = activation({ seed: { source: NixSeedSource.imageVolume('docker.io/library/debian:13.1') }, homeManager: essential });
  expect(activate.image).toBe('docker.io/library/debian:13.1');
});

test('the user\'s init containers come last, and find the home as it will be', () => {
  const pod = podSpec(chartWith({ homeManager: essential, initContainers: [{ name: 'mine', image: 'example.org/mine:1' }] }));
  expect(pod.initContainers.map((container: any) => container.name)).toEqual(['seed-nix-store', 'activate-home', 'mine']);
});

test('it is activated even if only some containers have Nix', () => {
  const chart = testChart();
  const deployment = new kplus.Deployment(chart, 'app', { containers: [{ name: 'a', image: 'example.org/a:1' }, { name: 'b', image: 'example.org/b:1' }] });
  new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir(), homeManager: essential }).enable(deployment, { containers: ['a'] });
  const { initContainers } = podSpec(chart);
  expect(mountAt(initContainers[1], '/nix')).toBeDefined();
});

test('many workloads share one ConfigMap of files', () => {
  const chart = testChart();
  for (const id of ['a', 'b', 'c']) {
    new NixDeployment(chart, id, { homeManager: HomeManager.profile(id === 'a' ? HomeManagerProfile.MINIMAL : HomeManagerProfile.AI) });
  }
  expect(Testing.synth(chart).filter((m: any) => m.metadata.name.includes('nix-home-manager'))).toHaveLength(1);
});

test('without it there is nothing of it', () => {
  expect(JSON.stringify(Testing.synth(chartWith({})))).not.toContain('home-manager');
});

test('the name of the init container is taken', () => {
  expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, initContainers: [{ name: 'activate-home', image: 'a/b:1' }] }); }))
    .toContain('CDK8SNIX0504 containers: got "activate-home".');
});

describe('refuses', () => {
  const flake = (reference: string, attribute = 'container') => HomeManager.flake(reference, attribute);

  const BAD: Array<[string, NixDeploymentProps, string]> = [
    ['an empty reference', { homeManager: flake('') }, 'CDK8SNIX0601 homeManager.reference: got "". It is empty. Use for example "github:owner/repository/v1.2.3".'],
    ...([
      [flake('github:a/b#c', 'd'), '"d". The attribute is named twice, here and after the flake: "c".'],
      [HomeManager.flake('github:a/b'), '"". It is missing.'],
      [HomeManager.flake('github:a/b#'), '"". It is missing.'],
      [flake('github:a/b', ''), '"". It is missing.'],
      [flake('github:a/b', 'homeConfigurations'), '"homeConfigurations". This is no home configuration.'],
      [flake('github:a/b', '.home'), '".home". This is no home configuration.'],
      [flake('github:a/b', 'homeConfigurations.'), '"homeConfigurations.". This is no home configuration.'],
      [flake('github:a/b', 'homeConfigurations.c.activationPackage.drvPath'), '"homeConfigurations.c.activationPackage.drvPath". This is no home configuration.'],
      [flake('github:a/b', 'homeConfigurations.activationPackage'), '"homeConfigurations.activationPackage". This is no home configuration.'],
      [HomeManager.flake('github:a/b#devShells.x86_64-linux.default'), '"devShells.x86_64-linux.default". This is no home configuration.'],
      [HomeManager.flake('github:a/b#packages.x86_64-linux.tool'), '"packages.x86_64-linux.tool". This is no home configuration.'],
    ] as const).map(([homeManager, problem]): [string, NixDeploymentProps, string] => [
      `the attribute ${problem}`, { homeManager },
      `CDK8SNIX0602 homeManager.attribute: got ${problem} Use a name of the flake's homeConfigurations, for example "container-essential".`,
    ]),
    ...['.', './home', '../home', 'path:./home', 'path:.', 'git+file:../home'].map((reference): [string, NixDeploymentProps, string] => [
      `the relative path ${reference}`, { homeManager: flake(reference) },
      `CDK8SNIX0601 homeManager.reference: got "${reference}". A relative path depends on where it is used, and the pod does not have your files. `
      + 'Use a repository, for example "github:owner/repository/v1.2.3".',
    ]),
    ...['a b', 'github:a/b\n', 'github:a/$(HOME)', '"github:a/b"', 'a/b/c/d', '-a'].map((reference): [string, NixDeploymentProps, string] => [
      `what is no reference: ${JSON.stringify(reference)}`, { homeManager: flake(reference) },
      `CDK8SNIX0601 homeManager.reference: got ${JSON.stringify(reference)}. This is no flake reference. Use for example "github:owner/repository/v1.2.3".`,
    ]),
    ...['a b', 'a"b', '$(A)', 'a/b'].map((attribute): [string, NixDeploymentProps, string] => [
      `the attribute ${JSON.stringify(attribute)}`, { homeManager: flake('github:a/b', attribute) },
      `CDK8SNIX0602 homeManager.attribute: got ${JSON.stringify(attribute)}. It has letters, digits, "_", ".", "@" and "-" only. `
      + 'Use a name of the flake\'s homeConfigurations, for example "container-essential".',
    ]),
    ['a prebuilt configuration that is not there', { homeManager: HomeManager.prebuilt() },
      `CDK8SNIX0607 homeManager: got "${NixImage.upstream().reference}". No home configuration is built into the seed image, which is upstream. `
      + 'Use NixImage.backstageNix(…), or HomeManager.profile(…).'],
    ['a store that cannot be built into',
      {
        homeManager: essential,
        image: NixImage.of('example.org/a:1'),
        store: NixStore.csi({ driver: 'nix.csi.example.org' }),
      },
      'CDK8SNIX0608 homeManager: got "container-essential". The store is served by a driver: nothing can be built into it. '
      + 'Let the driver serve what the home needs, or use a store that is seeded.'],
  ];

  test.each(BAD)('%s', (_, props, message) => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', props); })).toContain(`[test/workspace/Nix] ${message}`);
  });

  test.each([
    'git+https://me:s3cret@example.org/a.git', 'git+https://s3cret@example.org/a.git', 'https://s3cret@example.org/flake.tar.gz',
    'git+https://example.org/a.git?ref=main&private_token=s3cret', `github:owner/repository?token=ghp_${'0123456789'.repeat(3)}`,
  ])('a password or a token in the reference %s, which it does not repeat', reference => {
    const error = synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: flake(reference) }); });
    expect(error).toContain('CDK8SNIX0601 homeManager.reference: got "(not shown)". It holds a password');
    expect(error).not.toMatch(/s3cret|ghp_/);
  });
});

test.each([
  'github:owner/repository', 'github:owner/repository/v1.2.3?dir=home', 'git+ssh://git@example.org/a/b.git?ref=main&rev=abc', 'git+https://example.org/a.git',
  'https://example.org/flake.tar.gz', 'tarball+https://example.org/x?a=b%20c', 'gitlab:group%2Fsub/repo', 'sourcehut:~user/repo', 'path:/home/code/flake', '/home/code/flake',
  'home', 'nixpkgs/nixos-26.05',
])('%s is a reference', reference => {
  expect(variable(activation({ homeManager: HomeManager.flake(reference, 'code@host') }), 'HOME_MANAGER_FLAKE')).toBe(reference);
});

test('the activation downloads as the workload does: by proxy, CA bundle and binary caches of the environment', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {
    homeManager: essential,
    proxy: { httpsProxy: 'http://proxy.example.org:3128' },
    caBundle: CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'Ca', 'company-ca')),
    config: { substituters: [Substituter.of('https://cache.example.org', 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=')] },
  });
  const { initContainers, containers } = podSpec(chart);
  for (const name of ['HTTPS_PROXY', 'NIX_SSL_CERT_FILE', 'NIX_CONF_DIR']) {
    expect(variable(containers[0], name)).toBeDefined();
    expect(variable(initContainers[1], name)).toBe(variable(containers[0], name));
  }
  expect(initContainers[1].volumeMounts).toEqual(expect.arrayContaining(containers[0].volumeMounts));
});

describe('a volume of a container in the home', () => {
  const mounting = (path: string, props: NixDeploymentProps) => (chart: Chart) => {
    const volume = kplus.Volume.fromEmptyDir(chart, 'Extra', 'extra');
    new NixDeployment(chart, 'workspace', { containers: [{ image: 'example.org/app:1', volumeMounts: [{ path, volume }] }], ...props });
  };
  const development = { homeManager: HomeManager.profile(HomeManagerProfile.DEVELOPMENT) };

  test.each(['.local', '.local/state', '.local/state/nix', '.local/state/nix/profiles', '.config'])('at ~/%s hides what the configuration links there, and is refused', folder => {
    expect(synthError(mounting(`/home/code/${folder}`, development))).toContain(
      `CDK8SNIX0503 containers[main].volumeMounts: got "/home/code/${folder}". The home configuration has links in ${folder}, which the volume would hide from this container`);
  });

  test.each(['.local/share/app', '.config/app', '.npm', '.cache', 'work'])('at ~/%s hides nothing', folder => {
    const chart = testChart();
    mounting(`/home/code/${folder}`, development)(chart);
    expect(podSpec(chart).containers[0].volumeMounts).toContainEqual(expect.objectContaining({ name: 'extra', mountPath: `/home/code/${folder}` }));
  });

  test('is none of our business without a home configuration', () => {
    const chart = testChart();
    mounting('/home/code/.config', {})(chart);
    expect(podSpec(chart).containers[0].volumeMounts).toContainEqual(expect.objectContaining({ name: 'extra' }));
  });
});
