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

  describe('whose place has something that this user cannot remove', () => {
    const place = `/${CACHE}`;
    const prepared = (commands: string) => `mkdir -p ${CACHE}; I=${CACHE}/${installed}; ${commands}; chown 1001:1001 home/code/.cache ${CACHE}`;

    test.each([
      ['a leftover of another user\'s', 'mkdir -p $I.abc123/npm/x; touch $I.abc123/npm/x/f $I.lock; chown -R 1234 $I.abc123 $I.lock'],
      ['a leftover with a folder that is read only', 'mkdir -p $I.abc123/x; touch $I.abc123/x/f; chown -R 1001 $I.abc123; chmod 555 $I.abc123/x'],
      ['a leftover with a folder that cannot be read', 'mkdir -p $I.abc123/x; touch $I.abc123/x/f; chown -R 1001 $I.abc123; chmod 0 $I.abc123/x'],
      ['a folder as lock', 'mkdir -p $I.lock'],
      ['another user\'s folder as lock', 'mkdir -p $I.lock/x; chown -R 1234 $I.lock'],
      ['a lock that cannot be opened', 'touch $I.lock; chown 1234 $I.lock; chmod 600 $I.lock'],
      ['logs of another user\'s', 'mkdir -p $I.log/x; touch $I.log/x/f; chown -R 1234 $I.log'],
    ])('%s: it is installed all the same', (_, prepare) => {
      const { status, output } = run('gemini', {}, { prepare: prepared(prepare) });
      expect(output).toMatch(/^gemini: installing \S+, once$/m);
      expect(output).toMatch(/^gemini runs with 0 arguments/m);
      expect(output).not.toMatch(/^(rm|chmod|rmdir|mktemp):|Permission denied|Is a directory/m);
      expect(status).toBe(0);
      expect(run('gemini', { NPX_FAILS: '1' })).toMatchObject({ status: 0 });
    });

    test('what is read only, and one\'s own, is removed', () => {
      run('gemini', {}, { prepare: prepared('mkdir -p $I.abc123/x; touch $I.abc123/x/f; chown -R 1001 $I.abc123; chmod 555 $I.abc123/x') });
      expect(content()).toEqual([installed]);
    });

    test.each([
      ['a broken installation of another user\'s', 'chown -R 1234 $I; : >$I/proven'],
      ['one that cannot be read', 'chmod 0 $I/npm'],
      ['another user\'s that cannot be read', 'chown -R 1234 $I; chmod 0 $I/npm'],
      ['a file', 'rm -rf $I; touch $I'],
      ['a link that leads nowhere', 'rm -rf $I; ln -s nowhere $I'],
      ['an empty folder of another user\'s', 'rm -rf $I; mkdir $I; chown 1234 $I'],
    ])('%s in its place is replaced, once', (_, damage) => {
      run('gemini');
      const { status, output } = run('gemini', {}, { prepare: prepared(damage) });
      expect(output).toMatch(new RegExp(`^gemini: the installation in ${place}/${installed} is broken, and is replaced\n`, 'm'));
      expect(output).not.toMatch(/^(rm|chmod|mv|mkdir):|Permission denied/m);
      expect(status).toBe(0);
      expect(run('gemini', { NPX_FAILS: '1' })).toMatchObject({ status: 0, output: expect.not.stringContaining('replaced') });
    });

    describe('in a folder where only its owner renames it', () => {
      const sticky = () => prepared(': >$I/proven; rm -rf home/code/shared; mv home/code/.cache/cdk8s-nix home/code/shared; chown -R 1234 home/code/shared')
        .replace(/; chown 1001:1001 [^;]*$/, '; chgrp 1001 home/code/shared; chmod 1770 home/code/shared');
      const shared = { CDK8S_NIX_ASSISTANTS: '/home/code/shared' };
      const said = () => `gemini: what is in /home/code/shared/${installed} is no whole installation, and cannot be replaced: remove it\n`;

      beforeEach(() => run('gemini'));

      test('the next place is taken', () => {
        const { status, output } = run('gemini', shared, { prepare: sticky() });
        expect(output).toContain(said());
        expect(output).toContain(', once\n');
        expect(status).toBe(0);
        expect(run('gemini', { ...shared, NPX_FAILS: '1' })).toMatchObject({ status: 0, output: expect.not.stringContaining('gemini:') });
      });

      test('nothing is downloaded where there is none', () => {
        const result = run('rm -f /tmp/record; gemini', { ...shared, CDK8S_NIX_INSTALL_ONLY: '1' }, { prepare: sticky() });
        expect(result).toEqual({ status: 1, output: said() });
        expect(container.has('tmp/record')).toBe(false);
      });
    });
  });

  describe('where CDK8S_NIX_ASSISTANTS', () => {
    test('is relative, are in the folder that it means', () => {
      const { status, output } = run('cd /tmp; gemini; cd /; ls /tmp/asked', { CDK8S_NIX_ASSISTANTS: 'asked' });
      expect(output).toContain('gemini runs with 0 arguments');
      expect({ status, installed: content('tmp/asked') }).toEqual({ status: 0, installed: [installed] });
    });

    test('cannot be written, are elsewhere, which is said', () => {
      expect(run('gemini', { CDK8S_NIX_ASSISTANTS: '/usr/share/assistants' }).output)
        .toMatch(/^gemini: cannot write to CDK8S_NIX_ASSISTANTS, which is \/usr\/share\/assistants: another place is taken$/m);
      expect(content()).toEqual([installed]);
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
