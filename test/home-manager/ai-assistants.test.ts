import { spawnSync } from 'node:child_process';
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
    container.run('cp -a /tmp/home/. /home/code/; rm -rf /tmp/record* /tmp/cache* /tmp/paused');
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
      expect(wrapper).toContain(`package=${npmPackage}@${version}`);
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

      const second = run(command, `${command} again`, { NPX_FAILS: '1' });
      expect(second).toMatchObject({ status: 0 });
      expect(second.output).toContain(`${command} runs with 1 arguments: again`);
      expect(second.output).not.toContain('installing');
      expect(record().match(/^npx/gm)).toHaveLength(1);
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe(`${installed}\n`);
      // The downloads, once unpacked, are of no more use.
      expect(container.has(`home/code/.cache/cdk8s-nix/${installed}/npm/_cacache`)).toBe(false);
    });

    test('nothing is left of an installation that failed, and the next one works', () => {
      const failed = run(command, command, { NPX_FAILS: '1' });
      expect(failed.status).toBe(1);
      expect(failed.output).toContain(`${command}: npx could not install ${npmPackage}@${version}`);
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe('');
      expect(run(command, command)).toMatchObject({ status: 0 });
    });

    test('a package that is installed but does not run is not taken for installed', () => {
      const failed = run(command, command, { NPX_INSTALLS_STUB: '1' });
      expect(failed.status).toBe(1);
      expect(failed.output).toContain('native binary not installed');
      expect(failed.output).toContain(`${command}: ${npmPackage}@${version} is installed but does not run`);
      expect(container.run('ls -A /home/code/.cache/cdk8s-nix').output).toBe('');
      expect(run(command, command)).toMatchObject({ status: 0 });
    });

    test('install scripts run, with the Node.js of nixpkgs, whatever the user and the image have', () => {
      run(command, `mkdir -p /tmp/cache-bin; printf '#!/bin/sh\nexit 1\n' >/tmp/cache-bin/node; chmod +x /tmp/cache-bin/node; PATH=/tmp/cache-bin:$PATH; ${command}`,
        { npm_config_ignore_scripts: 'true' });
      expect(container.read('tmp/record.settings')).toMatch(new RegExp(`^scripts: ignore=false allow=${npmPackage}; node: /nix/store/`));
    });

    test('lies where the assistants see that npx runs them, which keeps them from updating themselves', () => {
      run(command, command);
      expect(record()).toMatch(/npm_config_cache=\S+\/npm$/m);
    });

    test('what killed installations left behind is removed by the next one, a day later', () => {
      const old = `/home/code/.cache/cdk8s-nix/${installed}.abcdef`;
      const fresh = `/home/code/.cache/cdk8s-nix/${installed}.ghijkl`;
      run(command, `mkdir -p ${old}/npm ${fresh}; touch -d '2 days ago' ${old}; ${command}`);
      expect(container.has(old.slice(1))).toBe(false);
      expect(container.has(fresh.slice(1))).toBe(true);
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
      const script = `home/code/.cache/cdk8s-nix/${installed}/npm/_npx/0123456789abcdef/node_modules/.bin/${command}`;
      container.write(script, '#!/bin/sh\necho $$\n', 0o755);
      const ids = run(command, `${command} & echo $!; wait`).output.trim().split('\n');
      expect(new Set(ids).size).toBe(1);
    });
  });

  test('claude does not update itself', () => {
    expect(run('claude', 'claude').output).toContain('DISABLE_AUTOUPDATER=1');
  });

  test.each([['claude', 'CLAUDE_CONFIG_DIR'], ['codex', 'CODEX_HOME']])('the configuration folder of %s is made where %s says', (command, variable) => {
    expect(run(command, command, { [variable]: '/tmp/cache-config/a' })).toMatchObject({ status: 0 });
    expect(container.has('tmp/cache-config/a')).toBe(true);
  });

  test('claude is started by the C library of nixpkgs where the image has none in the usual place', () => {
    const wrapper = container.run('cat /home/code/.nix-profile/bin/claude').output
      .replace('loader=/lib64/ld-linux-x86-64.so.2', 'loader=/tmp/cache-libc/ld-of-nixpkgs.so');
    container.write('tmp/cache-claude', wrapper, 0o755);
    container.write('tmp/cache-libc/ld-of-nixpkgs.so', '#!/bin/sh\necho "loader $*, USE_BUILTIN_RIPGREP=$USE_BUILTIN_RIPGREP, $(command -v ripgrep)"\n', 0o755);
    const output = run('claude', '/tmp/cache-claude --version').output;
    expect(output).toMatch(/^loader \S+\/node_modules\/\.bin\/claude --version, USE_BUILTIN_RIPGREP=0, \/nix\/store\/\S+\/bin\/ripgrep$/m);
  });
});
