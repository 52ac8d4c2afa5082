import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer, RunOptions, RunResult } from './nix-container';

const CACHE = 'home/code/.cache/cdk8s-nix';

describe('installations of an assistant', () => {
  let container: NixContainer;
  let installed: string;

  beforeAll(() => {
    container = new NixContainer();
    const result = container.run('sh /opt/cdk8s-nix/install-container.sh essential', {
      env: { HOME: '/home/code', USER: 'code', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides },
    });
    expect(result).toMatchObject({ status: 0 });
    container.run('cp -a /home/code/. /opt/home', { prepare: 'mkdir opt/home; chown 1001:1001 opt/home' });
    container.write('opt/poll', '#!/bin/sh\nn=0\nuntil eval "$1"; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done\n', 0o755);
  });
  afterAll(() => container.remove());

  beforeEach(() => {
    container.emptyHome();
    container.run('cp -a /opt/home/. /home/code/');
    const tmp = path.join(container.root, 'tmp');
    fs.readdirSync(tmp).forEach(name => fs.rmSync(path.join(tmp, name), { recursive: true }));
    installed = fs.readFileSync(path.join(__dirname, '../../nix/ai-assistants/gemini.nix'), 'utf8').replace(/.*version = "([^"]*)".*/s, 'gemini-$1-x86_64-linux');
  });

  function run(script: string, env: Record<string, string> = {}, options: RunOptions = {}): RunResult {
    return container.run(`PATH=$PATH:/home/code/.nix-profile/bin:/opt; ${script}`, {
      ...options,
      env: { HOME: '/home/code', NPX_RECORD: '/tmp/record', NPX_INSTALLS: 'gemini', ...env },
    });
  }

  const content = (folder = CACHE) => fs.readdirSync(path.join(container.root, folder)).sort();

  describe('that is broken is replaced', () => {
    const modules = 'npm/_npx/0123456789abcdef/node_modules';

    test.each([
      ['has lost a small file', 'rm FOLDER/chunk.js'],
      ['has a small file cut off', 'truncate -s 5 FOLDER/chunk.js'],
      ['has a file that grew', 'echo >>FOLDER/chunk.js'],
      ['has lost its list', 'rm FOLDER/../../../../proven; rm FOLDER/.bin/gemini'],
    ])('at the next start where it %s', (_, damage) => {
      run('gemini');
      run(damage.replace(/FOLDER/g, `/${CACHE}/${installed}/${modules}`));
      expect(run('gemini').output).toContain(`gemini: the installation in /${CACHE}/${installed} is broken, and is replaced\n`);
      expect(run('gemini', { NPX_FAILS: '1' })).toMatchObject({ status: 0, output: expect.not.stringContaining('replaced') });
      expect(content()).toEqual([installed]);
    });

    test('before it is passed on, where only the content has changed', () => {
      run('gemini');
      const damage = `chmod u+w /${CACHE}/${installed}/${modules}/chunk.js; echo damage | dd of=/${CACHE}/${installed}/${modules}/chunk.js conv=notrunc 2>/dev/null`;
      run(damage);
      // A start does not read hundreds of MB.
      expect(run('gemini', { NPX_FAILS: '1' })).toMatchObject({ status: 0 });
      expect(run('gemini', { CDK8S_NIX_INSTALL_ONLY: '1' }).output).toContain('is broken, and is replaced');
      expect(run('gemini', { CDK8S_NIX_INSTALL_ONLY: '1' }).output).toBe(`/${CACHE}/${installed}\n`);
    });

    test('elsewhere, where it cannot be written', () => {
      run('gemini');
      const baked = `mount -t tmpfs tmpfs usr/local; mkdir -p usr/local/lib/cdk8s-nix; mv ${CACHE} usr/local/lib/cdk8s-nix/assistants; rm usr/local/lib/cdk8s-nix/assistants/${installed}/${modules}/chunk.js`;
      expect(run('gemini', {}, { prepare: baked }).output).toContain('once');
      expect(content()).toEqual([installed]);
    });
  });

  describe('that were killed', () => {
    /** Starts that get as far as npm, of this package, and are killed with all they have started. */
    function kill(count: number, version = ''): void {
      for (let n = 0; n < count; n++) {
        run('rm -f /tmp/paused; setsid gemini >/dev/null 2>&1 & poll "[ -e /tmp/paused ]" && kill -9 -$!; wait',
          { NPX_PAUSE: '/tmp/paused', ...version ? { CDK8S_NIX_PACKAGE_GEMINI: version } : {} });
      }
    }

    test('give their room back at the next start, and are not taken for one', () => {
      kill(1);
      const left = [`${installed}.PART`, `${installed}.lock`, `${installed}.log`];
      const names = () => content().map(name => name.replace(/\.[A-Za-z0-9]{6}$/, '.PART')).sort();
      expect(names()).toEqual(left);
      kill(2);
      expect(names()).toEqual(left);
      expect(run('gemini')).toMatchObject({ status: 0, output: expect.stringContaining('gemini runs with 0 arguments') });
      expect(content()).toEqual([installed]);
    });

    test('so do those of another version, and without another installation', () => {
      run('gemini');
      kill(1, '@google/gemini-cli@0.1.0');
      expect(content()).toHaveLength(4);
      expect(run('gemini', { NPX_FAILS: '1' })).toMatchObject({ status: 0 });
      expect(content()).toEqual([installed]);
    });

    test('but not while their npm goes on', () => {
      const { output } = run(`
        gemini >/dev/null 2>&1 & poll '[ -e /tmp/paused ]'; kill -9 $!; wait
        NPX_PAUSE= CDK8S_NIX_PACKAGE_GEMINI=@google/gemini-cli@0.1.0 gemini 2>/dev/null
        ls ~/.cache/cdk8s-nix`, { NPX_PAUSE: '/tmp/paused' });
      expect(output).toMatch(/\.[A-Za-z0-9]{6}$/m);
    });
  });

  test('are made once by starts at once', () => {
    const { output } = run(`
      for number in 1 2 3; do gemini $number >/tmp/out-$number 2>&1 & done
      poll '[ "$(cat /tmp/out-* | grep -c waiting)" = 2 ]'
      touch /tmp/go
      wait; cat /tmp/out-*`, { NPX_PAUSE: '/tmp/paused', NPX_GOES_ON: '/tmp/go' });
    expect(output.match(/once$/gm)).toHaveLength(1);
    expect(output.match(/another start is installing \S+: waiting for it$/gm)).toHaveLength(2);
    expect(output.match(/^gemini runs with 1 arguments: [123]$/gm)).toHaveLength(3);
    expect(container.read('tmp/record').match(/^npx/gm)).toHaveLength(1);
    expect(content()).toEqual([installed]);
  });

  describe('in a folder of everybody', () => {
    const somebodys = (folder: string) => `mkdir -p tmp/evil; cp -r ${CACHE} tmp/evil/cdk8s-nix; rm -rf home/code/.cache; chown -R 1234:1234 tmp/evil; ${folder}`;

    test.each([
      ['is not run, nor is anything put there', 'mv tmp/evil tmp/cache-1001'],
      ['is not run through a link', 'ln -s evil tmp/cache-1001; chown -h 1234 tmp/cache-1001'],
      ['is not run although it may be written', 'chmod -R a+w tmp/evil; mv tmp/evil tmp/cache-1001'],
      ['is not run in a folder of one\'s own that everybody may write', 'mkdir tmp/cache-1001; chown 1001 tmp/cache-1001; chmod 777 tmp/cache-1001; mv tmp/evil/cdk8s-nix tmp/cache-1001'],
    ])('what belongs to somebody else %s', (_, prepare) => {
      run('gemini');
      const { status, output } = run('gemini', { HOME: '/nonexistent' }, { prepare: somebodys(prepare) });
      expect(output).toBe('gemini: /tmp/cache-1001 is in a folder that everybody may write, and belongs to somebody else: it is not used\n'
        + `gemini: no folder to install @google/gemini-cli@${/\d[^-]*/.exec(installed)![0]} in can be written: set CDK8S_NIX_ASSISTANTS or npm_config_cache\n`);
      expect(status).toBe(1);
    });

    test('what is one\'s own, or root\'s, is run', () => {
      run('gemini', { HOME: '/nonexistent' });
      expect(run('gemini', { HOME: '/nonexistent', NPX_FAILS: '1' })).toMatchObject({ status: 0 });
      expect(run('gemini', { HOME: '/nonexistent', NPX_FAILS: '1' }, { prepare: 'chown -R 0:0 tmp/cache-1001' })).toMatchObject({ status: 0 });
    });
  });

  describe('that are made for others', () => {
    test('are where they were asked for, also if the home has one', () => {
      run('gemini');
      const { output } = run('gemini', { CDK8S_NIX_INSTALL_ONLY: '1', CDK8S_NIX_ASSISTANTS: '/tmp/asked' });
      expect(output).toContain(`/tmp/asked/${installed}\n`);
      expect(content('tmp/asked')).toEqual([installed]);
    });

    test('are nowhere else if that cannot be written', () => {
      expect(run('gemini', { CDK8S_NIX_INSTALL_ONLY: '1', CDK8S_NIX_ASSISTANTS: '/usr/share/assistants' }))
        .toEqual({ status: 1, output: 'gemini: cannot write to CDK8S_NIX_ASSISTANTS, which is /usr/share/assistants\n' });
    });
  });
});
