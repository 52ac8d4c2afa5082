import { ApiObject, JsonPatch, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixConfig, NixConfigProps, NixDeployment, Substituter } from '../../src';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

const KEY = 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';

/** The lines of nix.conf, without the comment. */
function nixConf(props?: NixConfigProps, change: (config: NixConfig) => void = () => {}): string[] {
  const chart = testChart();
  change(new NixConfig(chart, 'config', props));
  const [configMap] = Testing.synth(chart);
  expect(configMap).toBeValidKubernetes();
  return configMap.data['nix.conf'].trimEnd().split('\n').slice(1);
}

test('what a restricted pod cannot have is off, flakes are on', () => {
  expect(nixConf()).toEqual([
    'experimental-features = nix-command flakes',
    'sandbox = false',
    'filter-syscalls = false',
    'build-users-group =',
    'substituters = https://cache.nixos.org',
    'trusted-public-keys = cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
  ]);
});

test.each([
  ['as it is', () => {}],
  ['with metadata', (object: ApiObject) => {
    object.metadata.addLabel('z', 'last');
    object.metadata.addLabel('a', 'first');
    object.metadata.addAnnotation('example.org/owner', 'us');
    object.metadata.addFinalizers('example.org/keep');
  }],
  ['patched', (object: ApiObject) => object.addJsonPatch(JsonPatch.add('/data/more.conf', 'cores = 2'), JsonPatch.add('/immutable', true))],
])('the ConfigMap is what cdk8s would write, %s', (_, change: (object: ApiObject) => void) => {
  const { apiObject } = new NixDeployment(testChart(), 'code').environment.config;
  change(apiObject);
  const written = apiObject.toJson();
  expect(JSON.stringify(written)).toBe(JSON.stringify(ApiObject.prototype.toJson.call(apiObject)));
  expect(written.data['nix.conf']).toContain('sandbox = false');
});

test('caches are asked in order, the public one last, each with its keys, none twice', () => {
  const lines = nixConf({ substituters: [Substituter.of('https://cache.example.org', KEY)] }, config => {
    config.addSubstituter(Substituter.of('http://cache.local:8080', KEY, 'second:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY='));
  });
  expect(lines).toContain('substituters = https://cache.example.org http://cache.local:8080 https://cache.nixos.org');
  expect(lines).toContain(`trusted-public-keys = ${KEY} second:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY= ${Substituter.nixos().publicKeys[0]}`);
});

test('without the public cache and without another there are no substituters at all', () => {
  expect(nixConf({ defaultSubstituter: false })).toContain('substituters =');
});

test('numbers and sizes, sizes in bytes', () => {
  const lines = nixConf({ maxJobs: 2, cores: 0, minFree: Size.gibibytes(1), maxFree: Size.gibibytes(5) });
  expect(lines).toEqual(expect.arrayContaining(['max-jobs = 2', 'cores = 0', 'min-free = 1073741824', 'max-free = 5368709120']));
});

test('secrets are named, not contained', () => {
  const chart = testChart();
  const secret = new kplus.Secret(chart, 'Secret', { stringData: { netrc: 'machine x password hunter2' } });
  const config = new NixConfig(chart, 'config', { netrc: { secret, key: 'netrc' }, accessTokens: { secret, key: 'tokens' } });
  const data = Testing.synth(chart).find((m: any) => m.kind === 'ConfigMap').data['nix.conf'];
  expect(data).toContain('\nnetrc-file = /etc/cdk8s-nix-secrets/netrc\n');
  expect(data).toContain('\ninclude /etc/cdk8s-nix-secrets/access-tokens.conf\n');
  expect(data).not.toContain('hunter2');
  expect(config._secretFiles.sources).toHaveLength(2);
});

test('settings of any kind that nix.conf can hold', () => {
  const lines = nixConf({
    settings: { 'keep-going': true, 'log-lines': 50, 'system-features': ['kvm', 'big-parallel'], 'bash-prompt': 'nix $ ' },
    extraLines: ['# by hand', 'a-newer-setting = 1'],
  });
  expect(lines).toEqual(expect.arrayContaining(['keep-going = true', 'log-lines = 50', 'system-features = kvm big-parallel', 'bash-prompt = nix $']));
  expect(lines.slice(-2)).toEqual(['# by hand', 'a-newer-setting = 1']);
});

test('more experimental features replace the line, rather than contradict it', () => {
  const lines = nixConf({ settings: { 'experimental-features': ['nix-command', 'flakes', 'ca-derivations'] } });
  expect(lines.filter(line => line.startsWith('experimental-features'))).toEqual(['experimental-features = nix-command flakes ca-derivations']);
});

test('a cache that is added after a synth is in the next one, and rolls the pods', () => {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'workspace');
  const rendered = () => {
    const manifests = Testing.synth(chart);
    return {
      nixConf: manifests.find(manifest => manifest.data?.['nix.conf']).data['nix.conf'],
      checksum: only(manifests, 'Deployment').spec.template.metadata.annotations['cdk8s-nix/config-checksum'],
    };
  };
  const before = rendered();
  expect(rendered()).toEqual(before);
  environment.config.addSubstituter(Substituter.of('https://late.example.org', KEY));
  expect(rendered().nixConf).toContain('https://late.example.org');
  expect(rendered().checksum).not.toBe(before.checksum);
});

test('a setting that begins with extra-, and extra- before a list', () => {
  const lines = nixConf({ settings: { 'extra-platforms': ['i686-linux'], 'extra-system-features': 'kvm' }, extraLines: ['extra-extra-platforms = armv7l-linux'] });
  expect(lines.slice(-3)).toEqual(['extra-platforms = i686-linux', 'extra-system-features = kvm', 'extra-extra-platforms = armv7l-linux']);
});

test('numbers with a unit, `auto`, and booleans in the words of nix.conf, by name', () => {
  const settings = { 'max-jobs': 'auto', 'min-free': '5G', 'keep-going': 'yes', 'fallback': 1, 'sandbox-dev-shm-size': '50%' };
  expect(nixConf({ settings }).slice(-5)).toEqual(['fallback = 1', 'keep-going = yes', 'max-jobs = auto', 'min-free = 5G', 'sandbox-dev-shm-size = 50%']);
});

test('raw lines: a comment after a value, an include, a setting of a newer Nix', () => {
  const extraLines = ['log-lines = 5 # enough', '!include /etc/more.conf', 'a-newer-setting = 2.5', 'post-build-hook ='];
  expect(nixConf({ extraLines }).slice(-4)).toEqual(extraLines);
});

test('secrets in settings are not repeated in the message', () => {
  const token = 'ghp_0123456789';
  const message = synthError(chart => new NixConfig(chart, 'config', {
    settings: { 'extra-access-tokens': [`github.com=${token}`] }, extraLines: [`access-tokens = gitlab.com=PAT:${token}`],
  }));
  expect(message.match(/CDK8SNIX0305/g)).toHaveLength(2);
  expect(message).not.toContain(token);
});
