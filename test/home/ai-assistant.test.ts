import { existsSync, readFileSync } from 'fs';
import { join } from 'path';
import { Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AiAssistant, HomeManager, HomeManagerProfile, NixDeployment, NixDeploymentProps } from '../../src';
import { podSpec, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

/* eslint-disable @typescript-eslint/no-explicit-any */

const essential = HomeManager.profile(HomeManagerProfile.ESSENTIAL);

function key(chart: Chart, name: string, entry: string = 'api-key'): kplus.EnvValue {
  const secret = kplus.Secret.fromSecretName(chart, `Secret${chart.node.children.length}`, name);
  return kplus.EnvValue.fromSecretValue({ secret, key: entry });
}

/** The variables of a workload's container, by their names; what comes from elsewhere as where it comes from. */
function variables(container: any): { [name: string]: any } {
  return Object.fromEntries(container.env.map((entry: any) => [entry.name, entry.value ?? entry.valueFrom]));
}

function podWith(assistants: (chart: Chart) => AiAssistant[], props: NixDeploymentProps = {}): any {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { homeManager: essential, ...props, assistants: assistants(chart) });
  expect(chart).toBeValidKubernetes({ external: ['*'] });
  expect(chart).toBeRestricted();
  return podSpec(chart);
}

const from = (name: string) => ({ secretKeyRef: { name, key: 'api-key' } });

type Wiring = [command: string, make: (apiKey?: kplus.EnvValue) => AiAssistant, keys: string[], others: { [name: string]: string }];

const WIRINGS: Wiring[] = [
  ['claude', apiKey => AiAssistant.claude({ apiKey }), ['ANTHROPIC_API_KEY'], { CLAUDE_CONFIG_DIR: '/home/code/.claude' }],
  ['gemini', apiKey => AiAssistant.gemini({ apiKey }), ['GEMINI_API_KEY'], { GEMINI_CLI_HOME: '/home/code' }],
  ['codex', apiKey => AiAssistant.codex({ apiKey }), ['OPENAI_API_KEY', 'CODEX_API_KEY'], {}],
  ['aichat', apiKey => AiAssistant.aichat({ apiKey, provider: 'claude' }), ['CLAUDE_API_KEY'],
    { AICHAT_CONFIG_DIR: '/home/code/.config/aichat', AICHAT_PROVIDER: 'claude' }],
];

describe.each(WIRINGS)('%s', (command, make, keys, others) => {
  test('has its name, and finds its key and its folders in the home', () => {
    expect(make().command).toBe(command);
    const [container] = podWith(chart => [make(key(chart, 'keys'))]).containers;
    expect(variables(container)).toMatchObject({ ...others, ...Object.fromEntries(keys.map(name => [name, from('keys')])), XDG_CACHE_HOME: '/home/code/.cache' });
  });

  test('needs no key: its user may log in', () => {
    const names = Object.keys(variables(podWith(() => [make()]).containers[0]));
    expect(names).toEqual(expect.arrayContaining(Object.keys(others)));
    expect(names.filter(name => name.endsWith('_API_KEY'))).toEqual([]);
  });

  test('is in the bundled flake', () => {
    const root = join(__dirname, '..', '..', 'nix');
    expect(existsSync(join(root, 'ai-assistants', `${command}.nix`))).toBe(true);
  });

  test('is refused without a profile', () => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', { assistants: [make()] }); })).toContain(
      `[test/workspace/Nix] CDK8SNIX0604 assistants[0]: got "${command}". Nothing installs it: there is no home-manager profile. `
      + 'Use homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), or a flake that has it.',
    );
  });

  test('is refused with its key as plain text, which is not repeated', () => {
    const message = 'CDK8SNIX0603 assistants[0].apiKey: got "(not shown)". The key would be plain text, in the manifest or in the cluster. '
      + 'Put it into a Secret and use EnvValue.fromSecretValue({ secret, key }).';
    for (const plain of [
      () => kplus.EnvValue.fromValue('sk-s3cret'),
      (chart: Chart) => kplus.EnvValue.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'cm', 's3cret'), 'a'),
      () => kplus.EnvValue.fromProcess('PATH'),
    ]) {
      const error = synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [make(plain(chart))] }); });
      expect(error).toContain(message);
      expect(error).not.toContain('s3cret');
      expect(error).not.toContain(process.env.PATH);
    }
  });
});

/** The assistants that a profile of the bundled flake imports, directly or not. */
function assistantsOf(file: string): string[] {
  const imports = readFileSync(file, 'utf-8').match(/\.{1,2}\/[a-z/-]+\.nix/g) ?? [];
  return imports.flatMap(path => path.startsWith('../ai-assistants/') ? [path.slice('../ai-assistants/'.length, -'.nix'.length)] : assistantsOf(join(file, '..', path)));
}

describe.each(Object.values(HomeManagerProfile))('the profile %s', profile => {
  const installed = assistantsOf(join(__dirname, '..', '..', 'nix', 'profiles', `${profile}.nix`));

  test.each(WIRINGS)('is accepted for %s exactly if it has it', (command, make) => {
    const props = { homeManager: HomeManager.profile(profile), assistants: [make()] };
    if (installed.includes(command)) {
      podWith(() => props.assistants, props);
    } else {
      expect(synthError(chart => { new NixDeployment(chart, 'workspace', props); }))
        .toContain(`CDK8SNIX0604 assistants[0]: got "${command}". The profile "${profile}" does not have it.`);
    }
  });
});

test('what another flake has is not known', () => {
  podWith(() => [AiAssistant.claude()], { homeManager: HomeManager.flake('github:owner/repository', 'home') });
});

test('all of them together, as it was', () => {
  const pod = podWith(chart => [
    AiAssistant.claude({ apiKey: key(chart, 'anthropic') }),
    AiAssistant.gemini({ apiKey: key(chart, 'google') }),
    AiAssistant.codex({ apiKey: key(chart, 'openai') }),
    AiAssistant.aichat({ apiKey: key(chart, 'openai'), model: 'gpt-4o' }),
  ]);
  expect(variables(pod.containers[0])).toMatchSnapshot();
});

test('the activation, which may run code of a foreign flake, sees no key', () => {
  const pod = podWith(chart => [AiAssistant.claude({ apiKey: key(chart, 'anthropic') })], { initContainers: [{ name: 'mine', image: 'example.org/mine:1' }] });
  const seen = pod.initContainers.map((container: any) => [container.name, 'ANTHROPIC_API_KEY' in variables(container)]);
  expect(seen).toEqual([['seed-nix-store', false], ['check-nix-store', false], ['activate-home', false], ['mine', true]]);
});

test('a variable of the container itself wins', () => {
  const pod = podWith(chart => [AiAssistant.claude({ apiKey: key(chart, 'anthropic') })], {
    containers: [{ image: 'example.org/main:1', envVariables: { CLAUDE_CONFIG_DIR: kplus.EnvValue.fromValue('/data') } }],
  });
  const entries = pod.containers[0].env.filter((entry: any) => entry.name === 'CLAUDE_CONFIG_DIR');
  expect(entries).toEqual([{ name: 'CLAUDE_CONFIG_DIR', value: '/data' }]);
});

describe('aichat', () => {
  test.each([
    [{ provider: 'openai' }, 'OPENAI_API_KEY', 'openai'],
    [{ provider: 'azure-openai' }, 'AZURE_OPENAI_API_KEY', 'azure-openai'],
    [{ model: 'gpt-4o' }, 'OPENAI_API_KEY', 'openai:gpt-4o'],
    [{ provider: 'openrouter', model: 'meta-llama/llama-3.3-70b:free' }, 'OPENROUTER_API_KEY', 'openrouter:meta-llama/llama-3.3-70b:free'],
    [{}, 'OPENAI_API_KEY', 'openai'],
  ])('%j', (options, keyVariable, provider) => {
    const seen = variables(podWith(chart => [AiAssistant.aichat({ ...options, apiKey: key(chart, 'keys') })]).containers[0]);
    expect(seen).toMatchObject({ [keyVariable]: from('keys'), AICHAT_PROVIDER: provider });
  });

  test('asks its user for the provider if it was told nothing', () => {
    expect(variables(podWith(() => [AiAssistant.aichat()]).containers[0])).not.toHaveProperty('AICHAT_PROVIDER');
  });

  test.each(['', 'Open AI', 'openai:gpt', '$(A)'])('refuses the provider %j', provider => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [AiAssistant.aichat({ provider })] }); })).toContain(
      `CDK8SNIX0606 assistants[0].provider: got ${JSON.stringify(provider)}. A provider has lower-case letters, digits, "-" and "_". Use for example "openai" or "claude".`);
  });

  test.each(['', 'a b', '$(A)'])('refuses the model %j', model => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [AiAssistant.aichat({ model })] }); })).toContain(
      `CDK8SNIX0606 assistants[0].model: got ${JSON.stringify(model)}. A model has letters, digits and the characters ._:/@- only. Use the provider's name of it.`);
  });
});

describe('refuses', () => {
  const error = (assistants: (chart: Chart) => AiAssistant[]): string =>
    synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: assistants(chart) }); });

  test('one that is there twice', () => {
    expect(error(() => [AiAssistant.claude(), AiAssistant.gemini(), AiAssistant.claude()]))
      .toContain('CDK8SNIX0605 assistants[2]: got "claude". It is there already. Give each assistant once.');
  });

  test('two that need one variable with different keys', () => {
    expect(error(chart => [AiAssistant.codex({ apiKey: key(chart, 'one') }), AiAssistant.aichat({ apiKey: key(chart, 'two') })]))
      .toContain('CDK8SNIX0605 assistants[1]: got "aichat". It needs another OPENAI_API_KEY than codex does. Use the same Secret for both.');
  });

  test('a key of a Secret that no Secret can have', () => {
    expect(error(chart => [AiAssistant.claude({ apiKey: key(chart, 'keys', 'api/key') })])).toContain('CDK8SNIX0308 assistants[0].apiKey.key: got "api/key".');
  });
});
