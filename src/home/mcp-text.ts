/** Assistants put variables into what they pass to an MCP server, each in its own way. */
export interface McpTexts {
  /** Arguments and URLs. */
  readonly texts: readonly string[];
  /** Values of variables. */
  readonly values: readonly string[];
  /** Whether the program is a shell, to which a variable means the same. */
  readonly isShell: boolean;
}

const NAME = '[A-Za-z_][A-Za-z0-9_]*';

/** A variable as all assistants read it that read any. */
const BRACED = new RegExp(`\\$\\{${NAME}(:-[^}]*)?\\}`);

const BARE = new RegExp(`\\$${NAME}`);

const PASSED_ON = 'Name the variable in secrets, or start the server by a shell: McpServer.command(…, "sh", { args: ["-c", …] }).';

/** Why something would not arrive as it is written; what reads `${NAME}` is a variable of the container, everything else is meant as it stands. */
export function mcpTextProblem(assistant: string, { texts, values, isShell }: McpTexts): string | undefined {
  const all = [...isShell ? [] : texts, ...values];
  const whole = all.find(text => new RegExp(`^${BARE.source}$`).test(text));
  if (whole !== undefined) {
    return assistant === 'codex' ? `Codex would pass "${whole}" as it stands. ${PASSED_ON}`
      : `"${whole}" is a variable to some assistants, and to others a text. Write "\${${whole.slice(1)}}".`;
  }
  if (assistant === 'codex') {
    const found = first(all, BRACED);
    return found && `Codex puts no variables into what it passes: "${found}" would arrive as it stands. ${PASSED_ON}`;
  }
  if (assistant === 'gemini') {
    const found = first(all, BARE);
    return found ? `Gemini CLI would put the variable in the place of "${found}". Write "\${${found.slice(1)}}" if it is one; it has no way to write the text.`
      : values.some(value => value.includes('\\$')) ? 'Gemini CLI would take the "\\" before a "$" away. Leave it out.' : undefined;
  }
  return undefined;
}

function first(texts: readonly string[], pattern: RegExp): string | undefined {
  return texts.map(text => pattern.exec(text)?.[0]).find(found => found !== undefined);
}
