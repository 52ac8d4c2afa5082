/** As the providers that people use give them out. */
const KNOWN_KEYS = new RegExp([
  // Anthropic, OpenAI, OpenRouter, DeepSeek, LiteLLM, Langfuse …
  'sk-(ant|proj|or|svcacct|admin|lf|None)-[\\w-]{8,}', 'sk-[A-Za-z0-9]{20,}', 'pk-lf-[\\w-]{8,}',
  // Groq, xAI, Perplexity, Hugging Face, Cerebras, NVIDIA, Replicate, Fireworks, Together, Google.
  'gsk_[A-Za-z0-9]{20,}', 'xai-[A-Za-z0-9]{20,}', 'pplx-[A-Za-z0-9]{20,}', 'hf_[A-Za-z0-9]{30,}', 'csk-[a-z0-9]{20,}', 'nvapi-[\\w-]{20,}',
  'r8_[A-Za-z0-9]{20,}', 'fw_[A-Za-z0-9]{20,}', 'tgp_v1_[\\w-]{20,}', 'AIza[\\w-]{30,}', 'GOCSPX-[\\w-]{20,}', 'ya29\\.[\\w-]{20,}',
  // What searches, for MCP servers.
  'tvly-[\\w-]{16,}', 'fc-[0-9a-f]{32}', 'ctx7sk-[\\w-]{16,}',
  // Forges, registries, chats, trackers, clouds.
  'gh[pousr]_[A-Za-z0-9]{20,}', 'github_pat_\\w{20,}', 'gl(pat|dt|rt|cbt|ptt|ft|soat|agent)-[\\w-]{16,}', 'npm_[A-Za-z0-9]{30,}', 'pypi-[\\w-]{40,}',
  'dckr_pat_[\\w-]{20,}', 'xox[abeoprs](\\.xox[bp])?-[\\w-]{10,}', 'xapp-[\\w-]{10,}', 'ntn_[A-Za-z0-9]{30,}', 'lin_(api|oauth)_[A-Za-z0-9]{20,}',
  'ATATT3[\\w=-]{20,}', 'A[KS]IA[0-9A-Z]{16}', 'dop_v1_[0-9a-f]{32,}', 'dapi[0-9a-f]{32}', 'sntry[su]_[\\w=/+-]{20,}', 'sbp_[0-9a-f]{32,}', '[rs]k_live_[A-Za-z0-9]{16,}',
  // A JSON web token.
  'eyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]{8,}',
].map(pattern => `(?<![\\w-])${pattern}`).join('|') + '|-----BEGIN [A-Z ]*PRIVATE KEY|hooks\\.slack\\.com/(services|workflows)/\\w');

/** What such a thing is called: ANTHROPIC_API_KEY, apiKey, --access-token, X-Api-Key. */
const SECRET_NAME = new RegExp([
  '(^|[_-]|[a-z](?=[A-Z]))(api[_-]?key|(bearer[_-]?)?token|secret|password|passwd|pwd|(secret|access|private|account|auth|service[_-]?role)[_-]?key|pat)$',
  'bearer_?token', '^pgpassword$', '^(proxy-)?authorization$', '^(set-)?cookie$', 'client[_-]?secret$', 'webhook[_-]?url$',
  '^(openai|anthropic|claude|gemini|google|mistral|groq|openrouter|deepseek|xai|grok|cohere|co|perplexity|azure(_openai)?|together|fireworks|replicate|huggingface|hf)_key$',
].join('|'), 'i');

/** As in Codex' bearer_token_env_var. */
const NAMES_A_VARIABLE = /env_?var$/i;

/** A reference to a variable, which says nothing of its value. */
const REFERENCE = /\$(\w+|\{[^}]*\}|\([^)]*\))/;

/** References to variables, switches, what stands for anything, words that say there is none, and nothing at all. */
const NO_SECRET = new RegExp([
  '^\\s*$', `^(\\w+ )?${REFERENCE.source}$`, '\\$\\{[^}]+\\}', '^\\$\\([^)]*\\)', '^\\*[*:)\\]]*$',
  '^(true|false|yes|no|none|null|unused|dummy|placeholder|not-needed|[01])$',
].join('|'), 'i');

/** Whether a value can be the secret that its name promises; tokens are counted, too. */
function isHidden(name: string, value: string): boolean {
  return !NO_SECRET.test(value) && !(/token$/i.test(name) && /^\d{1,6}$/.test(value));
}

/** How a header says who somebody is; a word of a sentence has no digit. */
const AUTHORIZATION = /(?:^|[:=,"'`\s])(?:Bearer|Basic|Token|ApiKey)\s+(?=[^\s$]*(?:\d|=$)|[\w.~+/=-]{20})[\w.~+/=-]{6,}/i;

/** Where a header says so by its name, a word may be one as well, and a blank be written as in a URL: OTEL_EXPORTER_OTLP_HEADERS has to. */
const AUTHORIZATION_HEADER = /authorization["']?\s*[:=]\s*["']?(?:Bearer|Basic|Token|ApiKey)(?:\s|%20)+((?:\$\{[^}]*\}|\$\([^)]*\)|[^\s"'`;,}])+)/gi;

/** What a sentence goes on with. */
const PROSE = /^(<.*|\.+|tokens?|auth\w*|credentials?|schemes?|keys?|your\W?.*)$/i;

/** Where one of several settings in a text is a password: `Server=db;Password=…`, `host=db password=…`; headers have a colon, `X-Api-Key: …`. */
const settingInText = (separator: string) => new RegExp(
  `(?:^|[;,=\\s"'{?&])((?:[\\w-]*[_-])?(?:password|passwd|pwd|(?:api|subscription)[_-]?key|AccountKey|SharedAccessKey|token|secret|x-honeycomb-team))["']?${separator}["']?`
  + '((?:\\$\\{[^}]*\\}|\\$\\([^)]*\\)|[^\\s;,"\'}&])+)', 'gi');
const IN_CONNECTION_STRING = settingInText('=');
const IN_ARGUMENT = settingInText('(?:=|:\\s*)');

/** A header that is a secret as a whole, and says nothing of how. */
const BARE_HEADER = /^(?:[^:=]*=)?["']?(?:proxy-)?(?:authorization|cookie):\s*(?!(?:Bearer|Basic|Token|ApiKey)(?:\s|$))(\S.*)$/i;

/** What holds the headers of requests. */
const HEADERS = /(^|[_-]|[a-z](?=[A-Z]))(headers?|hdrs?)$/i;

/** Whether a text holds what only its owner may know: a key of a known kind, a password or token in a URL or a header. */
export function holdsSecret(text: string): boolean {
  return urlHoldsSecret(text) || AUTHORIZATION.test(text)
    || [...text.matchAll(AUTHORIZATION_HEADER)].some(([, value]) => !NO_SECRET.test(value) && !PROSE.test(value));
}

/** Whether a URL, or a text with one in it, holds a password or a token. */
export function urlHoldsSecret(text: string): boolean {
  return KNOWN_KEYS.test(text)
    // A port is no password, however many @ follow, nor is a part of an address in brackets; nor is one that is empty or a reference.
    || [...text.matchAll(/:\/\/[^/@\s?#:[]*:(?!\d+(?:[/?#]|$))([^\s"'<>]+)@/g)].some(([, password]) => !NO_SECRET.test(password))
    // As https://TOKEN@host; that of ssh is a name.
    || [...text.matchAll(/\bhttps?:\/\/([^/@\s?#:]+):?@/g)].some(([, token]) => !NO_SECRET.test(token))
    || /[?&](api[_-]?key|key|sig|(access|private|auth)[_-]?token|([\w-]+[_-])?(token|password|secret|signature))=[^&\s$]/i.test(text);
}

/** Whether a value is a secret by what it is called, or by itself. */
export function isSecret(name: string, value: string): boolean {
  return holdsSecret(value) || hasSecretSetting(value, HEADERS.test(name) ? IN_ARGUMENT : IN_CONNECTION_STRING)
    || (HEADERS.test(name) && value.split('\n').some(isBareHeader))
    || (SECRET_NAME.test(name) && !(NAMES_A_VARIABLE.test(name) && /^[A-Z_][A-Z0-9_]*$/.test(value)) && isHidden(name, value));
}

function hasSecretSetting(text: string, pattern: RegExp): boolean {
  return [...text.matchAll(pattern)].some(([, name, value]) => isHidden(name, value));
}

function isBareHeader(text: string): boolean {
  const value = BARE_HEADER.exec(text)?.[1];
  return value !== undefined && !NO_SECRET.test(value);
}

/** Whether the arguments of a program hold one: `--token=…`, or `--token` and the next. */
export function argumentsHoldSecret(args: readonly string[]): boolean {
  return args.some((argument, i) => {
    const [option, value = args[i + 1] ?? ''] = argument.split(/=(.*)/s);
    return holdsSecret(argument) || hasSecretSetting(argument, IN_ARGUMENT) || isBareHeader(argument)
      || (/^--?[A-Za-z]|^[A-Z_]+=/.test(argument) && !value.startsWith('-') && isSecret(option.replace(/^-+/, ''), value));
  });
}
