import { existsSync, readFileSync } from 'fs';
import { join, posix } from 'path';
import { Chart, Lazy, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AiAssistant, GeminiOptions, HomeManager, HomeManagerProfile, McpServer, NixDeployment, NixDeploymentProps } from '../../src';
import { filesOf, podSpec, testChart } from '../support/synth';
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
      + 'Put it into a Secret and refer to it by EnvValue.fromSecretValue.';
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

describe('an MCP server that is started by uvx', () => {
  const make = (command: string) => [AiAssistant.codex({ mcpServers: [McpServer.http('b', 'https://mcp.example.org'), McpServer.command('a', command)] })];

  test.each([HomeManagerProfile.ESSENTIAL, HomeManagerProfile.DEVELOPMENT])('is refused with the profile %s, which does not have it', profile => {
    expect(readFileSync(join(__dirname, `../../nix/profiles/${profile}.nix`), 'utf-8')).not.toMatch(/\buv\b/);
    const error = synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: HomeManager.profile(profile), assistants: make('uvx') }); });
    expect(error).toContain(`CDK8SNIX0604 assistants[0].mcpServers[1]: got "uvx". The profile "${profile}" does not have it. `
      + 'Use HomeManagerProfile.AI, or the whole path if the image has it, for example "/usr/bin/uvx".');
  });

  test('is fine where it is, or may be', () => {
    expect(readFileSync(join(__dirname, '../../nix/profiles/ai.nix'), 'utf-8')).toMatch(/\buv\b/);
    podWith(() => make('uvx'), { homeManager: HomeManager.profile(HomeManagerProfile.AI) });
    podWith(() => make('uvx'), { homeManager: HomeManager.flake('github:owner/repository', 'home') });
    podWith(() => make('/usr/bin/uvx'));
    podWith(() => make('npx'));
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
  expect(seen).toEqual([['seed-nix-store', false], ['activate-home', false], ['mine', true]]);
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

  test('works for a provider that has other keys, and for one that is nothing but its gateway', () => {
    const bedrock = variables(podWith(chart => [AiAssistant.aichat({ provider: 'bedrock', secrets: { BEDROCK_ACCESS_KEY_ID: key(chart, 'keys') } })]).containers[0]);
    expect(bedrock).toMatchObject({ AICHAT_PROVIDER: 'bedrock', BEDROCK_ACCESS_KEY_ID: from('keys') });
    const other = variables(podWith(() => [AiAssistant.aichat({ provider: 'openai-compatible', model: 'm', baseUrl: 'HTTPS://GW/', keyless: true })]).containers[0]);
    expect(other).toMatchObject({ AICHAT_PROVIDER: 'openai-compatible:m', OPENAI_COMPATIBLE_API_BASE: 'HTTPS://GW/' });
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

describe('more than a key', () => {
  /** What the workload's container finds at a path: by a mount of its own, or in a folder that is mounted. */
  function fileAt(path: string, assistants: (chart: Chart) => AiAssistant[]): string {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: assistants(chart) });
    const pod = podSpec(chart);
    const mount = pod.containers[0].volumeMounts.find(({ mountPath }: any) => [path, posix.dirname(path)].includes(mountPath));
    const { configMap } = pod.volumes.find((volume: any) => volume.name === mount.name);
    expect(mount.readOnly).toBe(true);
    const files = filesOf(Testing.synth(chart).find(manifest => manifest.kind === 'ConfigMap' && manifest.metadata.name === configMap.name));
    return files[mount.subPath ?? posix.basename(path)];
  }

  const servers = (chart: Chart) => [
    McpServer.command('files', 'npx', { args: ['-y', 'server@1.2.3'], variables: { MODE: 'ro' }, secrets: { FILES_TOKEN: key(chart, 'files') } }),
    McpServer.http('remote-one', 'https://mcp.example.org/mcp', { bearerToken: key(chart, 'remote') }),
  ];

  test('a model and a gateway are where each assistant looks for them', () => {
    const options = { model: 'some-model', baseUrl: 'https://gateway.example.org/v1', keyless: false };
    const of = (assistant: AiAssistant) => variables(podWith(() => [assistant]).containers[0]);
    expect(of(AiAssistant.claude(options))).toMatchObject({ ANTHROPIC_MODEL: 'some-model', ANTHROPIC_BASE_URL: options.baseUrl });
    expect(of(AiAssistant.gemini(options))).toMatchObject({ GEMINI_MODEL: 'some-model', GOOGLE_GEMINI_BASE_URL: options.baseUrl });
    expect(of(AiAssistant.aichat({ ...options, provider: 'mistral' }))).toMatchObject({ AICHAT_PROVIDER: 'mistral:some-model', MISTRAL_API_BASE: options.baseUrl });
    expect(fileAt('/etc/codex/config.toml', () => [AiAssistant.codex(options)])).toBe([
      '"model" = "some-model"',
      '"model_provider" = "gateway"',
      '"model_providers" = { "gateway" = { "name" = "gateway", "base_url" = "https://gateway.example.org/v1", "env_key" = "OPENAI_API_KEY", "wire_api" = "responses" } }',
      '',
    ].join('\n'));
  });

  test('a model may say how long its context is, as Claude Code has it', () => {
    expect(variables(podWith(() => [AiAssistant.claude({ model: 'opus[1m]' })]).containers[0])).toMatchObject({ ANTHROPIC_MODEL: 'opus[1m]' });
  });

  test('another version is what the command installs', () => {
    const [container] = podWith(() => [AiAssistant.claude({ npmPackage: '@anthropic-ai/claude-code@2.1.331' })]).containers;
    expect(variables(container).CDK8S_NIX_PACKAGE_CLAUDE).toBe('@anthropic-ai/claude-code@2.1.331');
    expect(readFileSync(join(__dirname, '../../nix/npx-wrapper.sh'), 'utf-8')).toContain('CDK8S_NIX_PACKAGE_${command^^}');
  });

  test('keys of other providers come from Secrets', () => {
    const [container] = podWith(chart => [AiAssistant.claude({
      variables: { CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-central-1' },
      secrets: { AWS_BEARER_TOKEN_BEDROCK: key(chart, 'bedrock') },
    })]).containers;
    expect(variables(container)).toMatchObject({ CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-central-1', AWS_BEARER_TOKEN_BEDROCK: from('bedrock') });
  });

  test('Gemini CLI trusts folders only if told to', () => {
    const of = (assistant: AiAssistant) => variables(podWith(() => [assistant]).containers[0]).GEMINI_CLI_TRUST_WORKSPACE;
    expect(of(AiAssistant.gemini())).toBeUndefined();
    expect(of(AiAssistant.gemini({ trustFolders: true }))).toBe('true');
  });

  const claudeServers = {
    'files': { type: 'stdio', command: 'npx', args: ['-y', 'server@1.2.3'], env: { MODE: 'ro', FILES_TOKEN: '${FILES_TOKEN}' } },
    'remote-one': { type: 'http', url: 'https://mcp.example.org/mcp', headers: { Authorization: 'Bearer ${MCP_REMOTE_ONE_TOKEN}' } },
  };

  test('MCP servers and settings of Claude Code are where its wrapper looks for them', () => {
    const file = fileAt('/etc/cdk8s-nix/claude.json', chart => [AiAssistant.claude({ mcpServers: servers(chart), settings: { theme: 'dark' } })]);
    expect(JSON.parse(file)).toEqual({ settings: { theme: 'dark' }, mcpServers: claudeServers });
    expect(readFileSync(join(__dirname, '../../nix/npx-wrapper.sh'), 'utf-8')).toContain('told=/etc/cdk8s-nix\n');
  });

  test('a policy is where no user can write', () => {
    const managed = (chart: Chart) => [AiAssistant.claude({ mcpServers: servers(chart), settings: { theme: 'dark' }, managed: true })];
    expect(JSON.parse(fileAt('/etc/claude-code/managed-mcp.json', managed))).toEqual({ mcpServers: claudeServers });
    expect(JSON.parse(fileAt('/etc/claude-code/managed-settings.json', managed))).toEqual({ theme: 'dark' });
    expect(fileAt('/etc/cdk8s-nix/claude.json', managed)).toBeUndefined();
    expect(JSON.parse(fileAt('/etc/gemini-cli/settings.json', () => [AiAssistant.gemini({ settings: { ui: {} }, managed: true })]))).toEqual({ ui: {} });
    expect(fileAt('/etc/codex/managed_config.toml', () => [AiAssistant.codex({ mcpServers: [McpServer.command('a', 'b')], model: 'm', managed: true })]))
      .toBe('"model" = "m"\n"mcp_servers" = { "a" = { "command" = "b", "args" = [], "env" = {  } } }\n');
  });

  describe('gemini is told to show its key to a gateway, which it refuses to do by itself', () => {
    const baseUrl = 'https://gateway.example.org';
    const selected = (options: (chart: Chart) => GeminiOptions) =>
      JSON.parse(fileAt('/etc/gemini-cli/system-defaults.json', chart => [AiAssistant.gemini({ settings: { ui: { theme: 'GitHub' } }, ...options(chart) })])).security?.auth;

    test.each<[string, (chart: Chart) => GeminiOptions, string | undefined]>([
      ['with a key', chart => ({ baseUrl, apiKey: key(chart, 'keys') }), 'gemini-api-key'],
      ['with a key among the secrets', chart => ({ baseUrl, secrets: { GEMINI_API_KEY: key(chart, 'keys') } }), 'gemini-api-key'],
      ['unless the settings say how', chart => ({ baseUrl, apiKey: key(chart, 'keys'), settings: { security: { auth: { selectedType: 'gateway' } } } }), 'gateway'],
      ['not without a gateway', chart => ({ apiKey: key(chart, 'keys') }), undefined],
      ['with none, if the gateway takes none', () => ({ baseUrl, keyless: true }), 'gemini-api-key'],
      ['not where its user signs in', () => ({ baseUrl, keyless: false }), undefined],
      ['not where the key is none of its own', chart => ({ baseUrl, apiKey: key(chart, 'keys'), variables: { GOOGLE_GENAI_USE_VERTEXAI: 'true' } }), undefined],
    ])('%s', (_, options, expected) => {
      expect(selected(options)?.selectedType).toBe(expected);
    });

    test('other settings beside it stay', () => {
      expect(selected(chart => ({ baseUrl, apiKey: key(chart, 'keys'), settings: { security: { auth: { useExternal: true } } } })))
        .toEqual({ selectedType: 'gemini-api-key', useExternal: true });
    });
  });

  describe('a gateway', () => {
    const baseUrl = 'https://gateway.example.org';
    const codexFile = (make: (chart: Chart) => AiAssistant) => fileAt('/etc/codex/config.toml', chart => [make(chart)]);

    test.each(WIRINGS.map(([command]) => command))('of %s without a key is refused, unless it is said to take none, or that the key comes from elsewhere', command => {
      const make = (AiAssistant as any)[command] as (options: GeminiOptions) => AiAssistant;
      expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [make({ baseUrl })] }); })).toContain(
        'CDK8SNIX0606 assistants[0].keyless: got nothing. A gateway is given and no key for it, without which the assistant does not start. '
        + 'Give apiKey, or say keyless: true if the gateway takes none; false if its user signs in, or the container has the key.');
      const pod = podWith(() => [make({ baseUrl, keyless: false })]);
      expect(Object.keys(variables(pod.containers[0])).filter(name => /_KEY$|_TOKEN$/.test(name))).toEqual([]);
    });

    test.each<[string, (chart: Chart) => AiAssistant]>([
      ['a token among the secrets', chart => AiAssistant.claude({ baseUrl, secrets: { ANTHROPIC_AUTH_TOKEN: key(chart, 'keys') } })],
      ['another provider', () => AiAssistant.claude({ baseUrl, variables: { CLAUDE_CODE_USE_BEDROCK: '1' } })],
      ['a program that prints a key', () => AiAssistant.claude({ baseUrl, settings: { apiKeyHelper: '/bin/key' } })],
    ])('takes %s for a key', (_, make) => {
      podWith(chart => [make(chart)]);
    });

    test('that takes none is shown none, by what each assistant insists on', () => {
      const of = (assistant: AiAssistant) => variables(podWith(() => [assistant]).containers[0]);
      expect(of(AiAssistant.claude({ baseUrl, keyless: true }))).toMatchObject({ ANTHROPIC_AUTH_TOKEN: 'none' });
      expect(of(AiAssistant.gemini({ baseUrl, keyless: true }))).toMatchObject({ GEMINI_API_KEY: 'none' });
      expect(of(AiAssistant.aichat({ baseUrl, keyless: true, provider: 'mistral' }))).toMatchObject({ MISTRAL_API_KEY: 'none' });
      expect(codexFile(() => AiAssistant.codex({ baseUrl, keyless: true }))).not.toContain('env_key');
    });

    test('of Codex is shown the key that there is', () => {
      expect(codexFile(chart => AiAssistant.codex({ baseUrl, apiKey: key(chart, 'keys') }))).toContain('"env_key" = "OPENAI_API_KEY"');
      expect(codexFile(chart => AiAssistant.codex({ baseUrl, secrets: { CODEX_API_KEY: key(chart, 'keys') } }))).toContain('"env_key" = "CODEX_API_KEY"');
    });

    test.each<[string, (chart: Chart) => AiAssistant, string]>([
      ['keyless without a gateway', () => AiAssistant.claude({ keyless: true }), 'keyless: got true. There is no gateway.'],
      ['keyless with a key', chart => AiAssistant.codex({ baseUrl, keyless: true, apiKey: key(chart, 'keys') }), 'keyless: got true. There is a key.'],
    ])('%s is refused', (_, make, message) => {
      expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [make(chart)] }); }))
        .toContain(`CDK8SNIX0606 assistants[0].${message}`);
    });
  });

  describe('texts of MCP servers with a dollar', () => {
    const withArgument = (text: string) => [McpServer.command('a', 'program', { args: [text] })];
    const withVariable = (text: string) => [McpServer.command('a', 'program', { variables: { A: text } })];
    const error = (assistant: AiAssistant) => synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [assistant] }); });

    test.each(['${HOME}/x', '${HOME:-/tmp}', '--token=${TOKEN}'])('%s is a variable to claude and gemini, and refused for codex', text => {
      podWith(() => [AiAssistant.claude({ mcpServers: withArgument(text) }), AiAssistant.gemini({ mcpServers: withVariable(text) })]);
      for (const mcpServers of [withArgument(text), withVariable(text), [McpServer.http('a', `https://mcp.example.org/${text}`)]]) {
        expect(error(AiAssistant.codex({ mcpServers }))).toMatch(
          /CDK8SNIX0606 assistants\[0\]\.mcpServers\[0\]: got "a"\. Codex puts no variables into what it passes: "\$\{\w+(:-\/tmp)?\}" would arrive as it stands\./);
      }
    });

    test.each(['.a as $x | $x', 'query($id: ID)', 'https://example.org/$path'])('%s is a text to claude and codex, and refused for gemini, which would change it', text => {
      podWith(() => [AiAssistant.claude({ mcpServers: withArgument(text) }), AiAssistant.codex({ mcpServers: withVariable(text) })]);
      for (const mcpServers of [withArgument(text), withVariable(text)]) {
        expect(error(AiAssistant.gemini({ mcpServers }))).toMatch(/mcpServers\[0\]: got "a"\. Gemini CLI would put the variable in the place of "\$(x|id|path)"\./);
      }
    });

    test.each(['costs 5$', '$1', 'a $ b', '^x$', '100 %', 'say "hi" \'there\'', 'back\\slash', '$$'])('%s is a text to all', text => {
      podWith(() => [
        AiAssistant.claude({ mcpServers: withArgument(text) }), AiAssistant.codex({ mcpServers: withVariable(text) }),
        AiAssistant.gemini({ mcpServers: withVariable(text) }),
      ]);
    });

    test('what is nothing but a bare name is told, since it means a variable to some', () => {
      expect(error(AiAssistant.claude({ mcpServers: withVariable('$OTHER') }))).toContain('"$OTHER" is a variable to some assistants, and to others a text. Write "${OTHER}".');
      expect(error(AiAssistant.codex({ mcpServers: withArgument('$OTHER') }))).toContain('Codex would pass "$OTHER" as it stands.');
      expect(error(AiAssistant.gemini({ mcpServers: withVariable('\\$5') }))).toContain('Gemini CLI would take the "\\" before a "$" away.');
    });

    test('a shell puts variables into its arguments itself', () => {
      const mcpServers = [McpServer.command('a', '/bin/sh', { args: ['-c', 'exec program "--url=$URL" "${HOME}"'] })];
      podWith(() => [AiAssistant.claude({ mcpServers }), AiAssistant.codex({ mcpServers }), AiAssistant.gemini({ mcpServers })]);
    });
  });

  test('MCP servers and settings of Gemini CLI', () => {
    const file = fileAt('/etc/gemini-cli/system-defaults.json', chart => [AiAssistant.gemini({ mcpServers: servers(chart), settings: { ui: { theme: 'GitHub' } } })]);
    expect(JSON.parse(file)).toEqual({
      ui: { theme: 'GitHub' },
      mcpServers: {
        'files': { command: 'npx', args: ['-y', 'server@1.2.3'], env: { MODE: 'ro', FILES_TOKEN: '$FILES_TOKEN' } },
        'remote-one': { httpUrl: 'https://mcp.example.org/mcp', headers: { Authorization: 'Bearer $MCP_REMOTE_ONE_TOKEN' } },
      },
    });
  });

  test('MCP servers and settings of Codex', () => {
    const file = fileAt('/etc/codex/config.toml', chart => [AiAssistant.codex({ mcpServers: servers(chart), settings: { approval_policy: 'never', tui: { notifications: false } } })]);
    expect(file).toBe([
      '"approval_policy" = "never"',
      '"tui" = { "notifications" = false }',
      '',
    ].join('\n'));
    expect(fileAt('/etc/cdk8s-nix/codex-servers', chart => [AiAssistant.codex({ mcpServers: servers(chart) })])).toBe([
      'files = { "command" = "npx", "args" = ["-y", "server@1.2.3"], "env" = { "MODE" = "ro" }, "env_vars" = ["FILES_TOKEN"] }',
      'remote-one = { "url" = "https://mcp.example.org/mcp", "bearer_token_env_var" = "MCP_REMOTE_ONE_TOKEN" }',
      '',
    ].join('\n'));
  });

  test('characters and numbers that TOML writes in another way than JSON', () => {
    expect(fileAt('/etc/codex/config.toml', () => [AiAssistant.codex({ settings: { 'a.b\u007f': 'c\u007f\n"', 'limit': 1e20, 'port': 8080 } })]))
      .toBe('"a.b\\u007f" = "c\\u007f\\n\\""\n"limit" = 1e+20\n"port" = 8080\n');
  });

  test('secrets of MCP servers are variables of the containers, never text', () => {
    const pod = podWith(chart => [AiAssistant.claude({ mcpServers: servers(chart) })]);
    expect(variables(pod.containers[0])).toMatchObject({ FILES_TOKEN: from('files'), MCP_REMOTE_ONE_TOKEN: from('remote') });
    expect(pod.initContainers.flatMap((container: any) => container.env.map((entry: any) => entry.name))).not.toContain('FILES_TOKEN');
  });

  test('without any of it there are no files', () => {
    const mounts = podWith(() => [AiAssistant.claude(), AiAssistant.codex(), AiAssistant.gemini()]).containers[0].volumeMounts;
    expect(mounts.map((mount: any) => mount.mountPath).filter((path: string) => /claude|codex|gemini/.test(path))).toEqual([]);
  });

  test.each<[string, (chart: Chart) => AiAssistant, string]>([
    ['a moving version', () => AiAssistant.codex({ npmPackage: '@openai/codex@latest' }), 'npmPackage: got "@openai/codex@latest". It is a package and its version.'],
    ['a package without a version', () => AiAssistant.codex({ npmPackage: '@openai/codex' }), 'npmPackage: got "@openai/codex". It is a package and its version.'],
    ['a password in a URL', () => AiAssistant.claude({ baseUrl: 'https://me:s3cret@example.org' }), 'baseUrl: got "(not shown)". It is a URL without a password.'],
    ['a model that is none', () => AiAssistant.claude({ model: 'a b' }), 'model: got "a b". A model has letters, digits'],
    ['two servers of one name', () => AiAssistant.claude({ mcpServers: [McpServer.command('a', 'b'), McpServer.command('a', 'c')] }), 'mcpServers[1]: got "a". There is one of this name already.'],
    ['a server without a program', () => AiAssistant.claude({ mcpServers: [McpServer.command('a', '')] }), 'mcpServers[0]: got "a". An MCP server is a program, or a URL without a password.'],
    ['a name that is none', () => AiAssistant.claude({ mcpServers: [McpServer.http('a b', 'https://example.org')] }), 'mcpServers[0]: got "a b". The name of an MCP server has'],
    ['a variable that is none', () => AiAssistant.claude({ variables: { 'a b': 'c' } }), 'variables: got "a b". The name of a variable has'],
  ])('refuses %s', (_, make, message) => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [make(chart)] }); }))
      .toContain(`CDK8SNIX0606 assistants[0].${message}`);
  });

  describe('a secret in plain text', () => {
    const ghp = `ghp_${'0123456789'.repeat(4)}`;
    test.each<[string, AiAssistant, string]>([
      ['a variable that is called a key', AiAssistant.claude({ variables: { ANTHROPIC_API_KEY: 's3cret-one' } }), 'variables.ANTHROPIC_API_KEY'],
      ['a variable that looks like a key', AiAssistant.codex({ variables: { OTHER: 'sk-proj-s3cret-one' } }), 'variables.OTHER'],
      ['a connection string of an MCP server', AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx', { args: ['postgres://me:s3cret-one@db/app'] })] }), 'mcpServers[0]'],
      ['a connection string as variable', AiAssistant.gemini({ mcpServers: [McpServer.command('a', 'npx', { variables: { DB: 'Server=db;Password=s3cret-one' } })] }), 'mcpServers[0]'],
      ['a variable for another program', AiAssistant.codex({ mcpServers: [McpServer.command('a', 'docker', { args: ['run', '--env=GITLAB_TOKEN=s3cret-one', 'image'] })] }), 'mcpServers[0]'],
      ['a header given as argument', AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx', { args: ['--header', 'X-Api-Key: s3cret-one'] })] }), 'mcpServers[0]'],
      ['a header without a scheme', AiAssistant.codex({ settings: { otel: { headers: { Authorization: 's3cret-one' } } } }), 'settings.otel.headers.Authorization'],
      ['a key of Groq', AiAssistant.aichat({ variables: { OTHER: `gsk_${'s3cret0'.repeat(4)}` } }), 'variables.OTHER'],
      ['a password of Postgres', AiAssistant.claude({ variables: { PGPASSWORD: 's3cret-one' } }), 'variables.PGPASSWORD'],
      ['a bearer token of Bedrock', AiAssistant.claude({ variables: { AWS_BEARER_TOKEN_BEDROCK: 's3cret-one' } }), 'variables.AWS_BEARER_TOKEN_BEDROCK'],
      ['a setting', AiAssistant.claude({ settings: { env: { ANTHROPIC_AUTH_TOKEN: 's3cret-one' } } }), 'settings.env.ANTHROPIC_AUTH_TOKEN'],
      ['a setting in a list', AiAssistant.codex({ settings: { notify: ['send', ghp] } }), 'settings.notify.1'],
      ['a header', AiAssistant.gemini({ settings: { telemetry: { headers: { Authorization: 'Bearer s3cret-one' } } } }), 'settings.telemetry.headers.Authorization'],
      ['an argument of an MCP server', AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx', { args: ['--api-key=s3cret-one'] })] }), 'mcpServers[0]'],
      ['two arguments of an MCP server', AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx', { args: ['--token', 's3cret-one'] })] }), 'mcpServers[0]'],
      ['an argument that looks like a key', AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx', { args: [ghp] })] }), 'mcpServers[0]'],
      ['a variable of an MCP server', AiAssistant.gemini({ mcpServers: [McpServer.command('a', 'npx', { variables: { GITHUB_TOKEN: 's3cret-one' } })] }), 'mcpServers[0]'],
      ['the URL of an MCP server', AiAssistant.codex({ mcpServers: [McpServer.http('a', 'https://mcp.example.org/?api_key=s3cret-one')] }), 'mcpServers[0]'],
      ['a header of a proxy', AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx', { args: ['mcp-remote', 'https://x', '--header', 'Authorization: Bearer s3cretpart'] })] }), 'mcpServers[0]'],
      ['a header in a script', AiAssistant.codex({ mcpServers: [McpServer.command('a', 'sh', { args: ['-c', 'exec x --header "Authorization: Basic s3cretpart"'] })] }), 'mcpServers[0]'],
      ['a header in a variable of a server', AiAssistant.codex({ mcpServers: [McpServer.command('a', 'b', { variables: { HDRS: 'Authorization: Bearer s3cretpart' } })] }), 'mcpServers[0]'],
      ['headers of Claude Code', AiAssistant.claude({ variables: { ANTHROPIC_CUSTOM_HEADERS: 'Authorization: Bearer s3cret' } }), 'variables.ANTHROPIC_CUSTOM_HEADERS'],
      ['headers among the settings', AiAssistant.claude({ settings: { env: { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer s3cret' } } }), 'settings.env.OTEL_EXPORTER_OTLP_HEADERS'],
      ['arguments among the settings', AiAssistant.gemini({ settings: { tools: { a: { args: ['--token', 's3cret'] } } } }), 'settings.tools.a.args'],
      ['a number', AiAssistant.claude({ settings: { apiKey: 12345 } }), 'settings.apiKey'],
      ['the name of a setting', AiAssistant.claude({ settings: { a: { [ghp]: 1 } } }), 'settings.a'],
      ['the name of a variable', AiAssistant.claude({ variables: { [ghp]: '1' } }), 'variables'],
      ['a key for a model', AiAssistant.codex({ model: `sk-proj-${'s3cret'.repeat(4)}` }), 'model'],
      ['a name of a server', AiAssistant.claude({ mcpServers: [McpServer.command(ghp, 'npx')] }), 'mcpServers[0]'],
      ['a key for a package', AiAssistant.gemini({ npmPackage: `${ghp}@1.0.0` }), 'npmPackage'],
    ])('is refused: %s', (_, assistant, prop) => {
      const error = synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [assistant] }); });
      expect(error).toContain(`CDK8SNIX0603 assistants[0].${prop}: got "(not shown)". The key would be plain text, in the manifest or in the cluster. `
        + 'Put it into a Secret, and use secrets, or bearerToken.');
      expect(error).not.toMatch(/s3cret|ghp_/);
    });

    test('is none: references, switches, numbers and files', () => {
      podWith(() => [
        AiAssistant.claude({
          variables: { CLAUDE_CODE_MAX_OUTPUT_TOKENS: '32000', CLAUDE_CODE_API_KEY_HELPER_TTL_MS: '1000', GOOGLE_APPLICATION_CREDENTIALS: '/run/key.json', MY_TOKEN: '' },
          settings: { apiKeyHelper: '/bin/key', env: { OTHER_TOKEN: '${MY_TOKEN}' }, permissions: { deny: ['Read(./secrets/**)', 'Bash(export TOKEN=*)'] } },
          mcpServers: [McpServer.command('a', 'npx', { args: ['--token-file', '/run/token', '-y', '@scope/server@1.2.3'], variables: { API_KEY: '${OTHER}' } })],
        }),
        AiAssistant.codex({ settings: { model_providers: { mine: { env_key: 'OPENAI_API_KEY', env_http_headers: { 'X-Api-Key': 'MY_KEY' }, requires_openai_auth: false } } } }),
      ]);
    });
  });

  test.each<[string, (chart: Chart) => AiAssistant, string]>([
    ['two MCP servers whose tokens are in one variable', chart => AiAssistant.claude({
      mcpServers: [
        McpServer.http('a-b', 'https://one.example', { bearerToken: key(chart, 'one') }),
        McpServer.http('a_b', 'https://two.example', { bearerToken: key(chart, 'two') }),
      ],
    }), 'MCP_A_B_TOKEN'],
    ['two MCP servers with secrets of one name', chart => AiAssistant.gemini({
      mcpServers: [McpServer.command('a', 'x', { secrets: { TOKEN: key(chart, 'one') } }), McpServer.command('b', 'y', { secrets: { TOKEN: key(chart, 'two') } })],
    }), 'TOKEN'],
    ['a key that is given twice', chart => AiAssistant.codex({ apiKey: key(chart, 'one'), secrets: { CODEX_API_KEY: key(chart, 'two') } }), 'CODEX_API_KEY'],
    ['a variable that is a secret and none', chart => AiAssistant.claude({ variables: { X: '1' }, secrets: { X: key(chart, 'one') } }), 'X'],
    ['another model', () => AiAssistant.claude({ model: 'a', variables: { ANTHROPIC_MODEL: 'b' } }), 'ANTHROPIC_MODEL'],
  ])('refuses %s', (_, make, variable) => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [make(chart)] }); }))
      .toMatch(new RegExp(`CDK8SNIX0605 assistants\\[0\\]: got "\\w+"\\. It is given two values of ${variable}\\. Give one of them`));
  });

  test('one Secret for two is one value, and a folder may be elsewhere', () => {
    const chart = testChart();
    const token = key(chart, 'one');
    const [container] = podWith(() => [AiAssistant.claude({
      apiKey: token,
      secrets: { ANTHROPIC_API_KEY: token },
      variables: { CLAUDE_CONFIG_DIR: '/data' },
      mcpServers: [McpServer.command('a', 'x', { secrets: { TOKEN: token } }), McpServer.command('b', 'y', { secrets: { TOKEN: token } })],
    })]).containers;
    expect(container.env.filter(({ name }: any) => ['TOKEN', 'ANTHROPIC_API_KEY', 'CLAUDE_CONFIG_DIR'].includes(name))).toEqual(expect.arrayContaining([
      { name: 'ANTHROPIC_API_KEY', valueFrom: from('one') }, { name: 'CLAUDE_CONFIG_DIR', value: '/data' }, { name: 'TOKEN', valueFrom: from('one') },
    ]));
    expect(new Set(container.env.map(({ name }: any) => name)).size).toBe(container.env.length);
  });

  const circular: any = {};
  circular.self = circular;

  test.each<[string, () => AiAssistant, string]>([
    ['a setting that is no data', () => AiAssistant.claude({ settings: { a: { b: Lazy.any({ produce: () => 1 }) } } }), 'settings.a.b: got "Lazy". A file holds texts, numbers,'],
    ['a quantity among the settings', () => AiAssistant.codex({ settings: { a: [Size.gibibytes(1)] } }), 'settings.a.0: got "Size". A file holds'],
    ['a number that is none', () => AiAssistant.gemini({ settings: { a: NaN } }), 'settings.a: got "NaN". A file holds'],
    ['null where the file has none', () => AiAssistant.codex({ settings: { a: [null] } }), 'settings.a.0: got "null". A file holds'],
    ['nothing in a list', () => AiAssistant.codex({ settings: { a: [undefined] } }), 'settings.a.0: got "undefined". A file holds'],
    ['settings that hold themselves', () => AiAssistant.codex({ settings: circular }), 'settings.self: got "(circular)". It holds itself.'],
    ['servers of Claude Code among the settings', () => AiAssistant.claude({ settings: { mcpServers: {} } }), 'settings: got "mcpServers". The option mcpServers is for that.'],
    ['servers of Codex among the settings', () => AiAssistant.codex({ settings: { mcp_servers: {} } }), 'settings: got "mcp_servers". The option mcpServers is for that.'],
    ['servers given twice', () => AiAssistant.gemini({ mcpServers: [McpServer.command('a', 'b')], settings: { mcpServers: {} } }), 'settings: got "mcpServers". The option mcpServers'],
    ['servers of Gemini CLI among the settings', () => AiAssistant.gemini({ settings: { mcpServers: {} } }), 'settings: got "mcpServers". The option mcpServers'],
    ['a model of Gemini CLI given twice', () => AiAssistant.gemini({ model: 'a', settings: { model: { name: 'b' } } }), 'settings: got "model.name". The option model is for that.'],
    ...['x', ['a']].map((security): [string, () => AiAssistant, string] => [
      `${JSON.stringify(security)} in the place of a mapping`,
      () => AiAssistant.gemini({ baseUrl: 'https://g.example', keyless: true, settings: { security } }), 'settings.security: got "(not shown)". It is a mapping.',
    ]),
    ['a text in the place of a mapping further below', () => AiAssistant.gemini({ baseUrl: 'https://g.example', keyless: true, settings: { security: { auth: 'abc' } } }),
      'settings.security.auth: got "(not shown)". It is a mapping.'],
    ['a port that is none', () => AiAssistant.claude({ baseUrl: 'https://gw:99999', keyless: true }), 'baseUrl: got "https://gw:99999". Its host or its port can be none'],
    ['what keeps the command from starting', () => AiAssistant.claude({ variables: { CDK8S_NIX_INSTALL_ONLY: 'true' } }), 'variables: got "CDK8S_NIX_INSTALL_ONLY". With it'],
    ...['.@1', '-x@1', '@-a/b@1'].map((npmPackage): [string, () => AiAssistant, string] => [
      `the package ${npmPackage}`, () => AiAssistant.gemini({ npmPackage }), `npmPackage: got "${npmPackage}". It is a package and its version.`,
    ]),
    ...['nope', 'ollama'].map((provider): [string, () => AiAssistant, string] => [
      `the provider ${provider}`, () => AiAssistant.aichat({ provider }), `provider: got "${provider}". aichat knows no such provider. Use one of openai, claude,`,
    ]),
    ['a key for Vertex', () => AiAssistant.aichat({ provider: 'vertexai', apiKey: kplus.EnvValue.fromValue('x') }),
      'apiKey: got "(not shown)". aichat reads none for vertexai. Give the variables VERTEXAI_PROJECT_ID'],
    ['a gateway for Bedrock', () => AiAssistant.aichat({ provider: 'bedrock', baseUrl: 'https://g.example', keyless: false }), 'baseUrl: got "(not shown)". aichat reads none for bedrock.'],
    ['an unnamed provider without a gateway', () => AiAssistant.aichat({ provider: 'openai-compatible', model: 'm' }), 'baseUrl: got nothing. aichat knows none by itself'],
    ['a model with its provider', () => AiAssistant.aichat({ model: 'claude:opus' }), 'model: got "claude:opus". It names a provider, too. Use provider: "claude", model: "opus".'],
    ['a model given twice', () => AiAssistant.codex({ model: 'a', settings: { model: 'b' } }), 'settings: got "model". The option model is for that.'],
    ['a gateway and a provider', () => AiAssistant.codex({ baseUrl: 'https://g.example', settings: { model_providers: {} } }), 'settings: got "model_providers". The option baseUrl'],
    ['a program with its arguments in one text', () => AiAssistant.claude({ mcpServers: [McpServer.command('a', 'npx -y server')] }), 'mcpServers[0]: got "a". A program is one word, or a path'],
    ['half a character among arguments', () => AiAssistant.codex({ mcpServers: [McpServer.command('a', 'b', { args: ['\ud83d'] })] }), 'mcpServers[0]: got "a". A text has no character 0'],
    ['a character 0 in a variable', () => AiAssistant.codex({ mcpServers: [McpServer.command('a', 'b', { variables: { A: 'a\0' } })] }), 'mcpServers[0]: got "a". A text has no character 0'],
    ['half a character among the settings', () => AiAssistant.codex({ settings: { a: '\ude00' } }), 'settings.a: got "(not shown)". A text has no character 0'],
    ['a query in the URL of a gateway', () => AiAssistant.codex({ baseUrl: 'https://g.example/v1?api-version=1', keyless: true }), 'baseUrl: got "(not shown)". It is a URL without a password. What is asked'],
    ['another nix.conf', () => AiAssistant.claude({ variables: { NIX_CONF_DIR: '/x' } }), 'variables: got "NIX_CONF_DIR". The environment sets it.'],
    ['a token in the URL of a gateway', () => AiAssistant.claude({ baseUrl: 'https://g.example/?api_key=s3cret' }), 'baseUrl: got "(not shown)". It is a URL without a password.'],
    ['a home of its own', () => AiAssistant.claude({ variables: { HOME: '/x' } }), 'variables: got "HOME". The environment sets it.'],
    ['a variable of a server that is a secret and none', () => AiAssistant.claude({
      mcpServers: [McpServer.command('a', 'b', { variables: { T: '1' }, secrets: { T: kplus.EnvValue.fromValue('x') } })],
    }), 'mcpServers[0]: got "a". One of its variables is a secret and none.'],
  ])('refuses %s', (_, make, message) => {
    expect(synthError(chart => { new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [make()] }); }))
      .toContain(`CDK8SNIX0606 assistants[0].${message}`);
  });

  test.each<[string, () => AiAssistant, string]>([
    ['settings as text', () => AiAssistant.codex({ settings: 'a = 1' as any }), 'AiAssistant.codex().settings: got "a = 1". It is an object.'],
    ['settings as a list', () => AiAssistant.claude({ settings: ['a'] as any }), 'AiAssistant.claude().settings: got ["a"]. It is an object.'],
    ['a server without a program', () => AiAssistant.claude({ mcpServers: [McpServer.command('a', undefined as any)] }), 'McpServer.command().command: got nothing. It is a text.'],
    ['a server without a name', () => AiAssistant.claude({ mcpServers: [McpServer.http(undefined as any, 'https://mcp.example')] }), 'McpServer.http().name: got nothing. It is a text.'],
    ['arguments as text', () => AiAssistant.gemini({ mcpServers: [McpServer.command('a', 'b', { args: '-y' as any })] }), 'McpServer.command().args: got "-y". It is a list'],
    ['a number among arguments', () => AiAssistant.codex({ mcpServers: [McpServer.command('a', 'b', { args: [1 as any] })] }), 'McpServer.command().args[0]: got 1. It is a text. Put it in quotes: "1".'],
    ['a number as variable', () => AiAssistant.codex({ mcpServers: [McpServer.command('a', 'b', { variables: { PORT: 1 as any } })] }), 'McpServer.command().variables.PORT: got 1. It is a text.'],
    ['a number as model', () => AiAssistant.claude({ model: 5 as any }), 'AiAssistant.claude().model: got 5. It is a text. Put it in quotes: "5".'],
  ])('refuses %s where it is given', (_, make, message) => {
    expect(make).toThrow(`CDK8SNIX0606 ${message}`);
  });

  test('a secret that is left out is none, and a path may have spaces', () => {
    const server = McpServer.command('a', '/opt/my tools/server', { args: ['😀'], secrets: { TOKEN: undefined as any } });
    const [container] = podWith(() => [AiAssistant.claude({ secrets: { OTHER: undefined as any }, mcpServers: [server] })]).containers;
    expect(Object.keys(variables(container)).filter(name => ['TOKEN', 'OTHER'].includes(name))).toEqual([]);
  });

  test('refuses a secret that is plain text', () => {
    const error = synthError(chart => {
      new NixDeployment(chart, 'workspace', { homeManager: essential, assistants: [AiAssistant.claude({ secrets: { TOKEN: kplus.EnvValue.fromValue('s3cret') } })] });
    });
    expect(error).toContain('CDK8SNIX0603 assistants[0].secrets.TOKEN: got "(not shown)".');
    expect(error).not.toContain('s3cret');
  });
});
