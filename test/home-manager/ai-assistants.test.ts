import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer, RunResult } from './nix-container';

const folder = path.join(__dirname, '..', '..', 'nix', 'ai-assistants');

/** The package each wrapper installs, and whether it is run by Node.js. */
const WRAPPERS: Array<[command: string, npmPackage: string, byNode: boolean]> = [
  ['claude', '@anthropic-ai/claude-code', false],
  ['gemini', '@google/gemini-cli', true],
  ['codex', '@openai/codex', true],
];

/** From the one place where it is written. */
function pinnedVersion(command: string): string {
  const versions = fs.readFileSync(path.join(folder, `${command}.nix`), 'utf8').match(/version = "([^"]*)"/g)!;
  expect(versions).toHaveLength(1);
  return versions[0].slice('version = "'.length, -1);
}

describe('the AI assistants', () => {
  let container: NixContainer;

  beforeAll(() => {
    container = new NixContainer();
    const installed = container.run('sh /opt/cdk8s-nix/install-container.sh essential', {
      env: { HOME: '/home/code', USER: 'code', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides },
    });
    expect(installed).toMatchObject({ status: 0 });
    container.run('cp -a /home/code /tmp/home');
  });
  afterAll(() => container.remove());

  beforeEach(() => {
    container.emptyHome();
    container.run('cp -a /tmp/home/. /home/code/; rm -rf /tmp/record* /tmp/cache* /tmp/paused /nix/var/cdk8s-nix');
  });

  /** What npx and Node.js were called for; empty if they were not. */
  function record(): string {
    return container.has('tmp/record') ? container.read('tmp/record') : '';
  }

  function run(command: string, script: string, env: Record<string, string> = {}, prepare?: string): RunResult {
    return container.run(`PATH=$PATH:$HOME_OF_CODE/.nix-profile/bin; ${script}`, {
      prepare,
      env: { HOME: '/home/code', HOME_OF_CODE: '/home/code', NPX_RECORD: '/tmp/record', NPX_INSTALLS: command, ...env },
    });
  }

  test('each has a file of its own', () => {
    expect(fs.readdirSync(folder).sort()).toEqual(['aichat.nix', 'claude.nix', 'codex.nix', 'gemini.nix']);
  });

  test('aichat is the one of nixpkgs', () => {
    expect(run('aichat', 'aichat')).toEqual({ status: 0, output: 'aichat of the stand-in\n' });
    expect(record()).toBe('');
  });

  describe.each(WRAPPERS)('%s', (command, npmPackage, byNode) => {
    const version = pinnedVersion(command);
    const installed = `${command}-${version}-x86_64-linux`;

    test('is valid shell', () => {
      const wrapper = container.run(`cat /home/code/.nix-profile/bin/${command}`).output;
      expect(wrapper).toContain(`command=${command} package=${npmPackage} version=${version} `);
      const check = spawnSync('shellcheck', ['--shell=bash', '-'], { input: wrapper, encoding: 'utf8' });
      expect(check.stdout).toBe('');
      expect(check.status).toBe(0);
    });

    test('is installed by npx in its pinned version at first use, then run without it', () => {
      const first = run(command, `${command} 'a b' --model '*'`);
      expect(first.output).toContain(`installing ${npmPackage}@${version}, once`);
      expect(first.output).toContain(`${command} runs with 3 arguments: a b --model *\n`);
      const calls = record().split('\n');
      expect(calls[0]).toMatch(new RegExp(`^npx --yes --package=${npmPackage}@${version.replace(/\./g, '\\.')} -- true in /home/code/\\.cache/cdk8s-nix/`));
      expect(calls[1].startsWith('node ')).toBe(byNode);
      expect(calls[1].includes('--version')).toBe(byNode);

      const second = run(command, `${command} again`, { NPX_FAILS: '1' });
      expect(second).toMatchObject({ status: 0 });
      expect(second.output).toContain(`${command} runs with 1 arguments: again`);
      expect(second.output).not.toContain('installing');
      expect(record().match(/^npx/gm)).toHaveLength(1);
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe(`${installed}\n`);
      // The downloads, once unpacked, are of no more use.
      expect(container.has(`home/code/.cache/cdk8s-nix/${installed}/npm/_cacache`)).toBe(false);
    });

    test('nothing is left of an installation that failed but the log, and the next one works', () => {
      const failed = run(command, command, { NPX_FAILS: '1' });
      expect(failed.status).toBe(1);
      expect(failed.output).toContain(`${command}: npx could not install ${npmPackage}@${version} from the registry https://registry.npmjs.org/ (the default): see above\n`);
      expect(failed.output).toContain(`${command}: the log of npm is in /home/code/.cache/cdk8s-nix/${installed}.log\n`);
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe(`${installed}.log\n`);
      expect(run(command, command)).toMatchObject({ status: 0 });
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe(`${installed}\n`);
    });

    test('a package that is installed but does not run is not taken for installed', () => {
      const log = 'verbose\n12 http fetch GET 404 http://mirror.example/platform-package 7ms';
      const failed = run(command, command, { NPX_INSTALLS_STUB: '1', NPX_LOG: log });
      expect(failed.status).toBe(1);
      expect(failed.output).toContain('native binary not installed');
      expect(failed.output).toContain(`${command}: the registry answered: 404 http://mirror.example/platform-package\n`);
      expect(failed.output).toContain(`${command}: ${npmPackage}@${version} is installed from the registry https://registry.npmjs.org/ (the default), but does not run`);
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe(`${installed}.log\n`);
      expect(run(command, command)).toMatchObject({ status: 0 });
    });

    test('a full disk is told, and with room it is installed', () => {
      const prepare = 'mount -t tmpfs -o size=1m,uid=1001 tmpfs home/code/.cache';
      const failed = run(command, command, { NPX_INSTALLS_STUB: '1' }, `mkdir -p home/code/.cache; ${prepare}`);
      expect(failed.status).toBe(1);
      expect(failed.output).toMatch(new RegExp(`${command}: no space left: [01] MiB and \\d+ inodes are free in /home/code/\\.cache/cdk8s-nix; while it is installed, ${npmPackage} needs up to 1 GiB`));
      expect(run(command, command)).toMatchObject({ status: 0 });
    });

    describe('an installation that is found', () => {
      const found = `home/code/.cache/cdk8s-nix/${installed}`;
      const bin = `${found}/npm/_npx/0123456789abcdef/node_modules/.bin`;

      test.each([
        ['does not run, as npm left it before it was proven', `printf '#!/bin/sh\\nexit 1\\n' >/${bin}/${command}; rm /${found}/proven`],
        ['has lost its command', `rm /${bin}/${command}`],
        ['has a big file cut off', `truncate -s 1M /${bin}/../program`],
        ['has lost a big file', `rm /${bin}/../program`],
      ])('and %s is replaced', (_, damage) => {
        run(command, command);
        run(command, damage);
        const repaired = run(command, `${command} again`);
        expect(repaired.output).toContain(`${command}: the installation in /${found} is broken, and is replaced\n`);
        expect(repaired.output).toContain(`${command} runs with 1 arguments: again`);
        expect(container.run(`ls -A /home/code/.cache/cdk8s-nix; ls /${found}`).output).toBe(`${installed}\nnpm\nproven\nsums\n`);
        expect(run(command, command).output).not.toContain('installing');
      });

      test('and runs, but was not proven, is kept without a registry', () => {
        run(command, command);
        run(command, `rm /${found}/proven`);
        const kept = run(command, command, { NPX_FAILS: '1', NPM_PING: 'ENOTFOUND' });
        expect(kept).toMatchObject({ status: 0 });
        expect(kept.output).not.toContain('replaced');
        expect(container.has(`${found}/proven`)).toBe(true);
      });
    });

    test('what decides about completeness is set, whatever the user and the image have', () => {
      run(command, `mkdir -p /tmp/cache-bin; printf '#!/bin/sh\nexit 1\n' >/tmp/cache-bin/node; chmod +x /tmp/cache-bin/node; PATH=/tmp/cache-bin:$PATH; ${command}`,
        { npm_config_ignore_scripts: 'true', npm_config_omit: 'optional', npm_config_global: 'true', npm_config_os: 'darwin' });
      const settings = container.read('tmp/record.settings');
      for (const setting of [
        `allow_scripts=${npmPackage}`, 'include=optional', 'os=linux', 'cpu=x64',
      ]) {
        expect(settings).toContain(`npm_config_${setting}\n`);
      }
      expect(settings).not.toMatch(/^npm_config_(omit|ignore_scripts|global)=/m);
      expect(settings).toMatch(/^node: \/nix\/store\//m);
    });

    // npm reads them in any case, and `npm exec -c` leaves what it was asked for in the environment.
    test('so is what is written in capitals, or was meant for another call of npm', () => {
      const result = run(command, command, {
        NPM_CONFIG_CACHE: '/tmp/cache-npm',
        NPM_CONFIG_IGNORE_SCRIPTS: 'true',
        Npm_Config_Omit: 'optional',
        NPM_CONFIG_OS: 'darwin',
        NPM_CONFIG_REGISTRY: 'https://mirror.example/',
        npm_config_call: 'false',
        npm_config_package: 'other',
        npm_config_workspace: 'other',
      });
      expect(result).toMatchObject({ status: 0 });
      expect(container.has(`tmp/cache-npm/cdk8s-nix/${installed}/proven`)).toBe(true);
      const names = container.read('tmp/record.settings').split('\n').map(line => line.split('=')[0]);
      expect(names.filter(name => /^npm_config_(omit|call|package|workspace)$/i.test(name))).toEqual([]);
      // No two names of one setting; what is the user's stays.
      expect(names.filter(name => /^npm_config_/i.test(name) && name !== name.toLowerCase())).toEqual([]);
      expect(container.read('tmp/record.settings')).toContain('npm_config_registry=https://mirror.example/\n');
    });

    test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH'])('a registry that cannot be reached (%s) is told in one line, and npx is not tried', code => {
      expect(run(command, command, { NPM_PING: code, NPM_CONFIG_REGISTRY: 'https://mirror.example/npm' })).toEqual({
        status: 1,
        output: `${command}: cannot install ${npmPackage}@${version}: the registry https://mirror.example/npm (npm_config_registry) does not answer (${code}); `
          + 'npm_config_registry names another one, https_proxy a proxy\n',
      });
      expect(record()).toBe('');
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe('');
    });

    test('so is a certificate that is not trusted', () => {
      const { status, output } = run(command, command, { NPM_PING: 'SELF_SIGNED_CERT_IN_CHAIN' });
      expect(status).toBe(1);
      expect(output).toMatch(/^\S+ cannot install .*: the certificate of the registry \S+ \(the default\) is not trusted \(SELF_SIGNED_CERT_IN_CHAIN\); NIX_SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names .*\n$/);
    });

    test('a registry that does not answer at all is told after eight seconds', () => {
      const { status, output } = run(command, command, { NPM_PING: 'silence' });
      expect({ status, output }).toEqual({
        status: 1,
        output: `${command}: cannot install ${npmPackage}@${version}: no answer for 8 seconds from the registry https://registry.npmjs.org/ (the default)\n`,
      });
    });

    test('a registry that does not know the question is asked for the package', () => {
      expect(run(command, command, { NPM_PING: 'E404' })).toMatchObject({ status: 0 });
    });

    test.each([
      [{ NIX_SSL_CERT_FILE: '/etc/passwd' }, '/etc/passwd'],
      [{ SSL_CERT_FILE: '/etc/passwd' }, '/etc/passwd'],
      [{ NIX_SSL_CERT_FILE: '/etc/passwd', SSL_CERT_FILE: '/etc/group' }, '/etc/passwd'],
      [{ NIX_SSL_CERT_FILE: '/etc/passwd', NODE_EXTRA_CA_CERTS: '/etc/group' }, '/etc/group'],
      [{ NIX_SSL_CERT_FILE: '/nonexistent' }, 'none'],
      [{}, 'none'],
    ])('with %p it trusts the certificates in %s', (env, trusted) => {
      expect(run(command, command, env).output).toContain(`certificates ${trusted} ${command === 'codex' ? trusted : 'none'}\n`);
    });

    describe('the places it is looked for in', () => {
      const baked = 'mount -t tmpfs tmpfs usr/local; mkdir -p usr/local/lib/cdk8s-nix/assistants';

      test('baked into the image it runs without a network or a place to write, whoever the user is', () => {
        run(command, command);
        const prepare = `${baked}; cp -a home/code/.cache/cdk8s-nix/${installed} usr/local/lib/cdk8s-nix/assistants; rm -rf home/code/.cache
          for folder in home/code nix tmp usr/local; do mount --bind $folder $folder; mount -o remount,ro,bind $folder; done`;
        const result = container.run(`/home/code/.nix-profile/bin/${command} --version`,
          { prepare, user: '1000680000:0', env: { NPX_RECORD: '/dev/null', HOME: '/home/code', NPM_PING: 'ENOTFOUND' } });
        expect(result).toMatchObject({ status: 0 });
        expect(result.output).toContain(`${command} runs with 1 arguments: --version`);
      });

      test('the folder in the store volume is shared by homes, once it exists', () => {
        run(command, `mkdir -p /nix/var/cdk8s-nix/assistants; ${command}`);
        expect(container.run('ls -A /nix/var/cdk8s-nix/assistants').output).toBe(`${installed}\n`);
        const other = container.run(`/home/code/.nix-profile/bin/${command} --version`,
          { user: '1000680000:0', env: { NPX_RECORD: '/dev/null', HOME: '/tmp/cache-home', NPX_FAILS: '1', NPM_PING: 'ENOTFOUND' } });
        expect(other).toMatchObject({ status: 0 });
      });

      test('CDK8S_NIX_ASSISTANTS names another one', () => {
        run(command, `mkdir -p /nix/var/cdk8s-nix/assistants; ${command}`, { CDK8S_NIX_ASSISTANTS: '/tmp/cache-mine' });
        expect(container.has(`tmp/cache-mine/${installed}/proven`)).toBe(true);
      });
    });

    test('can be installed without being run', () => {
      const first = run(command, `${command} 2>/dev/null`, { CDK8S_NIX_INSTALL_ONLY: '1' });
      expect(first).toEqual({ status: 0, output: `/home/code/.cache/cdk8s-nix/${installed}\n` });
      for (const value of ['1', 'true', 'Yes']) {
        expect(run(command, command, { CDK8S_NIX_INSTALL_ONLY: value, NPX_FAILS: '1' })).toEqual(first);
      }
      expect(run(command, command, { CDK8S_NIX_INSTALL_ONLY: 'No' }).output).toContain(`${command} runs with 0 arguments`);
      expect(run(command, command, { CDK8S_NIX_INSTALL_ONLY: 'maybe' }))
        .toEqual({ status: 1, output: `${command}: CDK8S_NIX_INSTALL_ONLY is 'maybe'; it is true or false\n` });
    });

    test('another version or package is installed beside', () => {
      const variable = `CDK8S_NIX_PACKAGE_${command.toUpperCase()}`;
      run(command, command);
      expect(run(command, command, { [variable]: '@mine/fork@1.2.3-rc.1' })).toMatchObject({ status: 0 });
      expect(record()).toContain('npx --yes --package=@mine/fork@1.2.3-rc.1 -- true');
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output.split('\n').filter(Boolean).sort())
        .toEqual([installed, `${command}-_mine_fork_1.2.3-rc.1-x86_64-linux`].sort());
      const refused = run(command, command, { [variable]: 'latest' });
      expect(refused).toEqual({ status: 1, output: `${command}: ${variable} is 'latest'; it must be a package and its version, such as ${npmPackage}@${version}\n` });
    });

    test('lies where the assistants see that npx runs them, which keeps them from updating themselves', () => {
      run(command, command);
      expect(record()).toMatch(/npm_config_cache=\S+\/npm$/m);
    });

    test('an installation that was killed is not taken for one', () => {
      run(command, `setsid ${command} & until [ -e /tmp/paused ]; do sleep 0.1; done; kill -9 -$!; wait`, { NPX_PAUSE: '/tmp/paused' });
      expect(container.has(`home/code/.cache/cdk8s-nix/${installed}`)).toBe(false);
      expect(run(command, command).output).toContain(`${command} runs with 0 arguments`);
    });

    test('the caller\'s node and npm settings have no part in it', () => {
      const result = run(command, `mkdir -p /tmp/cache-project; cd /tmp/cache-project; echo 'registry=http://evil.example' >.npmrc; ${command}`);
      expect(result).toMatchObject({ status: 0 });
      expect(record()).not.toContain('in /tmp/cache-project');
    });

    test.each([
      ['npm_config_cache', { npm_config_cache: '/tmp/cache-npm' }, 'tmp/cache-npm/cdk8s-nix'],
      ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/tmp/cache-xdg' }, 'tmp/cache-xdg/cdk8s-nix'],
      ['an npm_config_cache that is read-only', { npm_config_cache: '/usr/share' }, 'home/code/.cache/cdk8s-nix'],
      ['a HOME that does not exist', { HOME: '/nonexistent' }, 'tmp/cache-1001/cdk8s-nix'],
      ['no HOME', { HOME: '' }, 'tmp/cache-1001/cdk8s-nix'],
    ])('with %s it is in a folder that can be written', (_, env, place) => {
      expect(run(command, command, env)).toMatchObject({ status: 0 });
      expect(container.has(`${place}/${installed}`)).toBe(true);
    });

    test('a read-only HOME is left alone', () => {
      const result = run(command, command, {}, 'mount --bind home/code home/code; mount -o remount,ro,bind home/code');
      expect(result).toMatchObject({ status: 0 });
      expect(container.has(`tmp/cache-1001/cdk8s-nix/${installed}`)).toBe(true);
    });

    test('is replaced by its command, so that signals reach it', () => {
      run(command, command);
      const [id, output] = run(command, `${command} >/tmp/cache-output & echo $!; wait; cat /tmp/cache-output`).output.split(/\n(.*)/s);
      expect(output).toContain(`process ${id},`);
    });
  });

  test('claude does not update itself', () => {
    expect(run('claude', 'claude').output).toContain('DISABLE_AUTOUPDATER=1');
  });

  test.each([['claude', 'CLAUDE_CONFIG_DIR'], ['codex', 'CODEX_HOME']])('the configuration folder of %s is made where %s says', (command, variable) => {
    expect(run(command, command, { [variable]: '/tmp/cache-config/a' })).toMatchObject({ status: 0 });
    expect(container.has('tmp/cache-config/a')).toBe(true);
  });

  describe('what the manifest says', () => {
    const config = 'etc/cdk8s-nix';
    const realNode = `mkdir -p opt; touch opt/node; mount --bind ${process.execPath} opt/node`;
    const home = '/home/code/.claude';
    const files = { type: 'stdio', command: 'npx', args: ['-y', 'server@1', 'server@1'], env: { TOKEN: '${TOKEN}' } };
    const mine = { type: 'stdio', command: 'mine', args: [], env: {} };

    beforeEach(() => container.write(`${config}/nix.conf`, ''));
    afterEach(() => fs.rmSync(path.join(container.root, config), { recursive: true, force: true }));

    /** A start of claude in a pod whose manifest says this, or nothing. */
    function start(told?: object, env: Record<string, string> = { CLAUDE_CONFIG_DIR: home }, prepare = ''): string {
      const file = path.join(container.root, config, 'claude.json');
      fs.rmSync(file, { force: true });
      if (told) {
        container.write(`${config}/claude.json`, JSON.stringify(told));
      }
      const { status, output } = run('claude', 'claude -p hello 2>&1', env, `${realNode}\n${prepare}`);
      expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('claude runs with 2 arguments: -p hello\n') });
      return output;
    }

    function write(name: string, content: object): void {
      run('claude', `mkdir -p ${home}; cat >${home}/${name} <<'END'\n${JSON.stringify(content)}\nEND`);
    }

    const settings = () => JSON.parse(container.read('home/code/.claude/settings.json'));
    const claudeJson = () => JSON.parse(container.read('home/code/.claude/.claude.json'));

    test('is in the files of the home, beside what is there, and goes when it is said no more', () => {
      write('settings.json', { theme: 'dark', permissions: { allow: ['A'] } });
      write('.claude.json', { userID: '1', cost: 0.1234567890123, mcpServers: { mine } });
      start({ settings: { model: 'opus', permissions: { allow: ['B'], deny: ['C'] } }, mcpServers: { files } });
      expect(settings()).toEqual({ theme: 'dark', permissions: { allow: ['A', 'B'], deny: ['C'] }, model: 'opus' });
      expect(claudeJson()).toEqual({ userID: '1', cost: 0.1234567890123, mcpServers: { mine, files } });
      start({ settings: { model: 'sonnet', permissions: { deny: ['D'] } } });
      expect(settings()).toEqual({ theme: 'dark', permissions: { allow: ['A'], deny: ['D'] }, model: 'sonnet' });
      expect(claudeJson().mcpServers).toEqual({ mine });
      start();
      expect(settings()).toEqual({ theme: 'dark', permissions: { allow: ['A'] } });
      expect(container.run(`ls -A ${home}`).output).toBe('.claude.json\nsettings.json\n');
    });

    test('does not undo what the user has changed since', () => {
      start({ settings: { model: 'opus', a: 1, list: ['x', 'y'] }, mcpServers: { files, other: files } });
      write('settings.json', { model: 'haiku', a: 1, list: ['y', 'z'], mine: true });
      write('.claude.json', { mcpServers: { mine, other: { ...files, args: [] } } });
      const told = { settings: { model: 'sonnet', a: 2, list: ['x', 'y', 'w'] }, mcpServers: { files, other: { ...files, command: 'new' } } };
      for (let time = 0; time < 2; time++) {
        start(told);
        expect(settings()).toEqual({ model: 'haiku', a: 2, list: ['y', 'z', 'w'], mine: true });
        expect(claudeJson()).toEqual({ mcpServers: { mine, other: { ...files, args: [] } } });
      }
      start();
      expect(settings()).toEqual({ model: 'haiku', list: ['z'], mine: true });
    });

    test('comes again where the files are new, and without a folder of its own', () => {
      start({ mcpServers: { files } });
      run('claude', `rm ${home}/.claude.json`);
      start({ mcpServers: { files } });
      expect(claudeJson()).toEqual({ mcpServers: { files } });
      start({ settings: { a: 1 }, mcpServers: { files } }, {});
      expect(JSON.parse(container.read('home/code/.claude.json'))).toEqual({ mcpServers: { files } });
      expect(settings()).toEqual({ a: 1 });
    });

    test('files of the home stay its user\'s own, and a link stays one', () => {
      write('real.json', { theme: 'dark' });
      run('claude', `chmod 640 ${home}/real.json; ln -s real.json ${home}/settings.json`);
      start({ settings: { ['__proto__']: { a: 1 }, 'a.b': { 'c d': 'é"\n' } }, mcpServers: { files } });
      expect(container.run(`cd ${home}; stat -c '%a %u %F %n' settings.json real.json .claude.json`).output)
        .toBe('777 1001 symbolic link settings.json\n640 1001 regular file real.json\n600 1001 regular file .claude.json\n');
      expect(Object.entries(settings())).toEqual([['theme', 'dark'], ['__proto__', { a: 1 }], ['a.b', { 'c d': 'é"\n' }]]);
    });

    test.each([
      ['cannot be read', `mkdir -p ${home}; echo '{ // mine' >${home}/settings.json`, 'what the manifest says is not in /home/code/.claude/settings.json'],
      ['is a part of a home-manager configuration', `mkdir -p ${home}; echo '{}' >/nix/store/mine.json; ln -s /nix/store/mine.json ${home}/settings.json`,
        'it is a link into the Nix store, and belongs to a home-manager configuration'],
    ])('leaves a file alone that %s, and says so', (_, prepare, message) => {
      run('claude', prepare);
      const before = container.run(`cat ${home}/settings.json`).output;
      expect(start({ settings: { a: 1 }, mcpServers: { files } })).toContain(message);
      expect(container.run(`cat ${home}/settings.json; rm -f /nix/store/mine.json`).output).toBe(before);
      expect(claudeJson().mcpServers).toEqual({ files });
    });

    test('starts all the same with a home that cannot be written', () => {
      start();
      expect(start({ settings: { a: 1 } }, { CLAUDE_CONFIG_DIR: home }, 'mkdir -p home/code/.claude; mount --bind home/code home/code; mount -o remount,ro,bind home/code'))
        .toMatch(/^claude: what the manifest says is not in \S+settings.json: EROFS/m);
    });

    test('waits for another process of the assistant, but not for one that died', () => {
      run('claude', `mkdir -p ${home}/.claude.json.lock; touch -d '1 minute ago' ${home}/.claude.json.lock`);
      start({ mcpServers: { files } });
      expect(container.run(`ls -A ${home}`).output).toBe('.cdk8s-nix.json\n.claude.json\n');
    });

    test('is left alone outside of pods of ours', () => {
      start({ settings: { a: 1 } });
      fs.rmSync(path.join(container.root, config), { recursive: true });
      run('claude', 'claude', { CLAUDE_CONFIG_DIR: home }, realNode);
      expect(settings()).toEqual({ a: 1 });
    });

    test('becomes arguments of codex, but for servers of its user', () => {
      container.write(`${config}/codex-servers`, 'files = { "command" = "npx", "args" = ["a b", "c\\"d"] }\nb-2 = { "url" = "https://b.example" }\nb = { "url" = "https://c.example" }\n');
      run('codex', 'mkdir -p ~/.codex; printf \'mcp_servers . "b" = { command = "mine" }\\n[projects."/b"]\\n\' >~/.codex/config.toml');
      expect(run('codex', 'codex exec hello', {}, realNode).output).toContain(
        'codex runs with 6 arguments: -c mcp_servers.files={ "command" = "npx", "args" = ["a b", "c\\"d"] } -c mcp_servers.b-2={ "url" = "https://b.example" } exec hello\n'
          .replace(/(files|b-2)=/g, '$1 = '));
    });

    test('and codex starts without them where they cannot be read', () => {
      container.write(`${config}/codex-servers`, 'files = { "command" = "npx" }\n');
      const { status, output } = run('codex', 'codex exec hello');
      expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('codex: what the manifest says of MCP servers did not arrive\n') });
      expect(output).toContain('codex runs with 2 arguments: exec hello');
    });
  });

  test('claude is started by the C library of nixpkgs where the image has none in the usual place', () => {
    const wrapper = container.run('cat /home/code/.nix-profile/bin/claude').output
      .replace('loader=\'/lib64/ld-linux-x86-64.so.2\'', 'loader=\'/tmp/cache-libc/ld-of-nixpkgs.so\'');
    container.write('tmp/cache-claude', wrapper, 0o755);
    container.write('tmp/cache-libc/ld-of-nixpkgs.so', '#!/bin/sh\necho "loader $*, USE_BUILTIN_RIPGREP=$USE_BUILTIN_RIPGREP, $(command -v ripgrep)"\n', 0o755);
    const output = run('claude', '/tmp/cache-claude --version').output;
    expect(output).toMatch(/^loader \S+\/node_modules\/\.bin\/claude --version, USE_BUILTIN_RIPGREP=0, \/nix\/store\/\S+\/bin\/ripgrep$/m);
  });

  describe('in the store', () => {
    const lock = JSON.parse(fs.readFileSync(path.join(folder, '../in-store/npm-lock.json'), 'utf8'));

    test.each(WRAPPERS)('%s is locked in the version that its wrapper installs, for both systems', (command, npmPackage) => {
      const { version, systems } = lock[command];
      expect(version).toBe(pinnedVersion(command));
      expect(Object.keys(systems)).toEqual(['x86_64-linux', 'aarch64-linux']);
      for (const { executable, packages } of Object.values<any>(systems)) {
        expect(packages[0]).toMatchObject({ at: npmPackage, file: `${npmPackage}/-/${path.basename(npmPackage)}-${version}.tgz` });
        expect(packages.some(({ at }: any) => executable.startsWith(`${at}/`))).toBe(true);
        packages.forEach(({ hash }: any) => expect(hash).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/));
      }
    });

    test('a configuration brings them: nothing is asked, nothing is installed', () => {
      const registry = path.join(container.root, 'tmp/registry');
      const mock: any = {};
      for (const [command, npmPackage] of WRAPPERS) {
        const packed = path.join(registry, command);
        fs.mkdirSync(path.join(packed, 'package'), { recursive: true });
        fs.writeFileSync(path.join(packed, 'package/run'), `#!/bin/sh\necho "${command} of the store: $*"\n`);
        spawnSync('tar', ['-czf', path.join(registry, `${command}.tgz`), '-C', packed, 'package']);
        const hash = `sha512-${createHash('sha512').update(fs.readFileSync(path.join(registry, `${command}.tgz`))).digest('base64')}`;
        mock[command] = {
          version: pinnedVersion(command),
          systems: { 'x86_64-linux': { executable: `${npmPackage}/run`, packages: [{ at: npmPackage, file: `${command}.tgz`, hash }] } },
        };
      }
      spawnSync('cp', ['-r', path.join(container.root, 'opt/cdk8s-nix/nix'), path.join(container.root, 'tmp/mine')]);
      container.write('tmp/mine/in-store/npm-lock.json', JSON.stringify(mock));
      const modules = WRAPPERS.map(([command]) => {
        container.write(`tmp/mine/in-store/${command}.nix`, `import ./packages.nix { command = "${command}"; registry = "file:///tmp/registry"; }`);
        return `../in-store/${command}.nix`;
      });
      container.write('tmp/mine/profiles/mine.nix', `{ imports = [ ./essential.nix ${modules.join(' ')} ]; }`);
      container.write('tmp/mine/flake.nix', container.read('tmp/mine/flake.nix').replace('./profiles/essential.nix', './profiles/mine.nix'));
      const env = { HOME: '/home/code', USER: 'code', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides };
      expect(container.run('sh /opt/cdk8s-nix/install-container.sh --flake /tmp/mine --attribute container-essential', { env })).toMatchObject({ status: 0 });
      for (const [command] of WRAPPERS) {
        // No folder can be written, and the profile is found through links.
        const { status, output } = run(command, `${command} -p hello`, { HOME: '/nowhere' }, 'mount -o ro,bind nix nix');
        expect({ status, output }).toEqual({ status: 0, output: `${command} of the store: -p hello\n` });
      }
      expect(record()).not.toMatch(/^npx/m);
    });
  });
});
