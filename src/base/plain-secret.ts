/** As the providers that people use give them out. */
const KNOWN_KEYS = new RegExp([
  'sk-(ant|proj|or|svcacct)-[\\w-]{8,}', 'sk-[A-Za-z0-9]{20,}', 'gh[pousr]_[A-Za-z0-9]{20,}', 'github_pat_\\w{20,}', 'glpat-[\\w-]{16,}', 'AIza[\\w-]{30,}',
  'AKIA[0-9A-Z]{16}', 'xox[abprs]-[\\w-]{10,}', 'npm_[A-Za-z0-9]{30,}', 'hf_[A-Za-z0-9]{30,}',
].map(pattern => `(?<![\\w-])${pattern}`).join('|') + '|-----BEGIN [A-Z ]*PRIVATE KEY');

/** What such a thing is called: ANTHROPIC_API_KEY, apiKey, --access-token. */
const SECRET_NAME = /(^|[_-]|[a-z](?=[A-Z]))(api[_-]?key|(bearer[_-]?)?token|secret|password|passwd|(secret|access|private)[_-]?key)$|bearer_?token/i;

/** References to variables, switches, numbers and nothing at all. */
const NO_SECRET = /^$|^\$|^(true|false|yes|no|\d{1,6})$/i;

/** Whether a text holds what only its owner may know: a key of a known kind, a password or token in a URL or a header. */
export function holdsSecret(text: string): boolean {
  return KNOWN_KEYS.test(text) || urlHoldsSecret(text) || /(^|:\s*)(Bearer|Basic)\s+[^\s$]/i.test(text);
}

/** Whether a URL, or a text with one in it, holds a password or a token. */
export function urlHoldsSecret(text: string): boolean {
  return KNOWN_KEYS.test(text)
    || /:\/\/[^/@\s]*:[^/@\s]*@/.test(text)
    // As https://TOKEN@host; that of ssh is a name.
    || /\bhttps?:\/\/[^/@\s?#]+@/.test(text)
    || /[?&](api[_-]?key|key|(access|private|auth)[_-]?token|([\w-]+[_-])?(token|password|secret|signature))=[^&\s$]/i.test(text);
}

/** Whether a value is a secret by what it is called, or by itself. */
export function isSecret(name: string, value: string): boolean {
  return holdsSecret(value) || (SECRET_NAME.test(name) && !NO_SECRET.test(value));
}

/** Whether the arguments of a program hold one: `--token=…`, or `--token` and the next. */
export function argumentsHoldSecret(args: readonly string[]): boolean {
  return args.some((argument, i) => {
    const [option, value = args[i + 1] ?? ''] = argument.split(/=(.*)/s);
    return holdsSecret(argument) || (/^--?[A-Za-z]|^[A-Z_]+=/.test(argument) && !value.startsWith('-') && isSecret(option.replace(/^-+/, ''), value));
  });
}
