import * as kplus from 'cdk8s-plus-28';
import { NO_TEXT } from './assistant-settings';
import { mcpTextProblem } from './mcp-text';
import { checkArguments } from '../base/argument-check';
import { argumentsHoldSecret, holdsSecret, isSecret, urlHoldsSecret } from '../base/plain-secret';

/**
 * Options of an MCP server that is a program.
 */
export interface McpCommandOptions {
  /**
   * Its arguments, each as it stands: quotes and spaces are part of it. `${NAME}` is a variable of the container to Claude Code and Gemini CLI, and
   * refused for Codex, which knows none; what an assistant would change of other texts is refused too.
   *
   * @default - none
   */
  readonly args?: string[];

  /**
   * Variables that it gets and that are no secrets. In their values `${NAME}` is as in `args`. Codex gives a server little else of the container's
   * variables: neither proxies nor those of npm.
   *
   * @default - none
   */
  readonly variables?: { [name: string]: string };

  /**
   * Variables that come from Secrets: `EnvValue.fromSecretValue(…)`. Whatever else runs in the containers sees them too, under the same names.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: kplus.EnvValue };
}

/**
 * Options of an MCP server that is reached by HTTP.
 */
export interface McpHttpOptions {
  /**
   * What it is shown as bearer token: `EnvValue.fromSecretValue(…)`. It is in the variable `MCP_NAME_TOKEN`.
   *
   * @default - none
   */
  readonly bearerToken?: kplus.EnvValue;
}

/**
 * An MCP server: tools for an AI assistant.
 *
 * @example McpServer.command('files', 'npx', { args: ['-y', '@modelcontextprotocol/server-filesystem@2026.1.14', '/home/code'] })
 */
export class McpServer {
  /**
   * A program that the assistant starts, in the container.
   *
   * @param name what the assistant calls it: letters, digits, "-" and "_"
   * @param command the program, found in PATH or by its path; `npx` comes with the assistants, `uvx` with the profile `AI`
   * @param options arguments and variables
   */
  public static command(name: string, command: string, options: McpCommandOptions = {}): McpServer {
    checkArguments('McpServer.command', arguments);
    const { args = [], variables = {}, secrets = {} } = options;
    return new McpServer(name, { command, args, variables }, secrets);
  }

  /**
   * A server that is reached by HTTP.
   *
   * @param name what the assistant calls it: letters, digits, "-" and "_"
   * @param url where it is
   * @param options the token
   */
  public static http(name: string, url: string, options: McpHttpOptions = {}): McpServer {
    checkArguments('McpServer.http', arguments);
    const token = `MCP_${String(name).replace(/-/g, '_').toUpperCase()}_TOKEN`;
    return new McpServer(name, { url }, options.bearerToken ? { [token]: options.bearerToken } : {});
  }

  private constructor(
    /** What the assistant calls it. */
    public readonly name: string,
    private readonly server: {
      readonly command?: string; readonly args?: string[]; readonly variables?: { [name: string]: string }; readonly url?: string;
    },
    /**
     * Variables of the containers that it needs.
     *
     * @internal
     */
    public readonly _secrets: { [name: string]: kplus.EnvValue },
  ) {}

  /**
   * Why it cannot be rendered.
   *
   * @internal
   */
  public get _problem(): string | undefined {
    const { command, args = [], variables = {}, url } = this.server;
    if (typeof this.name !== 'string' || !/^[A-Za-z0-9_-]+$/.test(this.name)) {
      return 'The name of an MCP server has letters, digits, "-" and "_" only.';
    }
    if (url === undefined ? typeof command !== 'string' || command.trim() === '' : !/^https?:\/\/[^\s/@]+(\/\S*)?$/.test(url)) {
      return 'An MCP server is a program, or a URL without a password.';
    }
    if (command !== undefined && /^[^/]*\s/.test(command.trim())) {
      return 'A program is one word, or a path: what follows it are its arguments.';
    }
    if (!Array.isArray(args) || ![...args, ...Object.values(variables)].every(text => typeof text === 'string')) {
      return 'Its arguments are a list of texts, and its variables are texts.';
    }
    if ([command ?? '', ...args, ...Object.values(variables)].some(text => NO_TEXT.test(text))) {
      return 'A text has no character 0, and no half of a character.';
    }
    if (Object.keys(this.server.variables ?? {}).some(variable => variable in this._secrets)) {
      return 'One of its variables is a secret and none.';
    }
    return Object.keys({ ...this.server.variables, ...this._secrets }).every(name => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) ? undefined
      : 'The name of a variable has letters, digits and "_" only.';
  }

  /**
   * The program, if it is one.
   *
   * @internal
   */
  public get _command(): string | undefined {
    return this.server.command;
  }

  /**
   * Why it would not get what it is given by an assistant.
   *
   * @internal
   */
  public _textProblem(assistant: string): string | undefined {
    const { command = '', args = [], variables = {}, url = '' } = this.server;
    return mcpTextProblem(assistant, { texts: [command, ...args, url], values: Object.values(variables), isShell: /(^|\/)(ba|da|z|k)?sh$/.test(command) });
  }

  /**
   * Whether anybody who may read the manifest would read a secret.
   *
   * @internal
   */
  public get _exposesSecret(): boolean {
    const { command = '', args = [], variables = {}, url = '' } = this.server;
    return [String(this.name), ...Object.keys({ ...variables, ...this._secrets })].some(holdsSecret) || urlHoldsSecret(url)
      || argumentsHoldSecret([command, ...args].map(String))
      || Object.entries(variables).some(([name, value]) => isSecret(name, String(value)));
  }

  /**
   * As Claude Code reads it.
   *
   * @internal
   */
  public get _ofClaude(): object {
    return this.server.url ? { type: 'http', url: this.server.url, ...this.headers(name => `\${${name}}`) } : { type: 'stdio', ...this.program(name => `\${${name}}`) };
  }

  /**
   * As Gemini CLI reads it.
   *
   * @internal
   */
  public get _ofGemini(): object {
    return this.server.url ? { httpUrl: this.server.url, ...this.headers(name => `$${name}`) } : this.program(name => `$${name}`);
  }

  /**
   * As Codex reads it.
   *
   * @internal
   */
  public get _ofCodex(): object {
    const names = Object.keys(this._secrets);
    const { command, args, variables, url } = this.server;
    return url ? { url, ...(names.length > 0 ? { bearer_token_env_var: names[0] } : {}) }
      : { command, args, env: variables, ...(names.length > 0 ? { env_vars: names } : {}) };
  }

  private headers(refer: (variable: string) => string): object {
    const [token] = Object.keys(this._secrets);
    return token === undefined ? {} : { headers: { Authorization: `Bearer ${refer(token)}` } };
  }

  private program(refer: (variable: string) => string): object {
    const { command, args, variables } = this.server;
    return { command, args, env: { ...variables, ...Object.fromEntries(Object.keys(this._secrets).map(name => [name, refer(name)])) } };
  }
}
