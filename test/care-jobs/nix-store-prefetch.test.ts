import { Chart, Duration, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  AiAssistant, HomeManager, HomeManagerProfile, NixDeployment, NixDeploymentProps, NixEnvironment, NixImage, NixPrefetchOptions, NixPrefetchRefresh,
  NixStore, NixStorePrefetch,
} from '../../src';
import { packageFile } from '../../src/base/package-file';
import { mountAt, only, podSpec, testChart, variable, withoutScriptHash } from '../support/synth';
import { synthError } from '../support/synth-error';

const STORE_PATH = '/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello-2.12';

const essential = HomeManager.profile(HomeManagerProfile.ESSENTIAL);

function prefetched(options: NixPrefetchOptions, props: NixDeploymentProps = {}) {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'workspace', props);
  const prefetch = new NixStorePrefetch(chart, 'tools', { environment, ...options });
  return { chart, environment, prefetch };
}

describe('by a Job', () => {
  test('what to bring comes as arguments, one each, and is rooted under a name of its own', () => {
    const { chart } = prefetched({ packages: ['github:owner/repo/v1#tool', STORE_PATH], shells: ['github:owner/repo/v1'], refresh: NixPrefetchRefresh.ALWAYS });
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    const [container] = podSpec(chart, 'Job').containers;
    expect(container.command).toEqual(['sh', '/opt/cdk8s-nix-care/prefetch-store.sh']);
    expect(container.args).toEqual(['package', 'github:owner/repo/v1#tool', 'package', STORE_PATH, 'shell', 'github:owner/repo/v1']);
    expect(variable(container, 'PREFETCH_NAME')).toBe('test-tools');
    expect(variable(container, 'PREFETCH_REFRESH')).toBe('always');
    expect(variable(container, 'CARE_ON_FAILURE')).toBeUndefined();
    expect(mountAt(container, '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
    const job = only(Testing.synth(chart), 'Job');
    expect(job.spec).toMatchObject({ activeDeadlineSeconds: 1800 + 900, backoffLimit: 2 });
    expect(podSpec(chart, 'Job').affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution).toHaveLength(1);
    expect(withoutScriptHash(job.spec)).toMatchSnapshot();
  });

  test('assistants are named to the script, which puts them where each home looks', () => {
    const { chart } = prefetched({ packages: ['nixpkgs#hello'], assistants: ['claude', 'codex'] }, { homeManager: essential });
    expect(podSpec(chart, 'Job').containers[0].args).toEqual(['package', 'nixpkgs#hello', 'assistant', 'claude', 'assistant', 'codex']);
    const place = '/var/cdk8s-nix/assistants';
    expect(packageFile('scripts/prefetch-store.sh')).toContain(`$NIX_FOLDER${place}`);
    expect(packageFile('nix/npx-wrapper.sh')).toContain(`store_place=/nix${place}`);
  });

  test('a change makes another Job, since the pod of a Job cannot change; no change makes none', () => {
    const nameOf = (options: NixPrefetchOptions) => only(Testing.synth(prefetched(options).chart), 'Job').metadata.name;
    const name = nameOf({ packages: ['nixpkgs#hello'] });
    expect(name).toMatch(/^test-tools-job-c[0-9a-f]+-[0-9a-f]{12}$/);
    expect(nameOf({ packages: ['nixpkgs#hello'] })).toBe(name);
    expect(nameOf({ packages: ['nixpkgs#jq'] })).not.toBe(name);
    expect(nameOf({ packages: ['nixpkgs#hello'], deadline: Duration.minutes(5) })).not.toBe(name);
  });
});

describe('at the start of a pod', () => {
  test('before the garbage collection if asked for first, and no reason not to start', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace');
    environment.prefetch({ shells: ['github:owner/repo/v1'] });
    environment.collectGarbage();
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    const { initContainers, volumes } = podSpec(chart);
    expect(initContainers.map((container: { name: string }) => container.name)).toEqual(['seed-nix-store', 'prefetch-store', 'collect-garbage']);
    expect(initContainers[1].args).toEqual(['shell', 'github:owner/repo/v1']);
    expect(variable(initContainers[1], 'CARE_ON_FAILURE')).toBe('go-on');
    expect(variable(initContainers[1], 'PREFETCH_NAME')).toBe('test-workspace-nix');
    expect(volumes.filter((volume: { name: string }) => volume.name === 'nix-care-scripts')).toHaveLength(1);
  });

  test('required: the pod does not start without it', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace').environment.prefetch({ packages: ['nixpkgs#hello'], required: true });
    expect(variable(podSpec(chart).initContainers[1], 'CARE_ON_FAILURE')).toBeUndefined();
  });

  test('a store that begins anew has use for it too', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { store: NixStore.emptyDir() }).environment.prefetch({ packages: ['nixpkgs#hello'] });
    expect(podSpec(chart).initContainers).toHaveLength(2);
  });

  test('twice is an error', () => {
    const { environment } = new NixDeployment(testChart(), 'workspace');
    environment.prefetch({ packages: ['nixpkgs#hello'] });
    expect(() => environment.prefetch({ packages: ['nixpkgs#jq'] })).toThrow(/CDK8SNIX0707 test\/workspace\/Nix: prefetch-store is asked for twice/);
  });
});

describe('assistants', () => {
  const secret = (chart: Chart, key: string) => kplus.EnvValue.fromSecretValue({ secret: kplus.Secret.fromSecretName(chart, `Secret-${key}`, 'keys'), key });

  test.each(['by a Job', 'at the start'])('get what npm reads, and not their keys: %s', way => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace', {
      homeManager: essential,
      assistants: [AiAssistant.claude({
        apiKey: secret(chart, 'anthropic'),
        npmPackage: '@anthropic-ai/claude-code@2.1.331',
        variables: { npm_config_registry: 'https://npm.example.org/', CLAUDE_CODE_USE_BEDROCK: '1', HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'cluster.local' },
        secrets: { NPM_TOKEN: secret(chart, 'npm'), OTHER_TOKEN: secret(chart, 'other') },
      })],
    });
    if (way === 'by a Job') {
      new NixStorePrefetch(chart, 'tools', { environment, assistants: ['claude'] });
    } else {
      environment.prefetch({ assistants: ['claude'] });
    }
    expect(chart).toBeValidKubernetes({ external: ['*'] });
    const container = way === 'by a Job' ? podSpec(chart, 'Job').containers[0] : podSpec(chart).initContainers.find(({ name }: any) => name === 'prefetch-store');
    expect(container.env).toEqual(expect.arrayContaining([
      { name: 'NPM_TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'npm' } } },
      { name: 'npm_config_registry', value: 'https://npm.example.org/' },
      { name: 'CDK8S_NIX_PACKAGE_CLAUDE', value: '@anthropic-ai/claude-code@2.1.331' },
      { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
      { name: 'no_proxy', value: 'cluster.local' },
    ]));
    const names = container.env.map(({ name }: any) => name);
    expect(names.filter((name: string) => /ANTHROPIC|OTHER|BEDROCK/.test(name))).toEqual([]);
  });

  test('packages alone get nothing of npm', () => {
    const { chart } = prefetched({ packages: ['nixpkgs#hello'] }, { homeManager: essential, assistants: [AiAssistant.claude({ npmPackage: '@anthropic-ai/claude-code@2.1.331' })] });
    expect(variable(podSpec(chart, 'Job').containers[0], 'CDK8S_NIX_PACKAGE_CLAUDE')).toBeUndefined();
  });

  const NOTHING = 'CDK8SNIX0705 assistants[0]: got "claude". Nothing brings its command: the environment has no home-manager profile. '
    + 'Use homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), or a flake that has it.';

  test.each<[string, NixDeploymentProps, string]>([
    ['without a profile', {}, NOTHING],
    ['with a profile that has none', { homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) }, 'got "claude". The profile "minimal" does not have it.'],
  ])('that nothing brings are refused: %s', (_, props, message) => {
    expect(synthError(chart => {
      new NixStorePrefetch(chart, 'tools', { environment: new NixDeployment(chart, 'workspace', props).environment, assistants: ['claude'] });
    })).toContain(message);
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', props).environment.prefetch({ assistants: ['claude'] }); })).toContain(message);
  });

  test.each<[string, NixDeploymentProps]>([
    ['an image with a home configuration', { image: NixImage.backstageNix({ repository: 'registry.example.org/portal', tag: '1' }) }],
    ['an image that nothing is known of', { image: NixImage.of('registry.example.org/nix:1') }],
    ['a claim that others may use', { store: NixStore.existing('shared') }],
  ])('are fine with %s', (_, props) => {
    expect(Testing.synth(prefetched({ assistants: ['claude'] }, props).chart)).not.toEqual([]);
  });
});

describe('what is refused', () => {
  type Build = (chart: Chart) => void;
  const job = (options: NixPrefetchOptions): Build => chart => {
    new NixStorePrefetch(chart, 'tools', { environment: new NixDeployment(chart, 'workspace').environment, ...options });
  };
  const packages = (...references: string[]) => job({ packages: references });
  const shells = (...references: string[]) => job({ shells: references });
  const on = (store: NixStore): Build => chart => {
    const environment = new NixEnvironment(chart, 'nix', { store });
    environment.enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }));
    new NixStorePrefetch(chart, 'tools', { environment, packages: ['nixpkgs#hello'] });
  };

  test.each<[string, Build, string, string]>([
    ['nothing to bring', job({}), 'CDK8SNIX0705 packages: got []', 'Name packages, shells or assistants.'],
    ['an assistant that is none', job({ assistants: ['claude', 'copilot'] }), 'CDK8SNIX0705 assistants[1]: got "copilot"', 'Use one of claude, codex, gemini.'],
    ['an assistant twice', job({ assistants: ['claude', 'claude'] }), 'CDK8SNIX0705 assistants[1]: got "claude"', 'there twice'],
    ['an empty package', packages(''), 'CDK8SNIX0705 packages[0]: got ""', 'no flake reference'],
    ['a package without an attribute', packages('nixpkgs#jq', 'github:owner/repo'), 'CDK8SNIX0705 packages[1]: got "github:owner/repo"', 'which package'],
    ['an option', packages('--impure#x'), 'CDK8SNIX0705 packages[0]', 'no flake reference'],
    ['an attribute of nothing', packages('#hello'), 'CDK8SNIX0705 packages[0]', 'no flake reference'],
    ['a variable of the kubelet', packages('nixpkgs#$(HOME)'), 'CDK8SNIX0705 packages[0]', 'no flake reference'],
    ['two lines', shells('github:owner/repo\n/v1'), 'CDK8SNIX0705 shells[0]: got "github:owner/repo\\n/v1"', 'no flake reference'],
    ['a space', shells('github:owner/repo v1'), 'CDK8SNIX0705 shells[0]', 'no flake reference'],
    ['a relative path', shells('path:./flake'), 'CDK8SNIX0705 shells[0]', 'the pod does not have your files'],
    ['the current folder', packages('.#hello'), 'CDK8SNIX0705 packages[0]', 'the pod does not have your files'],
    ['a password', shells('git+https://user:hunter2@example.org/repo'), 'CDK8SNIX0705 shells[0]: got "(not shown)"', 'config.netrc'],
    ['a token', shells('git+https://hunter2@example.org/repo'), 'CDK8SNIX0705 shells[0]: got "(not shown)"', 'config.netrc'],
    ['no time', job({ packages: ['nixpkgs#hello'], deadline: Duration.seconds(0) }), 'CDK8SNIX0704 deadline', 'one second or more'],
    ['a Job for a volume of one pod', on(NixStore.persistent({ accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE_POD] })), 'CDK8SNIX0701', 'Use environment.prefetch()'],
    ['a Job for a store of each pod', on(NixStore.emptyDir()), 'CDK8SNIX0701', 'Use environment.prefetch()'],
    ['a store of a driver', on(NixStore.csi({ driver: 'nix.csi' })), 'CDK8SNIX0703', 'Leave it to the driver'],
    ['a store of a driver, at the start', chart => {
      new NixDeployment(chart, 'workspace', { store: NixStore.csi({ driver: 'nix.csi' }) }).environment.prefetch({ packages: ['nixpkgs#hello'] });
    }, 'CDK8SNIX0703', 'Leave it to the driver'],
  ])('%s', (_, build, code, text) => {
    const message = synthError(build);
    expect(message).toContain(code);
    expect(message).toContain(text);
  });

  test('a password is never shown', () => {
    expect(synthError(shells('git+https://user:hunter2@example.org/repo'))).not.toContain('hunter2');
  });
});
