import { argumentsHoldSecret, holdsSecret, isSecret, urlHoldsSecret } from '../../src/base/plain-secret';

const DIGITS = '0123456789abcdef0123456789abcdef';

/** Of each provider one, put together here so that nobody takes this file for a leak. */
const KEYS: Array<[provider: string, key: string]> = [
  ['Anthropic', `sk-${'ant'}-api03-${DIGITS}`],
  ['OpenAI', `sk-${'proj'}-${DIGITS}`],
  ['OpenRouter', `sk-${'or'}-v1-${DIGITS}`],
  ['DeepSeek', `sk-${DIGITS}`],
  ['Groq', `gsk${'_'}${DIGITS}`],
  ['xAI', `xai${'-'}${DIGITS}`],
  ['Perplexity', `pplx${'-'}${DIGITS}`],
  ['Hugging Face', `hf${'_'}${DIGITS}`],
  ['Replicate', `r8${'_'}${DIGITS}`],
  ['NVIDIA', `nvapi${'-'}${DIGITS}`],
  ['Google', `AIza${'Sy'}${DIGITS}`],
  ['GitHub', `ghp${'_'}${DIGITS}`],
  ['GitHub, fine-grained', `github${'_pat_'}${DIGITS}`],
  ['GitLab', `glpat${'-'}${DIGITS}`],
  ['Slack, a bot', `xoxb${'-'}123456789012-${DIGITS}`],
  ['Slack, an app', `xapp${'-'}1-A012-${DIGITS}`],
  ['Slack, a webhook', `https://hooks.slack${'.com/services/'}T000/B000/${DIGITS}`],
  ['Notion', `ntn${'_'}${DIGITS}`],
  ['Linear', `lin_api${'_'}${DIGITS}`],
  ['Tavily', `tvly${'-'}${DIGITS}`],
  ['AWS', `AKIA${'0123456789ABCDEF'}`],
  ['AWS, for a while', `ASIA${'0123456789ABCDEF'}`],
  ['npm', `npm${'_'}${DIGITS}`],
  ['PyPI', `pypi${'-'}AgEI${DIGITS}${DIGITS}`],
  ['a JSON web token', `eyJ${'hbGciOiJIUzI1'}.eyJ${'zdWIiOiIxMjM0'}.${DIGITS}`],
];

test.each(KEYS)('a key of %s is one wherever it stands', (_, key) => {
  expect(holdsSecret(key)).toBe(true);
  expect(holdsSecret(`curl -H 'x: ${key}'`)).toBe(true);
  expect(argumentsHoldSecret(['run', key])).toBe(true);
  expect(isSecret('harmless', key)).toBe(true);
});

test.each([
  ['postgres://user:pass@db/app'],
  ['postgresql://user:p/a:s@s@db:5432/app'],
  ['mysql://root:root1@127.0.0.1/app'],
  ['mongodb+srv://user:pass@cluster.example.org'],
  ['redis://:pass@redis:6379'],
  ['amqp://user:pass@mq'],
  ['https://s3cret@example.org/x.git'],
  ['https://example.org/?api_key=abc'],
  ['https://example.org/?a=b&access_token=abc'],
])('a password is found in %s', url => {
  expect(urlHoldsSecret(url)).toBe(true);
  expect(argumentsHoldSecret(['--database', url])).toBe(true);
});

test.each([
  ['postgres://user@db/app'],
  ['postgres://user:${PGPASSWORD}@db/app'],
  ['postgres://user:$PGPASSWORD@db/app'],
  ['postgres://user:@db/app'],
  ['https://${TOKEN}@example.org/x.git'],
  ['https://registry.example.org:8443/@scope/package/@1'],
  ['ssh://git@example.org/x.git'],
  ['https://[2001:db8::1]/scope/package@1'],
  ['https://example.org/?api_key=${KEY}'],
  ['https://example.org/?monkey=1&tokens=2'],
])('there is none in %s', url => {
  expect(urlHoldsSecret(url)).toBe(false);
  expect(argumentsHoldSecret(['--database', url])).toBe(false);
});

test.each([
  ['Authorization', 'Bearer abcdef123456'],
  ['Authorization', 'token abcdef'],
  ['authorization', 'abc'],
  ['Cookie', 'session=abc'],
  ['X-Api-Key', 'abc'],
  ['PGPASSWORD', 'abc'],
  ['MYSQL_PWD', 'abc'],
  ['GITHUB_PAT', 'abc'],
  ['MISTRAL_API_KEY', 'abc'],
  ['COHERE_KEY', 'abc'],
  ['AccountKey', 'abc'],
  ['SLACK_WEBHOOK_URL', 'https://example.org/hook'],
  ['password', '$ecret!'],
  ['other', 'Basic dXNlcjpwYXNzMQ=='],
  ['other', 'Server=db;User Id=sa;Password=abc'],
  ['HDRS', 'Authorization: Bearer abcdefghijklmnop'],
  ['ANTHROPIC_CUSTOM_HEADERS', 'Authorization: Bearer abc'],
  ['ANTHROPIC_CUSTOM_HEADERS', 'X-Team: a\nX-Api-Key: abc'],
  ['ANTHROPIC_CUSTOM_HEADERS', 'X-Team: a\nCookie: session=abc'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'Authorization=Bearer abcdef'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'team=a,Authorization=Basic%20dXNlcjpwYXNz'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'x-honeycomb-team=abc'],
  ['apiKey', '12345'],
  ['PASSWORD', '1234'],
  ['other', '{"Authorization": "Bearer abcdef123456"}'],
])('%s: %s is a secret', (name, value) => {
  expect(isSecret(name, value)).toBe(true);
});

test.each([
  ['Authorization', 'Bearer ${TOKEN}'],
  ['Authorization', 'Bearer $TOKEN'],
  ['Authorization', 'token ${GITHUB_TOKEN}'],
  ['API_KEY', '${OTHER}'],
  ['API_KEY', '${OTHER:-}'],
  ['API_KEY', '$OTHER'],
  ['password', 'prefix-${REST}'],
  ['authToken', 'none'],
  ['env_key', 'OPENAI_API_KEY'],
  ['bearer_token_env_var', 'MY_TOKEN'],
  ['ANTHROPIC_CUSTOM_HEADERS', 'X-Team: tools\nX-Purpose: secretary'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'team=tools,Authorization=Bearer ${TOKEN}'],
  ['prompt', 'Send a header, Authorization: Bearer <your token>, and no Authorization: Bearer tokens of others'],
  ['0', 'Bash(export TOKEN=*)'],
  ['0', 'Bash(export API_KEY=*:*)'],
  ['maxToken', '4096'],
  ['MAX_OUTPUT_TOKENS', '32000'],
  ['keybinding', 'ctrl+k'],
  ['KEY', 'f1'],
  ['apiKeyHelper', '/bin/key'],
  ['prompt', 'Basic rules of the house, bearer bonds and token economies'],
  ['package', 'sk-learn-extensions-for-everybody'],
  ['path', '/home/code/pat'],
  ['other', 'Server=db;User Id=sa;Password=${PW}'],
  ['prompt', 'A secret: how to keep it; password = long'],
])('%s: %s is none', (name, value) => {
  expect(isSecret(name, value)).toBe(false);
});

test.each([
  [['--api-key=abc']],
  [['--token', 'abc']],
  [['run', '-e', 'GITHUB_TOKEN=abc', 'image']],
  [['run', '--env=GITHUB_TOKEN=abc', 'image']],
  [['--header', 'X-Api-Key: abc']],
  [['--header', 'Authorization: Bearer abcdef123456']],
  [['--header=Authorization: Bearer abcdef123456']],
  [['mcp-remote', 'https://x', '--header', 'Authorization: Bearer abcdefghijklmnop']],
  [['-H', 'Authorization: Basic dXNlcjpwYXNz']],
  [['-H', 'Authorization: abc']],
  [['--header=Cookie: session=abc']],
  [['-c', 'exec curl --header "Authorization: Bearer abcdefghijklmnop" https://x']],
  [['-c', 'curl -H \'Authorization: Bearer abc\' https://x']],
  [['--connection', 'Server=db;User Id=sa;Password=abc;']],
  [['host=db user=me password=abc']],
  [['DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc==']],
  [['-c', 'TOKEN=abc exec server']],
])('the arguments %j hold one', args => {
  expect(argumentsHoldSecret(args)).toBe(true);
});

test.each([
  [['--token', '${TOKEN}']],
  [['--token=$TOKEN']],
  [['--token', '--verbose']],
  [['--token-file', '/run/token']],
  [['run', '-e', 'GITHUB_TOKEN', 'image']],
  [['--env=GITHUB_TOKEN=${GITHUB_TOKEN}']],
  [['--header', 'Authorization: Bearer ${TOKEN}']],
  [['--header', 'X-Api-Key: ${KEY}']],
  [['-c', 'curl -H "Authorization: Bearer $TOKEN" https://x']],
  [['-c', 'curl -H "Authorization: Basic $(cat /run/basic)" https://x']],
  [['--header', 'Authorization: ${TOKEN}']],
  [['host=db user=me password=${PGPASSWORD}']],
  [['-c', 'TOKEN=$(cat /run/token) exec server']],
  [['-y', '@scope/token@1.2.3', '--max-tokens=4000']],
])('the arguments %j hold none', args => {
  expect(argumentsHoldSecret(args)).toBe(false);
});
