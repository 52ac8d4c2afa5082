import { NpmAssistantOptions } from './ai-assistant-options';
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
export function checkTexts(problems: Problems, prop: string, options: NpmAssistantOptions, provider: string = 'openai'): void {
  const { model, baseUrl, npmPackage, variables, secrets } = options;
  const malformed = (name: string, value: string, problem: string, remedy: string) =>
    problems.add('CDK8SNIX0606', `${prop}.${name}`, typeof value === 'string' && holdsSecret(value) ? '(not shown)' : value, problem, remedy);
  if (!/^[a-z][a-z0-9_-]*$/.test(provider)) {
    malformed('provider', provider, 'A provider has lower-case letters, digits, "-" and "_".', 'Use for example "openai" or "claude".');
  }
  // Claude Code calls a model with a longer context "opus[1m]".
  if (model !== undefined && (typeof model !== 'string' || !/^[A-Za-z0-9._:/@-]+(\[[A-Za-z0-9]+\])?$/.test(model))) {
    malformed('model', model, 'A model has letters, digits and the characters ._:/@- only.', 'Use the provider\'s name of it.');
  }
  if (baseUrl !== undefined && (!/^https?:\/\/[^\s/@$?#]+(\/[^\s$?#]*)?$/.test(baseUrl) || urlHoldsSecret(baseUrl))) {
    malformed('baseUrl', '(not shown)', 'It is a URL without a password. What is asked for is put behind it, so it has no query.',
      'Use for example "https://gateway.example.org/v1", and secrets for what is one.');
  }
  if (npmPackage !== undefined && !/^(@[A-Za-z0-9._-]+\/)?[A-Za-z0-9._-]+@[0-9][A-Za-z0-9._+-]*$/.test(npmPackage)) {
    malformed('npmPackage', npmPackage, 'It is a package and its version.', 'Use for example "@anthropic-ai/claude-code@2.1.331"; a tag as "latest" moves.');
  }
  Object.keys({ ...variables, ...secrets }).filter(name => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)).forEach(name =>
    malformed('variables', name, 'The name of a variable has letters, digits and "_" only.', 'Use the name that the assistant reads.'));
}
