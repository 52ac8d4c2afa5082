/** The providers whose key aichat takes from a variable, and those that speak as OpenAI does. */
const WITH_KEY: readonly string[] = [
  'openai', 'claude', 'gemini', 'cohere', 'azure-openai', 'openai-compatible',
  'ai21', 'cloudflare', 'deepinfra', 'deepseek', 'ernie', 'github', 'groq', 'hunyuan', 'minimax', 'mistral', 'moonshot', 'openrouter', 'perplexity',
  'qianwen', 'xai', 'zhipuai', 'jina', 'voyageai',
];

/** What it reads in the place of a key. */
const WITHOUT_KEY: { readonly [provider: string]: string } = {
  bedrock: 'Give secrets BEDROCK_ACCESS_KEY_ID and BEDROCK_SECRET_ACCESS_KEY, and the variable BEDROCK_REGION.',
  vertexai: 'Give the variables VERTEXAI_PROJECT_ID and VERTEXAI_LOCATION; the key is that of the service account.',
};

/** Whether a provider has an API key; one that is not known is refused in any case. */
export function takesApiKey(provider: string): boolean {
  return !Object.hasOwn(WITHOUT_KEY, provider);
}

/** What is wrong with an option, and what to do. */
interface ProviderProblem {
  readonly option: 'provider' | 'apiKey' | 'baseUrl' | 'model';
  readonly problem: string;
  readonly remedy: string;
}

/** What is known of a provider, and of what is said with it. */
interface Provided {
  readonly apiKey?: unknown;
  readonly baseUrl?: string;
  readonly model?: string;
}

/** Why aichat would stop at its start or at its first question. */
export function providerProblem(provider: string, { apiKey, baseUrl, model }: Provided): ProviderProblem | undefined {
  if (!WITH_KEY.includes(provider) && takesApiKey(provider)) {
    return {
      option: 'provider',
      problem: 'aichat knows no such provider.',
      remedy: `Use one of ${[...WITH_KEY, ...Object.keys(WITHOUT_KEY)].join(', ')}; a server that speaks as OpenAI does is "openai-compatible", with its baseUrl.`,
    };
  }
  const unread = takesApiKey(provider) ? undefined : apiKey !== undefined ? 'apiKey' : baseUrl !== undefined ? 'baseUrl' : undefined;
  if (unread !== undefined) {
    return { option: unread, problem: `aichat reads none for ${provider}.`, remedy: WITHOUT_KEY[provider] };
  }
  if (provider === 'openai-compatible' && (baseUrl === undefined || model === undefined)) {
    const option = baseUrl === undefined ? 'baseUrl' : 'model';
    return { option, problem: 'aichat knows none by itself for "openai-compatible".', remedy: 'Give it, or name the provider.' };
  }
  const [first, ...rest] = model?.split(':') ?? [];
  return rest.length === 0 || !(WITH_KEY.includes(first) || !takesApiKey(first)) ? undefined : {
    option: 'model', problem: 'It names a provider, too.', remedy: `Use provider: "${first}", model: "${rest.join(':')}".`,
  };
}
