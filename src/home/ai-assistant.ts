import * as kplus from 'cdk8s-plus-28';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * Options of an AI assistant.
 */
export interface AiAssistantOptions {
  /**
   * The API key: `EnvValue.fromSecretValue(…)`. Anything else is refused, since it would be plain text in the manifest or the cluster.
   *
   * @default - none: its user logs in, which a home on the store volume remembers
   */
  readonly apiKey?: kplus.EnvValue;
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

  /**
   * The model to start with, as the provider calls it.
   *
   * @default - the first one of the provider
   */
  readonly model?: string;
}

/**
 * An AI assistant on the command line: installed by the home-manager profile, configured here.
 */
export class AiAssistant {
  /**
   * Claude Code, `claude`. Its key is in `ANTHROPIC_API_KEY`.
   *
   * @param options the API key
   */
  public static claude(options: AiAssistantOptions = {}): AiAssistant {
    return new AiAssistant('claude', options.apiKey, ['ANTHROPIC_API_KEY'], { CLAUDE_CONFIG_DIR: '/.claude' });
  }

  /**
   * Gemini CLI, `gemini`. Its key is in `GEMINI_API_KEY`.
   *
   * @param options the API key
   */
  public static gemini(options: AiAssistantOptions = {}): AiAssistant {
    return new AiAssistant('gemini', options.apiKey, ['GEMINI_API_KEY'], { GEMINI_CLI_HOME: '' });
  }

  /**
   * Codex CLI, `codex`. Its key is in `OPENAI_API_KEY`, which its sign-in offers, and in `CODEX_API_KEY`, which `codex exec` takes
   * without being asked.
   *
   * @param options the API key
   */
  public static codex(options: AiAssistantOptions = {}): AiAssistant {
    // Not CODEX_HOME: Codex stops if that folder does not exist, while it makes ~/.codex by itself.
    return new AiAssistant('codex', options.apiKey, ['OPENAI_API_KEY', 'CODEX_API_KEY'], {});
  }

  /**
   * aichat, for the APIs of many providers. Its key is in the provider's variable, `OPENAI_API_KEY`, `CLAUDE_API_KEY`, `GEMINI_API_KEY` …
   *
   * @param options the API key and whose it is
   */
  public static aichat(options: AichatOptions = {}): AiAssistant {
    const provider = options.provider ?? 'openai';
    const keyVariable = `${provider.replace(/-/g, '_').toUpperCase()}_API_KEY`;
    return new AiAssistant('aichat', options.apiKey, [keyVariable], { AICHAT_CONFIG_DIR: '/.config/aichat' }, {
      name: provider,
      model: options.model,
      isChosen: options.provider !== undefined || options.model !== undefined || options.apiKey !== undefined,
    });
  }

  private constructor(
    /** The command, which is the assistant's name too. */
    public readonly command: string,
    private readonly apiKey: kplus.EnvValue | undefined,
    /** Where it looks for its key. */
    private readonly keyVariables: string[],
    /** Variables that name folders, below the home. */
    private readonly folders: { readonly [variable: string]: string },
    private readonly provider?: { readonly name: string; readonly model?: string; readonly isChosen: boolean },
  ) {}

  /**
   * The variables of the containers that have it.
   *
   * @internal
   */
  public _variables(home: string): kplus.k8s.EnvVar[] {
    const { apiKey, provider } = this;
    return [
      // An image may have set it to a place that nobody can write.
      { name: 'XDG_CACHE_HOME', value: `${home}/.cache` },
      ...Object.entries(this.folders).map(([name, folder]) => ({ name, value: home + folder })),
      // Spares aichat a configuration file, and its user the questions it asks to write one.
      ...(provider?.isChosen ? [{ name: 'AICHAT_PROVIDER', value: [provider.name, ...(provider.model === undefined ? [] : [provider.model])].join(':') }] : []),
      ...(apiKey ? this.keyVariables.map(name => ({ name, valueFrom: apiKey.valueFrom })) : []),
    ];
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    this.validateKey(problems, `${prop}.apiKey`);
    const { name, model = '-' } = this.provider ?? { name: 'openai' };
    if (!/^[a-z][a-z0-9_-]*$/.test(name)) {
      problems.add('CDK8SNIX0606', `${prop}.provider`, name, 'A provider has lower-case letters, digits, "-" and "_".', 'Use for example "openai" or "claude".');
    }
    if (!/^[A-Za-z0-9._:/@-]+$/.test(model)) {
      problems.add('CDK8SNIX0606', `${prop}.model`, model, 'A model has letters, digits and the characters ._:/@- only.', 'Use the provider\'s name of it.');
    }
  }

  private validateKey(problems: Problems, prop: string): void {
    if (this.apiKey === undefined) {
      return;
    }
    const secret = this.apiKey.valueFrom?.secretKeyRef as { readonly key: string } | undefined;
    if (secret === undefined) {
      // Never the value: it may be the key.
      problems.add('CDK8SNIX0603', prop, '(not shown)', 'The key would be plain text, in the manifest or in the cluster.',
        'Put it into a Secret and use EnvValue.fromSecretValue({ secret, key }).');
    } else if (!isDataKey(secret.key)) {
      problems.add('CDK8SNIX0308', `${prop}.key`, secret.key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.',
        'Name the key as it stands in the Secret.');
    }
  }
}
