import * as kplus from 'cdk8s-plus-28';
import { McpServer } from './mcp-server';

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
   * Whether the gateway at `baseUrl` takes no key: true, and the assistant works without one; false, and somebody else brings the key, as a user who signs
   * in, or a variable of the container.
   *
   * @default - a gateway for which no key is given is refused
   */
  readonly keyless?: boolean;

  /**
   * Further variables that are no secrets, as for other providers: `{ CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-central-1' }`. What
   * is called or looks like a key is refused here, and belongs into `secrets`.
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
   * MCP servers, besides those that its user adds. Of two with one name the user's is the one.
   *
   * @default - none but those that its user adds
   */
  readonly mcpServers?: McpServer[];

  /**
   * Settings, as the assistant's own file has them: defaults, which its user may change. Texts, numbers, switches, lists and mappings; no
   * secrets, and nothing that another option says.
   *
   * @default - none
   */
  readonly settings?: { [name: string]: any };

  /**
   * Settings and MCP servers are a policy that its user cannot change, in the assistant's file for all users of the machine. Claude Code has
   * these MCP servers alone then: `claude mcp add` is refused.
   *
   * @default false
   */
  readonly managed?: boolean;
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
