import { AiAssistantOptions, GeminiOptions, NpmAssistantOptions } from './ai-assistant-options';
import { Problems } from '../base/problems';

/** What an assistant shows that does not start without a key, to a gateway that asks for none. */
const NO_KEY = 'none';

/** The variables by which an assistant that insists on a key shows none to its gateway. */
export function noKeyVariables({ keyless }: AiAssistantOptions, variable: string): { readonly [name: string]: string | undefined } {
  return { [variable]: keyless ? NO_KEY : undefined };
}

/** Codex does not start where the variable that is to have the key is missing. */
export function codexKeyVariable({ keyless, apiKey, secrets = {} }: NpmAssistantOptions): string | undefined {
  const isOther = apiKey === undefined && secrets.OPENAI_API_KEY === undefined && secrets.CODEX_API_KEY !== undefined;
  return keyless ? undefined : isOther ? 'CODEX_API_KEY' : 'OPENAI_API_KEY';
}

/** Whether Gemini CLI is to show a key, and not what Vertex or Google's sign-in have. */
export function takesKey({ apiKey, secrets, variables, keyless }: GeminiOptions): boolean {
  return (keyless || (apiKey ?? secrets?.GEMINI_API_KEY) !== undefined)
    && ['GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_GCA'].every(name => variables?.[name] === undefined);
}

/** Where Gemini CLI is told of a gateway and not how to sign in, it chooses a way that `gemini -p` refuses: "Invalid auth method selected". */
export function withKeyChosen(security: any): object {
  return { ...security, auth: { selectedType: 'gemini-api-key', ...security?.auth } };
}

/** What is said of a gateway and does not tell which key it is shown: each assistant would fail by itself, at its first question. */
export function checkGatewayKey(problems: Problems, prop: string, options: AiAssistantOptions): void {
  const { baseUrl, keyless, apiKey } = options;
  if (baseUrl === undefined && keyless !== undefined) {
    problems.add('CDK8SNIX0606', `${prop}.keyless`, keyless, 'There is no gateway.', 'Give its URL, baseUrl, or leave this out.');
  } else if (keyless && apiKey) {
    problems.add('CDK8SNIX0606', `${prop}.keyless`, keyless, 'There is a key.', 'Leave out apiKey, or this.');
  } else if (baseUrl !== undefined && keyless === undefined && !bringsKey(options)) {
    problems.add('CDK8SNIX0606', `${prop}.keyless`, keyless, 'A gateway is given and no key for it, without which the assistant does not start.',
      'Give apiKey, or say keyless: true if the gateway takes none; false if its user signs in, or the container has the key.');
  }
}

/** One of its own, that of another provider, or a program that prints it. */
function bringsKey({ apiKey, secrets = {}, variables = {}, settings }: NpmAssistantOptions): boolean {
  return apiKey !== undefined || Object.keys(secrets).length > 0 || Object.keys(variables).some(name => /_USE_/.test(name)) || settings?.apiKeyHelper !== undefined;
}
