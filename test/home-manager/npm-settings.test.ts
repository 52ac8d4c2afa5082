import { RunResult } from './nix-container';
import { RealNpm, TOOL } from './real-npm';

const GOOD = 'http://127.0.0.1:4873/good/';
const SILENT = 'http://127.0.0.1:4874/';
const SECURE = 'https://127.0.0.1:4875/good/';
const PROXY = 'http://127.0.0.1:4876';
const REFUSED = 'http://127.0.0.1:1/';
const USERS = '/home/code/.npmrc';
const INSTALLED = { status: 0, output: expect.stringMatching(/^whole: scripts ran hello\n/) };
const PEM = '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----';

describe('npm\'s settings, with the real npm', () => {
  let npm: RealNpm;

  beforeAll(() => {
    npm = new RealNpm();
  });
  afterAll(() => npm.container.remove());
  beforeEach(() => npm.reset());

  /** A first start with these lines in the npmrc of the user, and these variables. */
  function start(npmrc: string[], env: Record<string, string> = {}, script = 'gemini hello'): RunResult {
    return npm.run(`cat >~/.npmrc <<'END'\n${npmrc.join('\n')}\nEND\n${script}`, env);
  }

  /** Nothing is left, and all that is said is one line. */
  function expectOneLine({ status, output }: RunResult, problem: string): void {
    expect({ status, output }).toEqual({ status: 1, output: `gemini: cannot install ${TOOL}: ${problem}\n` });
    expect(npm.container.run('ls -A /home/code/.cache/cdk8s-nix 2>/dev/null || :').output).toBe('');
  }

  const inHome = (lines: string[]) => start(lines);

  describe('that cannot work', () => {
    test.each([
      ['registry=mirror', 'registry', '\'mirror\' is no address such as https://host:port (STANDS)'],
      ['registry=', 'registry', '\'\' is no address such as https://host:port (STANDS)'],
      ['registry=${NO_SUCH_VARIABLE}', 'registry', '\'${NO_SUCH_VARIABLE}\' is no address such as https://host:port (STANDS)'],
      ['registry=https://registry.invalid/', 'registry',
        'the registry https://registry.invalid/ (STANDS) does not answer (CODE); npm_config_registry names another one, https_proxy a proxy'],
      [`registry=${REFUSED}`, 'registry', `the registry ${REFUSED} (STANDS) does not answer (ECONNREFUSED); npm_config_registry names another one, https_proxy a proxy`],
      [`registry=${SILENT}`, 'registry', `no answer for 8 seconds from the registry ${SILENT} (STANDS)`],
      [`registry=${SECURE}`, 'registry', `the certificate of the registry ${SECURE} (STANDS) is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); NIX_SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names a file of those that are`],
      ['proxy=proxy:3128', 'proxy', '\'proxy:3128\' is no address such as https://host:port (STANDS)'],
      ['cafile=/no/such/file', 'cafile', '/no/such/file has no certificates, or cannot be read (STANDS)'],
      ['cafile=/etc/passwd', 'cafile', '/etc/passwd has no certificates, or cannot be read (STANDS)'],
      ['ca=none', 'ca', 'the setting ca holds no PEM text, as it begins with -----BEGIN (STANDS)'],
      ['key=none', 'key', 'the setting key holds no PEM text, as it begins with -----BEGIN (STANDS)'],
      ['strict-ssl=maybe', 'strict-ssl', 'strict-ssl is true or false, not \'maybe\' (STANDS)'],
    ])('%s is named, and where it stands', (line, key, problem) => {
      const result = inHome([line]);
      const code = /\((ENOTFOUND|EAI_AGAIN)\)/.exec(result.output)?.[1] ?? 'ENOTFOUND';
      expectOneLine(result, problem.replace('STANDS', `${key} in ${USERS}`).replace('CODE', code));
    });

    test.each([
      ['the wrong certificates', [`registry=${SECURE}`, 'cafile=/opt/other/cert.pem'], 'cafile',
        /certificate of the registry \S+ \([^)]*\) is not trusted \([A-Z_]+\); only those in \/opt\/other\/cert\.pem are \(STANDS\)\n$/],
      ['a certificate of its own that is none', [`registry=${SECURE}`, 'strict-ssl=false', `cert="${PEM}"`, `key="${PEM}"`], 'key',
        /the settings cert and key cannot be used \(ERR_OSSL_[A-Z0-9_]+; STANDS\)\n$/],
      ['a proxy that refuses', [`registry=${SECURE}`, `https-proxy=${REFUSED}`], 'https-proxy',
        /the registry \S+ \([^)]*\) through the proxy http:\/\/127\.0\.0\.1:1\/ \(STANDS\) does not answer \(ECONNREFUSED\)/],
      ['a proxy that says nothing', [`registry=${GOOD}`, 'proxy=http://user:secret@127.0.0.1:4874'], 'proxy',
        /no answer for 8 seconds from the registry \S+ \([^)]*\) through the proxy http:\/\/127\.0\.0\.1:4874 \(STANDS\)\n$/],
    ])('%s', (_name, lines, key, problem) => {
      const { status, output } = inHome(lines);
      expect(status).toBe(1);
      expect(output).toMatch(new RegExp(problem.source.replace('STANDS', `${key} in ${USERS}`.replace(/[.]/g, '\\.'))));
      expect(output.trim().split('\n')).toHaveLength(1);
      expect(output).not.toContain('secret');
    });

  });

  test.each([
    ['a registry', [`registry=${GOOD}`]],
    ['one of a scope', ['registry=http://127.0.0.1:1', `@test:registry=${GOOD}`]],
    ['certificates', [`registry=${SECURE}`, 'cafile=/opt/tls/cert.pem']],
    ['any certificate', [`registry=${SECURE}`, 'strict-ssl=false']],
    ['a proxy', [`registry=${SECURE}`, 'strict-ssl=false', `https-proxy=${PROXY}`]],
    ['no proxy', [`registry=${GOOD}`, 'proxy=null', 'https-proxy=false']],
  ])('%s: what works is taken', (_name, lines) => {
    expect(inHome(lines)).toEqual(INSTALLED);
  });

  const NO_PART = [
    'offline=true', 'ignore-scripts=true', 'omit=optional', 'optional=false', 'before=2001-01-01', 'min-release-age=1000', 'os=darwin', 'cpu=s390x', 'global=true',
    'dry-run=true', 'bin-links=false', 'package-lock-only=true', 'install-strategy=linked', 'script-shell=/no/such/shell', 'node-options=--no-such-option',
    'engine-strict=true', 'strict-allow-scripts=true', 'allow-scripts=other', 'workspace=other', 'location=global', 'call=false', 'package=other',
    'logs-dir=/proc/none', 'loglevel=silent', 'fetch-timeout=1', 'fetch-retries=-1', 'maxsockets=0', 'local-address=192.0.2.1', 'yes=false', 'prefer-offline=true',
    'force=true', 'umask=0777', 'tag=none',
  ];

  describe.each<[string, (lines: string[]) => RunResult, (key: string) => string]>([
    ['~/.npmrc', inHome, key => `${key} in ${USERS}`],
    ['the global npmrc', lines => npm.run(`cat >/tmp/npmrc <<'END'\n${lines.join('\n')}\nEND\ngemini hello`, { npm_config_globalconfig: '/tmp/npmrc' }), key => `${key} in /tmp/npmrc`],
    ['the environment', lines => start([], Object.fromEntries(lines.map(line => {
      const [key, value] = line.split(/=(.*)/s);
      return [`npm_config_${key.replace(/-/g, '_')}`, value];
    }))), key => `npm_config_${key.replace(/-/g, '_')}`],
  ])('in %s', (_name, begin, stands) => {
    test('those that decide whether it is whole have no part in it, all at once', () => {
      expect(begin([`registry=${GOOD}`, ...NO_PART])).toEqual(INSTALLED);
    });

    test('one that cannot work is named by where it stands', () => {
      expectOneLine(begin(['strict-ssl=maybe']), `strict-ssl is true or false, not 'maybe' (${stands('strict-ssl')})`);
    });
  });

  test('a registry that cannot be had is named beside the installation that is broken', () => {
    start([`registry=${GOOD}`]);
    const { status, output } = start([`registry=${REFUSED}`], {}, ': | tee ~/.cache/cdk8s-nix/*/proven; gemini hello');
    expect(status).toBe(1);
    expect(output).toMatch(/^gemini: the installation in \/home\/code\/\.cache\/cdk8s-nix\/gemini-\S+ is broken\ngemini: cannot install \S+: the registry .* does not answer/);
  });

  test.each([
    ['401', 'unauthorized'], ['404', 'missing'], ['500', 'failing'],
  ])('a registry that answers %s is named with its answer', (code, registry) => {
    const { status, output } = start([`registry=http://127.0.0.1:4873/${registry}/`]);
    expect(status).toBe(1);
    expect(output).toContain(`gemini: the registry answered: ${code} http://127.0.0.1:4873/${registry}/@test%2ftool\n`);
    expect(output).toMatch(new RegExp(`\ngemini: npx could not install ${TOOL} from the registry http://127.0.0.1:4873/${registry}/ \\(registry in ${USERS}\\): see above\n$`));
  });

  test('a registry without the platform package is named, and the next start with it works', () => {
    const { status, output } = start(['registry=http://127.0.0.1:4873/no-platform/']);
    expect(status).toBe(1);
    expect(output).toContain('gemini: the registry answered: 404 http://127.0.0.1:4873/no-platform/@test%2fplatform\n');
    expect(output).toContain(`gemini: ${TOOL} is installed from the registry http://127.0.0.1:4873/no-platform/ (registry in ${USERS}), but does not run: see above\n`);
    expect(start([`registry=${GOOD}`])).toMatchObject({ status: 0 });
  });

  test.each([
    ['npm_config_ignore-scripts', 'true'], ['NPM_CONFIG_OMIT', 'optional'], ['Npm_Config_Offline', 'true'], ['npm_config_min-release-age', '1000'],
  ])('the variable %s has no part in it, which Bash has no name for, or npm reads in any case', (name, value) => {
    expect(start([`registry=${GOOD}`], {}, `env '${name}=${value}' gemini hello`)).toEqual(INSTALLED);
  });

  test('of two variables the last counts, as for npm', () => {
    expect(start([], {}, `env npm_config_registry=${REFUSED} NPM_CONFIG_REGISTRY=${GOOD} gemini hello`)).toEqual(INSTALLED);
    npm.reset();
    expect(start([], {}, `env npm_config_registry=${GOOD} npm_config_@test:registry=${REFUSED} gemini`).output).toContain('(npm_config_@test:registry)');
  });

  test('proxies of the environment are named too', () => {
    expectOneLine(start([`registry=${GOOD}`], { HTTP_PROXY: REFUSED }),
      `the registry ${GOOD} (registry in ${USERS}) through the proxy ${REFUSED} (HTTP_PROXY) does not answer (ECONNREFUSED); `
      + 'npm_config_registry names another one, https_proxy a proxy');
  });

  test('a token reaches the registry only, and nothing of it stays', () => {
    expect(start([`registry=${GOOD}`, '//127.0.0.1:4873/good/:_authToken=secret-token'])).toMatchObject({ status: 0 });
    expect(npm.run('grep -r secret-token ~/.cache || echo nowhere').output).toBe('nowhere\n');
  });

  test('a project around the working directory, or around the cache, has no part in it', () => {
    const project = '{"name":"mine","workspaces":["**"],"devDependencies":{"@test/tool":"9.9.9"},"overrides":{"@test/platform":"9.9.9"}}';
    const result = start([`registry=${GOOD}`], {}, `
      mkdir -p /tmp/project/node_modules ~/node_modules
      for folder in ~ /tmp/project; do echo '${project}' >$folder/package.json; done
      printf 'registry=${REFUSED}\\nignore-scripts=true\\n' >/tmp/project/.npmrc
      cd /tmp/project; gemini hello`);
    expect(result).toMatchObject({ status: 0, output: expect.stringContaining('whole: scripts ran hello\n') });
    expect(npm.container.run('ls -A /tmp/project /home/code/node_modules').output).not.toContain('package-lock');
  });
});
