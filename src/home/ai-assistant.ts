import * as kplus from 'cdk8s-plus-28';
import { McpServer } from './mcp-server';
import { toml } from './toml';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * Options of every AI assistant.
 */
export interface AiAssistantOptions {
  /**
   * The API key: `EnvValue.fromSecretValue(…)`. Anything else is refused, since it would be plain text in the manifest or the cluster.
   *
   * @default - none: its user logs in, which a home on the store volume remembers
   */
  readonly apiKey?: kplus.EnvValue;

  /**
   * The model to start with, as the provider calls it.
   *
   * @default - the assistant's own
   */
  readonly model?: string;

  /**
   * Where the API is, for a gateway: `https://…` without a password.
   *
   * @default - the provider's
   */
  readonly baseUrl?: string;

  /**
   * Further variables that are no secrets, as for other providers: `{ CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-central-1' }`.
   *
   * @default - none
   */
  readonly variables?: { [name: string]: string };

  /**
   * Further variables that come from Secrets, as the keys of other providers: `{ AWS_BEARER_TOKEN_BEDROCK: EnvValue.fromSecretValue(…) }`.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: kplus.EnvValue };
}

/**
 * Options of the assistants that come from npm.
 */
export interface NpmAssistantOptions extends AiAssistantOptions {
  /**
   * Another version or package than the profile's, as npm names it: `@anthropic-ai/claude-code@2.1.331`. It is installed at first use.
   *
   * @default - the one that the profile pins
   */
  readonly npmPackage?: string;

  /**
   * MCP servers.
   *
   * @default - none but those that its user adds
   */
  readonly mcpServers?: McpServer[];

  /**
   * Settings, as the assistant's own file has them. They are in the file for all users of the machine, not in the home: what its user
   * sets stays in the home.
   *
   * @default - none
   */
  readonly settings?: { [name: string]: any };
}

/**
 * Options of `AiAssistant.gemini`.
 */
export interface GeminiOptions extends NpmAssistantOptions {
  /**
   * Trust every folder it is started in. Without that Gemini CLI refuses to work unasked, `gemini -p`, in a folder its user has not trusted.
   *
   * @default false
   */
  readonly trustFolders?: boolean;
}

/**
 * Options of `AiAssistant.aichat`.
 */
export interface AichatOptions extends AiAssistantOptions {
  /**
   * Whose API it is, as aichat calls it: `openai`, `claude`, `gemini`, `mistral`, `openrouter` …
   *
   * @default 'openai'
   */
  readonly provider?: string;
}

/** What is particular about an assistant. */
interface Traits {
  /** Where it looks for its key. */
  readonly keyVariables: string[];

  /** Variables that name folders, below the home. */
  readonly folders: { readonly [variable: string]: string };

  /** Further variables with their values; undefined ones are left out. */
  readonly variables?: { readonly [variable: string]: string | undefined };

  /** Files for all users of the machine, by their paths; undefined ones are left out. */
  readonly files?: { readonly [path: string]: string | undefined };

  readonly provider?: string;
}

/**
 * An AI assistant on the command line: installed by the home-manager profile, configured here.
 */
export class AiAssistant {
  /**
   * Claude Code, `claude`. Its key is in `ANTHROPIC_API_KEY`.
   *
   * @param options the API key, model, MCP servers …
   */
  public static claude(options: NpmAssistantOptions = {}): AiAssistant {
    const { model, baseUrl, settings, mcpServers } = options;
    return new AiAssistant('claude', options, {
      keyVariables: ['ANTHROPIC_API_KEY'],
      folders: { CLAUDE_CONFIG_DIR: '/.claude' },
      variables: { ANTHROPIC_MODEL: model, ANTHROPIC_BASE_URL: baseUrl },
      files: {
        '/etc/claude-code/managed-settings.json': settings && json(settings),
        '/etc/claude-code/managed-mcp.json': mcpServers && json({ mcpServers: byName(mcpServers, server => server._ofClaude) }),
      },
    });
  }

  /**
   * Gemini CLI, `gemini`. Its key is in `GEMINI_API_KEY`.
   *
   * @param options the API key, model, MCP servers …
   */
  public static gemini(options: GeminiOptions = {}): AiAssistant {
    const { model, baseUrl, settings, mcpServers } = options;
    const file = { ...settings, ...(mcpServers ? { mcpServers: byName(mcpServers, server => server._ofGemini) } : {}) };
    return new AiAssistant('gemini', options, {
      keyVariables: ['GEMINI_API_KEY'],
      folders: { GEMINI_CLI_HOME: '' },
      variables: { GEMINI_MODEL: model, GOOGLE_GEMINI_BASE_URL: baseUrl, GEMINI_CLI_TRUST_WORKSPACE: options.trustFolders ? 'true' : undefined },
      files: { '/etc/gemini-cli/system-defaults.json': isEmpty(file) ? undefined : json(file) },
    });
  }

  /**
   * Codex CLI, `codex`. Its key is in `OPENAI_API_KEY`, which its sign-in offers, and in `CODEX_API_KEY`, which `codex exec` takes
   * without being asked.
   *
   * @param options the API key, model, MCP servers …
   */
  public static codex(options: NpmAssistantOptions = {}): AiAssistant {
    const { model, baseUrl, settings, mcpServers } = options;
    const file = {
      ...settings,
      ...(model === undefined ? {} : { model }),
      ...(baseUrl === undefined ? {} : {
        model_provider: 'gateway',
        model_providers: { gateway: { name: 'gateway', base_url: baseUrl, env_key: 'OPENAI_API_KEY', wire_api: 'responses' } },
      }),
      ...(mcpServers ? { mcp_servers: byName(mcpServers, server => server._ofCodex) } : {}),
    };
    // Not CODEX_HOME: Codex stops if that folder does not exist, while it makes ~/.codex by itself.
    return new AiAssistant('codex', options, {
      keyVariables: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
      folders: {},
      files: { '/etc/codex/config.toml': isEmpty(file) ? undefined : toml(file) },
    });
  }

  /**
   * aichat, for the APIs of many providers. Its key is in the provider's variable, `OPENAI_API_KEY`, `CLAUDE_API_KEY`, `GEMINI_API_KEY` …
   *
   * @param options the API key and whose it is
   */
  public static aichat(options: AichatOptions = {}): AiAssistant {
    const { provider = 'openai', model, baseUrl, apiKey } = options;
    const prefix = provider.replace(/-/g, '_').toUpperCase();
    const isChosen = options.provider !== undefined || model !== undefined || apiKey !== undefined;
    return new AiAssistant('aichat', options, {
      keyVariables: [`${prefix}_API_KEY`],
      folders: { AICHAT_CONFIG_DIR: '/.config/aichat' },
      // Spares aichat a configuration file, and its user the questions it asks to write one.
      variables: { AICHAT_PROVIDER: isChosen ? [provider, ...(model === undefined ? [] : [model])].join(':') : undefined, [`${prefix}_API_BASE`]: baseUrl },
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
    const { apiKey, npmPackage, variables = {} } = this.options;
    const plain = { ...this.traits.variables, [`CDK8S_NIX_PACKAGE_${this.command.toUpperCase()}`]: npmPackage, ...variables };
    return [
      // An image may have set it to a place that nobody can write.
      { name: 'XDG_CACHE_HOME', value: `${home}/.cache` },
      ...Object.entries(this.traits.folders).map(([name, folder]) => ({ name, value: home + folder })),
      ...Object.entries(plain).filter(([, value]) => value !== undefined).map(([name, value]) => ({ name, value })),
      ...(apiKey ? this.traits.keyVariables.map(name => ({ name, valueFrom: apiKey.valueFrom })) : []),
      ...Object.entries(this.secrets()).map(([name, value]) => ({ name, valueFrom: value.valueFrom })),
    ];
  }

  /**
   * Its files for all users of the machine, by their paths.
   *
   * @internal
   */
  public get _files(): { [path: string]: string } {
    const files = Object.entries(this.traits.files ?? {});
    return Object.fromEntries(files.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    const { apiKey, model, baseUrl, npmPackage, mcpServers = [] } = this.options;
    checkSecret(problems, `${prop}.apiKey`, apiKey);
    Object.entries(this.secrets()).forEach(([name, value]) => checkSecret(problems, `${prop}.secrets.${name}`, value));
    const malformed = (name: string, value: string, problem: string, remedy: string) => problems.add('CDK8SNIX0606', `${prop}.${name}`, value, problem, remedy);
    const { provider = 'openai' } = this.traits;
    if (!/^[a-z][a-z0-9_-]*$/.test(provider)) {
      malformed('provider', provider, 'A provider has lower-case letters, digits, "-" and "_".', 'Use for example "openai" or "claude".');
    }
    if (model !== undefined && !/^[A-Za-z0-9._:/@-]+$/.test(model)) {
      malformed('model', model, 'A model has letters, digits and the characters ._:/@- only.', 'Use the provider\'s name of it.');
    }
    if (baseUrl !== undefined && !/^https?:\/\/[^\s/@$]+(\/[^\s$]*)?$/.test(baseUrl)) {
      malformed('baseUrl', '(not shown)', 'It is a URL without a password.', 'Use for example "https://gateway.example.org/v1", and secrets for what is one.');
    }
    if (npmPackage !== undefined && !/^(@[A-Za-z0-9._-]+\/)?[A-Za-z0-9._-]+@[0-9][A-Za-z0-9._+-]*$/.test(npmPackage)) {
      malformed('npmPackage', npmPackage, 'It is a package and its version.', 'Use for example "@anthropic-ai/claude-code@2.1.331"; a tag as "latest" moves.');
    }
    mcpServers.forEach((server, i) => {
      const problem = server._problem ?? (mcpServers.slice(0, i).some(other => other.name === server.name) ? 'There is one of this name already.' : undefined);
      if (problem !== undefined) {
        malformed(`mcpServers[${i}]`, server.name, problem, 'Use for example McpServer.command("files", "npx", { args: ["-y", "server@1.2.3"] }).');
      }
    });
    Object.keys({ ...this.options.variables, ...this.options.secrets }).filter(name => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)).forEach(name =>
      malformed('variables', name, 'The name of a variable has letters, digits and "_" only.', 'Use the name that the assistant reads.'));
  }

  private secrets(): { [name: string]: kplus.EnvValue } {
    const { secrets, mcpServers = [] } = this.options;
    return Object.assign({}, ...mcpServers.map(server => server._secrets), secrets);
  }
}

function checkSecret(problems: Problems, prop: string, value: kplus.EnvValue | undefined): void {
  if (value === undefined) {
    return;
  }
  const secret = value.valueFrom?.secretKeyRef as { readonly key: string } | undefined;
  if (secret === undefined) {
    // Never the value: it may be the key.
    problems.add('CDK8SNIX0603', prop, '(not shown)', 'The key would be plain text, in the manifest or in the cluster.',
      'Put it into a Secret and use EnvValue.fromSecretValue({ secret, key }).');
  } else if (!isDataKey(secret.key)) {
    problems.add('CDK8SNIX0308', `${prop}.key`, secret.key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.',
      'Name the key as it stands in the Secret.');
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
