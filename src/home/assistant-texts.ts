import { NpmAssistantOptions } from './ai-assistant-options';
import { providerProblem } from './aichat-provider';
import { holdsSecret, isSecret, urlHoldsSecret } from '../base/plain-secret';
import { Problems } from '../base/problems';

/** The options with a text that is a secret, whatever else is wrong with it. */
export function exposedTexts({ model, npmPackage, variables = {}, secrets = {} }: NpmAssistantOptions): string[] {
  const names = (all: object) => Object.keys(all).some(holdsSecret);
  return [
    ...Object.entries({ model, npmPackage }).filter(([, text]) => typeof text === 'string' && holdsSecret(text)).map(([name]) => name),
    ...names(variables) ? ['variables'] : [],
    ...names(secrets) ? ['secrets'] : [],
    ...Object.entries(variables).filter(([name, value]) => !holdsSecret(name) && isSecret(name, String(value))).map(([name]) => `variables.${name}`),
  ];
}

/** Records what no assistant would understand. */
export function checkTexts(problems: Problems, prop: string, options: NpmAssistantOptions, provider?: string): void {
  const { model, baseUrl, npmPackage, variables, secrets } = options;
  const malformed = (name: string, value: string, problem: string, remedy: string) =>
    problems.add('CDK8SNIX0606', `${prop}.${name}`, typeof value === 'string' && holdsSecret(value) ? '(not shown)' : value, problem, remedy);
  const unread = provider === undefined ? undefined : providerProblem(provider, options);
  if (provider !== undefined && !/^[a-z][a-z0-9_-]*$/.test(provider)) {
    malformed('provider', provider, 'A provider has lower-case letters, digits, "-" and "_".', 'Use for example "openai" or "claude".');
  } else if (provider !== undefined && unread) {
    const value = { provider, model, apiKey: '(not shown)', baseUrl: baseUrl && '(not shown)' }[unread.option];
    problems.add('CDK8SNIX0606', `${prop}.${unread.option}`, value, unread.problem, unread.remedy);
  }
  // Claude Code calls a model with a longer context "opus[1m]".
  if (model !== undefined && (typeof model !== 'string' || !/^[A-Za-z0-9._:/@-]+(\[[A-Za-z0-9]+\])?$/.test(model))) {
    malformed('model', model, 'A model has letters, digits and the characters ._:/@- only.', 'Use the provider\'s name of it.');
  }
  if (baseUrl !== undefined && (!/^https?:\/\/[^\s/@$?#]+(\/[^\s$?#]*)?$/i.test(baseUrl) || urlHoldsSecret(baseUrl))) {
    malformed('baseUrl', '(not shown)', 'It is a URL without a password. What is asked for is put behind it, so it has no query.',
      'Use for example "https://gateway.example.org/v1", and secrets for what is one.');
  } else if (baseUrl !== undefined && !URL.canParse(baseUrl)) {
    malformed('baseUrl', baseUrl, 'Its host or its port can be none: ports go to 65535.', 'Use for example "https://gateway.example.org:8443/v1".');
  }
  if (npmPackage !== undefined && !/^(@[A-Za-z0-9][A-Za-z0-9._-]*\/)?[A-Za-z0-9][A-Za-z0-9._-]*@[0-9][A-Za-z0-9._+-]*$/.test(npmPackage)) {
    malformed('npmPackage', npmPackage, 'It is a package and its version.', 'Use for example "@anthropic-ai/claude-code@2.1.331"; a tag as "latest" moves.');
  }
  Object.keys({ ...variables, ...secrets }).filter(name => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)).forEach(name =>
    malformed('variables', name, 'The name of a variable has letters, digits and "_" only.', 'Use the name that the assistant reads.'));
  Object.keys({ ...variables, ...secrets }).filter(name => name === 'CDK8S_NIX_INSTALL_ONLY').forEach(name =>
    malformed('variables', name, 'With it the command installs the assistant, and never starts it.', 'Leave it out; environment.prefetch installs it before it is used.'));
}
