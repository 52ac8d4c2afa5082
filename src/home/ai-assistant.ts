import * as kplus from 'cdk8s-plus-28';
import { AichatOptions, GeminiOptions, NpmAssistantOptions } from './ai-assistant-options';
import { takesApiKey } from './aichat-provider';
import { checkSecret, PLAIN_TEXT } from './assistant-secret';
import { isMapping, settingAt, settingProblem } from './assistant-settings';
import { checkTexts, exposedTexts } from './assistant-texts';
import { checkGatewayKey, codexKeyVariable, noKeyVariables, takesKey, withKeyChosen } from './gateway-key';
import { McpServer } from './mcp-server';
import { toml, tomlValue } from './toml';
import { checkArguments } from '../base/argument-check';
import { Problems } from '../base/problems';
import { CONFIG_DIR } from '../config/nix-config';

/** What is particular about an assistant. */
interface Traits {
  /** Where it looks for its key. */
  readonly keyVariables: string[];

  /** Variables that name folders, below the home. */
  readonly folders: { readonly [variable: string]: string };

  /** Further variables with their values; undefined ones are left out. */
  readonly variables?: { readonly [variable: string]: string | undefined };

  /** Files with settings and MCP servers, by their paths; undefined ones are left out. Asked for settings that can be written only. */
  readonly files?: () => { readonly [path: string]: string | undefined };

  /** Settings that an option sets, with the option's name. */
  readonly ownSettings?: { readonly [setting: string]: string };

  /** Whether its file knows null. */
  readonly takesNull?: boolean;

  /** Places among the settings where a mapping has to be, if there is anything: ours is put beside it. */
  readonly mappings?: readonly string[];

  readonly provider?: string;
}

/**
 * An AI assistant on the command line: installed by the home-manager profile, configured here.
 *
 * @example AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret, key: 'anthropic' }) })
 */
export class AiAssistant {
  /**
   * Claude Code, `claude`. Its key is in `ANTHROPIC_API_KEY`.
   *
   * @param options the API key, model, MCP servers …
   */
  public static claude(options: NpmAssistantOptions = {}): AiAssistant {
    checkArguments('AiAssistant.claude', arguments);
    const { model, baseUrl, settings, mcpServers } = options;
    const servers = mcpServers && byName(mcpServers, server => server._ofClaude);
    return new AiAssistant('claude', options, {
      keyVariables: ['ANTHROPIC_API_KEY'],
      folders: { CLAUDE_CONFIG_DIR: '/.claude' },
      variables: { ANTHROPIC_MODEL: model, ANTHROPIC_BASE_URL: baseUrl, ...noKeyVariables(options, 'ANTHROPIC_AUTH_TOKEN') },
      files: () => options.managed ? {
        '/etc/claude-code/managed-settings.json': settings && json(settings),
        '/etc/claude-code/managed-mcp.json': servers && json({ mcpServers: servers }),
      } : {
        // For the wrapper, nix/home-settings.js: Claude Code has no layer below what its user says.
        [`${CONFIG_DIR}/claude.json`]: settings || servers ? json({ settings, mcpServers: servers }) : undefined,
      },
      // It does not look for servers among the settings.
      ownSettings: { mcpServers: 'mcpServers', ...(model === undefined ? {} : { model: 'model' }) },
      takesNull: true,
    });
  }

  /**
   * Gemini CLI, `gemini`. Its key is in `GEMINI_API_KEY`.
   *
   * @param options the API key, model, MCP servers …
   */
  public static gemini(options: GeminiOptions = {}): AiAssistant {
    checkArguments('AiAssistant.gemini', arguments);
    const { model, baseUrl, settings, mcpServers } = options;
    const file = () => ({
      ...settings,
      ...(baseUrl !== undefined && takesKey(options) ? { security: withKeyChosen(settings?.security) } : {}),
      ...(mcpServers ? { mcpServers: byName(mcpServers, server => server._ofGemini) } : {}),
    });
    return new AiAssistant('gemini', options, {
      keyVariables: ['GEMINI_API_KEY'],
      folders: { GEMINI_CLI_HOME: '' },
      variables: {
        GEMINI_MODEL: model,
        GOOGLE_GEMINI_BASE_URL: baseUrl,
        GEMINI_CLI_TRUST_WORKSPACE: options.trustFolders ? 'true' : undefined,
        ...noKeyVariables(options, 'GEMINI_API_KEY'),
      },
      files: () => ({ [`/etc/gemini-cli/${options.managed ? 'settings' : 'system-defaults'}.json`]: isEmpty(file()) ? undefined : json(file()) }),
      ownSettings: { mcpServers: 'mcpServers', ...(model === undefined ? {} : { 'model.name': 'model' }) },
      mappings: ['security', 'security.auth'],
      takesNull: true,
    });
  }

  /**
   * Codex CLI, `codex`. Its key is in `OPENAI_API_KEY`, which its sign-in offers, and in `CODEX_API_KEY`, which `codex exec` takes
   * without being asked.
   *
   * @param options the API key, model, MCP servers …
   */
  public static codex(options: NpmAssistantOptions = {}): AiAssistant {
    checkArguments('AiAssistant.codex', arguments);
    const { model, baseUrl, settings, mcpServers } = options;
    const file = () => ({
      ...settings,
      ...(model === undefined ? {} : { model }),
      ...(baseUrl === undefined ? {} : {
        model_provider: 'gateway',
        model_providers: { gateway: { name: 'gateway', base_url: baseUrl, env_key: codexKeyVariable(options), wire_api: 'responses' } },
      }),
      ...(mcpServers && options.managed ? { mcp_servers: byName(mcpServers, server => server._ofCodex) } : {}),
    });
    // Not CODEX_HOME: Codex stops if that folder does not exist, while it makes ~/.codex by itself.
    return new AiAssistant('codex', options, {
      keyVariables: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
      folders: {},
      files: () => ({
        [`/etc/codex/${options.managed ? 'managed_config' : 'config'}.toml`]: isEmpty(file()) ? undefined : toml(file()),
        // For the wrapper, which makes arguments of the lines: `codex mcp add` would copy those of a file into the home, for ever.
        [`${CONFIG_DIR}/codex-servers`]: mcpServers && !options.managed ? mcpServers.map(server => `${server.name} = ${tomlValue(server._ofCodex)}\n`).join('') : undefined,
      }),
      ownSettings: {
        ...(model === undefined ? {} : { model: 'model' }),
        ...(baseUrl === undefined ? {} : { model_provider: 'baseUrl', model_providers: 'baseUrl' }),
        // Only a policy is safe from `codex mcp add`, whoever wrote the servers into the file.
        ...(mcpServers || !options.managed ? { mcp_servers: 'mcpServers' } : {}),
      },
    });
  }

  /**
   * aichat, for the APIs of many providers. Its key is in the provider's variable, `OPENAI_API_KEY`, `CLAUDE_API_KEY`, `GEMINI_API_KEY` …
   *
   * @param options the API key and whose it is
   */
  public static aichat(options: AichatOptions = {}): AiAssistant {
    checkArguments('AiAssistant.aichat', arguments);
    const { provider = 'openai', model, baseUrl, apiKey } = options;
    const prefix = provider.replace(/-/g, '_').toUpperCase();
    const isChosen = options.provider !== undefined || model !== undefined || apiKey !== undefined;
    return new AiAssistant('aichat', options, {
      keyVariables: takesApiKey(provider) ? [`${prefix}_API_KEY`] : [],
      folders: { AICHAT_CONFIG_DIR: '/.config/aichat' },
      // Spares aichat a configuration file, and its user the questions it asks to write one.
      variables: { AICHAT_PROVIDER: isChosen ? [provider, ...(model === undefined ? [] : [model])].join(':') : undefined, [`${prefix}_API_BASE`]: baseUrl, ...noKeyVariables(options, `${prefix}_API_KEY`) },
      provider,
    });
  }

  private constructor(
    /** The command, which is the assistant's name too. */
    public readonly command: string,
    private readonly options: NpmAssistantOptions,
    private readonly traits: Traits,
  ) {}

  /**
   * The variables of the containers that have it.
   *
   * @internal
   */
  public _variables(home: string): kplus.k8s.EnvVar[] {
    const { apiKey } = this.options;
    return [
      // An image may have set it to a place that nobody can write.
      { name: 'XDG_CACHE_HOME', value: `${home}/.cache` },
      ...Object.entries(this.traits.folders).map(([name, folder]) => ({ name, value: home + folder })),
      ...Object.entries(this.plainVariables()).filter(([, value]) => value !== undefined).map(([name, value]) => ({ name, value })),
      ...(apiKey ? this.traits.keyVariables.map(name => ({ name, valueFrom: apiKey.valueFrom })) : []),
      ...Object.entries(this.secrets()).map(([name, value]) => ({ name, valueFrom: value.valueFrom })),
    ];
  }

  /**
   * What it is given as variables by name: those that are no secrets, and those that are.
   *
   * @internal
   */
  public get _values(): { [name: string]: kplus.EnvValue } {
    const plain = Object.entries(this.plainVariables()).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { ...Object.fromEntries(plain.map(([name, value]) => [name, kplus.EnvValue.fromValue(value)])), ...this.options.secrets };
  }

  /**
   * Its files with settings and MCP servers, by their paths.
   *
   * @internal
   */
  public get _files(): { [path: string]: string } {
    const files = this.wrongSetting() ? [] : Object.entries(this.traits.files?.() ?? {});
    return Object.fromEntries(files.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    const { apiKey, mcpServers = [] } = this.options;
    checkSecret(problems, `${prop}.apiKey`, apiKey);
    checkGatewayKey(problems, prop, this.options);
    Object.entries(this.secrets()).forEach(([name, value]) => checkSecret(problems, `${prop}.secrets.${name}`, value));
    const exposed = (name: string) => problems.add('CDK8SNIX0603', `${prop}.${name}`, '(not shown)', PLAIN_TEXT, 'Put it into a Secret, and use secrets, or bearerToken.');
    exposedTexts(this.options).forEach(exposed);
    mcpServers.forEach((server, i) => server._exposesSecret && exposed(`mcpServers[${i}]`));
    this.checkSettings(problems, prop, exposed);
    this.checkVariables(problems, prop);
    checkTexts(problems, prop, this.options, this.traits.provider);
    mcpServers.forEach((server, i) => {
      const problem = server._problem ?? server._textProblem(this.command) ?? (mcpServers.slice(0, i).some(other => other.name === server.name) ? 'There is one of this name already.' : undefined);
      if (problem !== undefined) {
        problems.add('CDK8SNIX0606', `${prop}.mcpServers[${i}]`, server._exposesSecret ? '(not shown)' : server.name, problem,
          'Use for example McpServer.command("files", "npx", { args: ["-y", "server@1.2.3"] }).');
      }
    });
  }

  /** @internal */
  public get _mcpServers(): McpServer[] {
    return this.options.mcpServers ?? [];
  }

  private wrongSetting() {
    return this.options.settings && settingProblem(this.options.settings, this.traits.takesNull ?? false);
  }

  private checkSettings(problems: Problems, prop: string, exposed: (name: string) => void): void {
    const wrong = this.wrongSetting();
    if (wrong?.secret) {
      exposed(['settings', ...wrong.path].join('.'));
    } else if (wrong) {
      problems.add('CDK8SNIX0606', [`${prop}.settings`, ...wrong.path].join('.'), wrong.value, wrong.problem, 'Use plain data.');
    }
    for (const [setting, option] of Object.entries(this.traits.ownSettings ?? {})) {
      if (settingAt(this.options.settings, setting) !== undefined) {
        problems.add('CDK8SNIX0606', `${prop}.settings`, setting, `The option ${option} is for that.`, `Leave it out, and use ${option}.`);
      }
    }
    for (const place of this.traits.mappings ?? []) {
      const setting = settingAt(this.options.settings, place);
      if (setting !== undefined && !isMapping(setting)) {
        problems.add('CDK8SNIX0606', `${prop}.settings.${place}`, '(not shown)', 'It is a mapping.', 'Write it as the settings of the assistant have it, or leave it out.');
      }
    }
  }

  /** Each has one value, whoever needs it: which of two would count is nothing that anybody has said. */
  private checkVariables(problems: Problems, prop: string): void {
    const { apiKey, npmPackage, variables = {}, secrets = {}, mcpServers = [] } = this.options;
    const keys = apiKey ? Object.fromEntries(this.traits.keyVariables.map(name => [name, apiKey])) : {};
    const own = { ...this.traits.variables, [`CDK8S_NIX_PACKAGE_${this.command.toUpperCase()}`]: npmPackage };
    const seen = new Map<string, string>();
    const all = [keys, own, variables, secrets, ...mcpServers.map(server => server._secrets)];
    for (const [name, value] of all.flatMap(some => Object.entries<unknown>(some))) {
      const rendered = JSON.stringify((value as kplus.EnvValue | undefined)?.valueFrom ?? value);
      if (['HOME', 'PATH', 'USER', 'NIX_CONF_DIR', 'NIX_REMOTE', 'XDG_STATE_HOME'].includes(name)) {
        problems.add('CDK8SNIX0606', `${prop}.variables`, name, 'The environment sets it.', 'Leave it out; name and home of NixUser.of decide about HOME and USER.');
      } else if (rendered !== undefined && (seen.get(name) ?? rendered) !== rendered) {
        problems.add('CDK8SNIX0605', prop, this.command, `It is given two values of ${name}.`,
          'Give one of them, or another name: the variable of an MCP server\'s token is MCP_NAME_TOKEN, where "-" counts as "_".');
      }
      if (rendered !== undefined) {
        seen.set(name, rendered);
      }
    }
  }

  private plainVariables(): { readonly [name: string]: string | undefined } {
    const { npmPackage, variables } = this.options;
    return { ...this.traits.variables, [`CDK8S_NIX_PACKAGE_${this.command.toUpperCase()}`]: npmPackage, ...variables };
  }

  private secrets(): { [name: string]: kplus.EnvValue } {
    const { secrets, mcpServers = [] } = this.options;
    const all: { [name: string]: kplus.EnvValue } = Object.assign({}, ...mcpServers.map(server => server._secrets), secrets);
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }
}

function byName(servers: McpServer[], render: (server: McpServer) => object): { [name: string]: object } {
  return Object.fromEntries(servers.map(server => [server.name, render(server)]));
}

function isEmpty(settings: object): boolean {
  return Object.keys(settings).length === 0;
}

function json(settings: object): string {
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}
