import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer, RunOptions, RunResult } from './nix-container';

const POD = { HOME: '/home/code', USER: 'code', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides };
const ROOTS = '/nix/var/nix/gcroots/cdk8s-nix';
const MARKER = 'home/code/.local/state/cdk8s-nix/home-manager';

/** Every call of a Nix command goes through these and is recorded. */
const SPY = 'tmp/spy';

describe('install-container.sh', () => {
  let container: NixContainer;
  beforeAll(() => { container = new NixContainer(); });
  afterAll(() => container.remove());
  beforeEach(() => container.reset());

  function install(args = '', env: Record<string, string> = {}, options: RunOptions & { shell?: string } = {}): RunResult {
    return container.run(`${options.shell ?? 'sh'} /opt/cdk8s-nix/install-container.sh ${args}`, { ...options, env: { ...POD, ...env } });
  }

  function commands(): string[] {
    return container.run('ls /home/code/.nix-profile/bin').output.trim().split('\n');
  }

  /** Puts spies before nix, nix-build and so on; what they record is what was called. */
  function spiedOn(): Record<string, string> {
    for (const command of ['nix', 'nix-build', 'nix-env', 'nix-store', 'nix-instantiate']) {
      container.write(`${SPY}/${command}`, `#!/bin/sh\necho "${command} $*" >>/tmp/calls\nexec /usr/bin/${command} "$@"\n`, 0o755);
    }
    container.run('rm -f /tmp/calls');
    return { PATH: `/${SPY}:${NixContainer.path}` };
  }

  function calls(): string[] {
    return container.has('tmp/calls') ? container.read('tmp/calls').trim().split('\n') : [];
  }

  /** The roots in the store volume, without the flake's identity. */
  function roots(): string[] {
    return container.run(`ls -A ${ROOTS} 2>/dev/null`).output.split('\n').filter(Boolean).map(name => name.replace(/-[0-9a-f]{32}$/, ''));
  }

  /** Nothing of ours in HOME or among the roots, and no rubbish in /tmp. */
  function expectNothingDone(): void {
    expect(container.has(MARKER)).toBe(false);
    expect(roots()).toEqual([]);
    expect(container.run('ls -d /tmp/install-container* 2>/dev/null').output).toBe('');
  }

  describe.each(['dash', 'bash', 'busybox sh'])('under %s', shell => {
    test('installs a profile, then finds it installed', () => {
      const first = install('minimal', {}, { shell });
      expect(first).toMatchObject({ status: 0 });
      expect(first.output).toMatch(
        /install-container: container-minimal is active for code in \/home\/code: built, generation \/nix\/store\/\S+-home-manager-generation, \d+ s\n$/);
      expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
      expect(container.run('/home/code/.nix-profile/bin/jq').output).toBe('jq of the stand-in\n');

      const env = spiedOn();
      const second = install('minimal', env, { shell });
      expect(second).toMatchObject({ status: 0 });
      expect(second.output).toMatch(/^install-container: container-minimal is active for code in \/home\/code: it was already, generation \S+, \d+ s\n$/);
      // No evaluation, no build, no activation.
      expect(calls()).toEqual(['nix --version']);
      expect(container.run('ls -d /tmp/install-container*').status).not.toBe(0);
    });

    test.each([
      ['no-such-profile', 3, /unknown profile 'no-such-profile'; there are minimal, essential, development, ai and browser/],
      ['--colour', 2, /unknown option --colour; see --help/],
      ['minimal ai', 2, /one profile, not 'minimal' and 'ai'/],
      ['minimal --attribute container-ai', 2, /one configuration, not the profile 'minimal' and the attribute 'container-ai'/],
      ['minimal --flake path:/f#mine', 2, /one configuration, not the profile 'minimal' and the attribute 'mine'/],
      ['--flake', 2, /--flake needs a value/],
      ['--flake=', 2, /--flake needs a value/],
      ['--flake --impure', 2, /--flake needs a value, and is followed by the option --impure/],
      ['--attribute -- minimal', 2, /--attribute needs a value, and is followed by the option --/],
      ['--impure=yes', 2, /--impure takes no value/],
      ['-- minimal ai', 2, /one profile, not 2: minimal ai/],
      ['--flake path:/f#', 2, /there is no attribute after 'path:\/f#'/],
      ['--flake \'#minimal\'', 2, /there is no flake before '#minimal'/],
      ['--flake path:/f#a --attribute b', 2, /the attribute is named twice: 'a' after the flake, and 'b'/],
      ['--attribute homeConfigurations', 2, /'homeConfigurations' is no home configuration; name one of homeConfigurations/],
      ['--attribute homeConfigurations.', 2, /'homeConfigurations\.' names no home configuration/],
      ['--attribute homeConfigurations.activationPackage', 2, /'homeConfigurations.activationPackage' is no home configuration/],
      ['--attribute devShells.x86_64-linux.default', 2, /'devShells.x86_64-linux.default' is no home configuration/],
      ['--attribute packages.x86_64-linux.tool', 2, /'packages.x86_64-linux.tool' is no home configuration/],
      ['--attribute \'a b\'', 2, /the attribute 'a b' may contain letters, digits and the characters _\.@- only/],
    ])('refuses «%s» with exit code %d', (args, status, message) => {
      const result = install(args, {}, { shell });
      expect(result.status).toBe(status);
      expect(result.output).toMatch(message);
      expectNothingDone();
    });

    test('says what it takes', () => {
      const help = install('--help', {}, { shell });
      expect(help.status).toBe(0);
      expect(help.output).toMatch(/^usage: install-container.sh \[PROFILE\]/);
      expect(help.output).toContain('Exit codes:');
    });
  });

  test('essential is the default', () => {
    expect(install()).toMatchObject({ status: 0 });
    expect(commands()).toEqual(['aichat', 'claude', 'codex', 'curl', 'gemini', 'git', 'htop', 'jq', 'vim']);
  });

  test('another profile replaces the active one', () => {
    install('essential');
    expect(install('minimal').output).toContain('container-minimal is active');
    expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
  });

  describe('what it is installed from', () => {
    test('by default the flake beside the script, or the one of the repository', () => {
      container.run('mkdir -p /tmp/package/images && cp /opt/cdk8s-nix/install-container.sh /tmp/package/images && cp -R /opt/cdk8s-nix/nix /tmp/package/nix');
      const result = container.run('sh /tmp/package/images/install-container.sh minimal', { env: POD });
      expect(result).toMatchObject({ status: 0 });
      expect(result.output).toContain('of /tmp/package/images/../nix');
    });

    test('a ConfigMap, whose files are links', () => {
      container.run(`
        mkdir -p /tmp/mount/..2026_01_01 && cp -R /opt/cdk8s-nix/nix /tmp/mount/..2026_01_01/nix
        cd /tmp/mount && ln -s ..2026_01_01 ..data && ln -s ..data/nix nix && chmod -R a-w /tmp/mount`);
      const result = install('minimal', { HOME_MANAGER_FLAKE: '/tmp/mount/nix' });
      expect(result).toMatchObject({ status: 0 });
      // It is the same flake wherever it lies.
      expect(install('minimal').output).toContain('it was already');
      container.run('chmod -R u+w /tmp/mount');
    });

    test('a changed ConfigMap is another flake', () => {
      container.run('cp -R /opt/cdk8s-nix/nix /tmp/mine && chmod -R u+w /tmp/mine');
      install('minimal', { HOME_MANAGER_FLAKE: '/tmp/mine' });
      container.run('sed -i s/pkgs.htop/pkgs.tree/ /tmp/mine/profiles/minimal.nix');
      expect(install('minimal', { HOME_MANAGER_FLAKE: '/tmp/mine' }).output).toContain(': built, generation');
      expect(commands()).toEqual(['curl', 'git', 'jq', 'tree', 'vim']);
    });

    test('a reference and an attribute, from the environment or by option', () => {
      const flake = 'path:/opt/cdk8s-nix/nix';
      const byEnvironment = install('', { HOME_MANAGER_FLAKE: flake, HOME_MANAGER_ATTRIBUTE: 'container-minimal' });
      expect(byEnvironment.output).toContain(`building container-minimal of ${flake}`);
      expect(byEnvironment).toMatchObject({ status: 0 });
      const byOption = install(`--flake ${flake} --attribute container-development`, { HOME_MANAGER_FLAKE: '/nowhere' });
      expect(byOption.output).toContain('container-development is active');
    });

    test.each([
      ['container-minimal'],
      ['-- minimal'],
      ['--flake=/opt/cdk8s-nix/nix minimal'],
      ['--flake=/opt/cdk8s-nix/nix#container-minimal'],
      ['--flake /opt/cdk8s-nix/nix --attribute=container-minimal'],
      ['--attribute homeConfigurations.container-minimal'],
      ['--attribute container-minimal.activationPackage'],
      ['--attribute homeConfigurations.container-minimal.activationPackage'],
      ['--attribute \'homeConfigurations."container-minimal".activationPackage\''],
      ['--flake path:/opt/cdk8s-nix/nix#homeConfigurations.container-minimal.activationPackage'],
    ])('«%s» is the minimal profile', args => {
      const result = install(args);
      expect(result).toMatchObject({ status: 0 });
      expect(result.output).toContain('container-minimal is active for code in /home/code');
      // However it is written, it is the same one.
      expect(roots()).toEqual(['home-manager-container-minimal']);
    });

    test.each<[string, Record<string, string>]>([
      ['minimal', { HOME_MANAGER_ATTRIBUTE: 'container-development' }],
      ['minimal', { HOME_MANAGER_GENERATION: '/nowhere' }],
      ['minimal', { HOME_MANAGER_FLAKE: '/opt/cdk8s-nix/nix#container-development' }],
      ['--attribute container-minimal', { HOME_MANAGER_FLAKE: '/opt/cdk8s-nix/nix#container-development' }],
      ['--flake /opt/cdk8s-nix/nix#container-minimal', { HOME_MANAGER_ATTRIBUTE: 'container-development' }],
      ['--flake /opt/cdk8s-nix/nix', { HOME_MANAGER_ATTRIBUTE: 'container-minimal', HOME_MANAGER_FLAKE: '/nowhere#container-development' }],
    ])('«%s» wins over the environment, %p', (args, env) => {
      const result = install(args, env);
      expect(result).toMatchObject({ status: 0 });
      expect(result.output).toContain('container-minimal is active for code in /home/code');
    });

    test.each(['nixpkgs', 'nixpkgs=', '=path:/mirror', 'nixpkgs=path:/mirror other'])('inputs that are not replaced by anything, «%s»: exit code 2', value => {
      const result = install('minimal', { HOME_MANAGER_OVERRIDE_INPUTS: value });
      expect(result.status).toBe(2);
      expect(result.output).toMatch(/^install-container: HOME_MANAGER_OVERRIDE_INPUTS has '\S+'; it is a list of INPUT=REFERENCE with spaces\n$/);
      expectNothingDone();
    });

    test('a flake that looks at the environment, if allowed', () => {
      container.run('cp -R /opt/cdk8s-nix/nix /tmp/mine && chmod -R u+w /tmp/mine');
      container.write('tmp/mine/user.nix', '{ username = builtins.getEnv "USER"; homeDirectory = builtins.getEnv "HOME"; }');
      const mine = { HOME_MANAGER_FLAKE: 'path:/tmp/mine', HOME_MANAGER_ATTRIBUTE: 'container-minimal' };
      expect(install('', mine).status).not.toBe(0);
      for (const value of ['true', '1', 'YES']) {
        expect(install('', { ...mine, HOME_MANAGER_IMPURE: value })).toMatchObject({ status: 0 });
      }
      expect(install('--impure', mine)).toMatchObject({ status: 0 });
    });

    test('a switch that is neither on nor off: exit code 2', () => {
      for (const name of ['HOME_MANAGER_IMPURE', 'HOME_MANAGER_ACCEPT_FLAKE_CONFIG']) {
        expect(install('minimal', { [name]: 'maybe' })).toEqual({ status: 2, output: `install-container: ${name} is 'maybe'; it is true or false\n` });
      }
    });

    test('a mirror in place of an input is no other configuration', () => {
      install('minimal');
      container.emptyHome();
      const { output } = install('minimal', { ...spiedOn(), HOME_MANAGER_OVERRIDE_INPUTS: '' });
      expect(output).toContain('reused without evaluation');
    });

    test('a mounted flake of another user, as a folder; as a repository it says what to do', () => {
      container.run('cp -R /opt/cdk8s-nix/nix /tmp/theirs && chown -R 0:0 /tmp/theirs', { user: '0:0' });
      expect(install('minimal', { HOME_MANAGER_FLAKE: '/tmp/theirs' })).toMatchObject({ status: 0 });
      expect(install('', { HOME_MANAGER_FLAKE: 'path:/tmp/theirs', HOME_MANAGER_ATTRIBUTE: 'container-essential' })).toMatchObject({ status: 0 });
      container.write(`${SPY}/nix`, '#!/bin/sh\ncase $* in --version) exec /usr/bin/nix --version ;; esac\necho "error: repository path \'/tmp/theirs\' is not owned by current user" >&2; exit 1\n', 0o755);
      const repository = install('', { HOME_MANAGER_FLAKE: 'git+file:///tmp/theirs', HOME_MANAGER_ATTRIBUTE: 'mine', PATH: `/${SPY}:${NixContainer.path}` });
      expect(repository).toMatchObject({ status: 5, output: expect.stringContaining('is a repository of another user, which git refuses; name its folder without git+file:') });
    });

    test('on another system the configuration of that system', () => {
      container.write('tmp/fake/uname', '#!/bin/sh\necho aarch64\n', 0o755);
      const result = install('minimal', { PATH: `/tmp/fake:${NixContainer.path}` });
      expect(result).toMatchObject({ status: 0 });
      expect(result.output).toContain('container-minimal-aarch64-linux is active');
    });

    test('an attribute that the flake does not have: exit code 5', () => {
      const result = install('', { HOME_MANAGER_ATTRIBUTE: 'container-maximal' });
      expect(result.status).toBe(5);
      expect(result.output).toMatch(/has no home configuration 'container-maximal'\n$/);
      expectNothingDone();
    });

    test('a folder without a flake: exit code 5', () => {
      const result = install('minimal', { HOME_MANAGER_FLAKE: '/usr/share' });
      expect(result).toMatchObject({ status: 5, output: 'install-container: /usr/share has no flake.nix\n' });
      expectNothingDone();
    });

    test('a configuration that does not evaluate: exit code 8', () => {
      container.run('cp -R /opt/cdk8s-nix/nix /tmp/mine && chmod -R u+w /tmp/mine && sed -i s/pkgs.htop/pkgs.hotp/ /tmp/mine/profiles/minimal.nix');
      const result = install('minimal', { HOME_MANAGER_FLAKE: '/tmp/mine' });
      expect(result.output).toMatch(/attribute 'hotp' missing/);
      expect(result.status).toBe(8);
      expectNothingDone();
    });

    test.each([
      ['not by default', {}, false],
      ['if allowed', { HOME_MANAGER_ACCEPT_FLAKE_CONFIG: '1' }, true],
      ['if allowed in other words', { HOME_MANAGER_ACCEPT_FLAKE_CONFIG: 'Yes' }, true],
      ['not if told so', { HOME_MANAGER_ACCEPT_FLAKE_CONFIG: 'False' }, false],
    ])('settings that the flake asks for are taken: %s', (_, env, taken) => {
      container.run(`cp -R /opt/cdk8s-nix/nix /tmp/mine && chmod -R u+w /tmp/mine &&
        sed -i 's|^  inputs = {|  nixConfig.post-build-hook = "/tmp/hook";\\n&|' /tmp/mine/flake.nix`);
      container.write('tmp/hook', '#!/bin/sh\ntouch /tmp/hooked\n', 0o755);
      const result = install('minimal', { HOME_MANAGER_FLAKE: '/tmp/mine', ...env });
      expect(result).toMatchObject({ status: 0 });
      expect(container.has('tmp/hooked')).toBe(taken);
    });

    test('a generation that is built already, without any evaluation', () => {
      install('minimal');
      const generation = container.run(`readlink ${ROOTS}/home-manager-container-minimal-*`).output.trim();
      container.run(`ln -s ${generation} /nix/var/nix/profiles/home-manager`);
      container.emptyHome();
      const env = { ...spiedOn(), HOME_MANAGER_GENERATION: '/nix/var/nix/profiles/home-manager' };
      const result = install('', env);
      expect(result).toMatchObject({ status: 0 });
      expect(result.output).toContain(`the prebuilt generation is active for code in /home/code: nothing was evaluated, generation ${generation}`);
      expect(commands()).toContain('jq');
      // Those of home-manager's own activation, and ours for the version.
      expect(calls().filter(call => /^nix (build|eval|flake)|flake\.nix/.test(call))).toEqual([]);
      expect(install('', env).output).toContain('it was already');
    });

    test('something else than a generation: exit code 5', () => {
      const result = install('', { HOME_MANAGER_GENERATION: '/usr' });
      expect(result).toMatchObject({ status: 5, output: expect.stringContaining('\'/usr\', which is no activation package of home-manager') });
      expectNothingDone();
    });
  });

  describe('refresh', () => {
    const LIVE = { HOME_MANAGER_FLAKE: 'path:/tmp/live', HOME_MANAGER_ATTRIBUTE: 'container-minimal' };
    beforeEach(() => {
      container.run('cp -R /opt/cdk8s-nix/nix /tmp/live && chmod -R u+w /tmp/live');
      install('', LIVE);
      container.run('sed -i s/pkgs.htop/pkgs.tree/ /tmp/live/profiles/minimal.nix');
    });

    test('never: a reference that moved is not looked at again', () => {
      expect(install('', LIVE).output).toContain('it was already');
      container.emptyHome();
      expect(install('', LIVE).output).toContain('reused without evaluation');
      expect(commands()).toContain('htop');
    });

    test('always: the newer version is built and replaces the old one', () => {
      expect(install('', { ...LIVE, HOME_MANAGER_REFRESH: 'always' }).output).toContain(': built, generation');
      expect(commands()).toEqual(['curl', 'git', 'jq', 'tree', 'vim']);
      expect(install('', { ...LIVE, HOME_MANAGER_REFRESH: 'always' }).output).toContain('there is nothing newer');
    });

    test('always: what is active stays if the look fails', () => {
      container.run('rm -rf /tmp/live');
      const kept = install('', { ...LIVE, HOME_MANAGER_REFRESH: 'always' });
      expect(kept.status).toBe(0);
      expect(kept.output).toContain('cannot look for a newer version: see above');
      expect(commands()).toContain('htop');
    });

    test('another policy: exit code 2', () => {
      expect(install('', { HOME_MANAGER_REFRESH: 'sometimes' })).toMatchObject(
        { status: 2, output: expect.stringContaining('HOME_MANAGER_REFRESH is \'sometimes\'; allowed are never and always') });
    });
  });

  describe('whose home', () => {
    test('an ephemeral HOME is activated from the store volume, without evaluation or network', () => {
      install('essential');
      container.emptyHome();
      const result = install('essential', { ...spiedOn(), HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides });
      expect(result.output).toContain('container-essential is active for code in /home/code: reused without evaluation');
      expect(commands()).toContain('claude');
      expect(calls().filter(call => /^nix (build|eval|flake)/.test(call))).toEqual([]);
    });

    test('the garbage collector does not take what an ephemeral HOME will need', () => {
      install('minimal');
      container.emptyHome();
      expect(container.run('nix-store --gc', { env: POD })).toMatchObject({ status: 0 });
      expect(install('minimal').output).toContain('reused without evaluation');
      expect(container.run('/home/code/.nix-profile/bin/jq').output).toBe('jq of the stand-in\n');
    });

    test('a lost root comes back at the next start', () => {
      install('minimal');
      container.run(`rm ${ROOTS}/*`);
      install('minimal');
      expect(container.run(`test -x ${ROOTS}/home-manager-container-minimal-*/activate`).status).toBe(0);
    });

    test('roots that no pod started with for a month are left to the garbage collector', () => {
      install('minimal');
      container.run(`ln -s /nix/store ${ROOTS}/home-manager-container-minimal-old; ln -s /nix/store ${ROOTS}/home-manager-container-minimal-recent
        touch -h -d '40 days ago' ${ROOTS}/home-manager-container-minimal-old; touch -h -d '20 days ago' ${ROOTS}/home-manager-container-minimal-recent`);
      install('minimal');
      const left = container.run(`ls ${ROOTS}`).output;
      expect(left).not.toContain('minimal-old');
      expect(left).toContain('minimal-recent');
      expect(left.trim().split('\n')).toHaveLength(2);
    });

    test('a HOME switched by hand gets the profile again', () => {
      install('minimal');
      container.run('rm /home/code/.local/state/nix/profiles/home-manager', { env: POD });
      expect(install('minimal').output).toContain('reused without evaluation');
      expect(install('minimal').output).toContain('it was already');
    });

    test('any user id in a folder of root and a group, without a passwd entry', () => {
      const owner = '1000680000:0';
      container.run('chmod -R a+rwX /nix', { user: '1001:1001' });
      container.emptyHome('0:0', 0o2775);
      const result = install('minimal', {}, { user: owner });
      expect(result).toMatchObject({ status: 0 });
      expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
      expect(install('minimal', {}, { user: owner }).output).toContain('it was already');
    });

    test.each([
      ['HOME and USER unset', {}, '1001:1001', 'active for code in /home/code'],
      ['HOME set to / as runtimes do for unknown users', { HOME: '/' }, '1001:1001', 'active for code in /home/code'],
      ['a user with a passwd entry', {}, '1002:1002', 'active for node in /srv/node'],
      ['another HOME', { HOME: '/srv/elsewhere', USER: 'dev' }, '1001:1001', 'active for dev in /srv/elsewhere'],
      ['root', { HOME: '/srv/root' }, '0:0', 'active for root in /srv/root'],
    ])('%s', (_, env, user, message) => {
      const [uid] = user.split(':');
      container.addFolder('srv/node', '1002:1002');
      container.addFolder('srv/elsewhere', '1001:1001');
      container.addFolder('srv/root', '0:0');
      const result = container.run('sh /opt/cdk8s-nix/install-container.sh minimal', {
        user,
        env: { HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides, ...env },
        prepare: `chown -R ${uid} nix`,
      });
      expect(result).toMatchObject({ status: 0 });
      expect(result.output).toContain(message);
      container.run('rm -rf /srv/*', { user: '0:0' });
    });

    test('root in an image without build users, whatever its nix.conf says', () => {
      const result = install('minimal', { NIX_CONF_DIR: '/nonexistent', NIX_CONFIG: 'sandbox = false\nsubstituters =\nfilter-syscalls = false' },
        { user: '0:0', prepare: 'chown -R 0 home/code nix' });
      expect(result).toMatchObject({ status: 0 });
    });

    test('a HOME that cannot be written: exit code 9', () => {
      const result = install('minimal', { HOME: '/usr/share' });
      expect(result).toMatchObject({ status: 9, output: expect.stringContaining('HOME is /usr/share, which user 1001 cannot write') });
      const missing = install('minimal', { HOME: '/usr/missing' });
      expect(missing).toMatchObject({ status: 9, output: expect.stringContaining('HOME is /usr/missing, which does not exist and cannot be made') });
    });

    test('a file of the user that is in the way is kept beside', () => {
      container.run('mkdir -p ~/.config/stand-in && echo mine >~/.config/stand-in/settings', { env: POD });
      expect(install('minimal')).toMatchObject({ status: 0 });
      expect(container.read('home/code/.config/stand-in/settings.before-home-manager')).toBe('mine\n');
    });

    test('so is one that replaced the link a second time, beside the first', () => {
      const replace = (content: string) => container.run(
        `mkdir -p ~/.config/stand-in && rm -f ~/.config/stand-in/settings && echo ${content} >~/.config/stand-in/settings; rm -f /${MARKER}`, { env: POD });
      replace('first');
      install('minimal');
      replace('second');
      const again = install('minimal');
      expect(again).toMatchObject({ status: 0 });
      const backups = container.run('cd /home/code/.config/stand-in; head settings.*; cat settings').output;
      expect(backups).toMatch(/settings\.before-home-manager <==\nfirst\n\n==> settings\.before-home-manager-\d{8}T\d{6}Z <==\nsecond\nmade for code\n$/);
    });

    describe.each([
      ['nix profile', (storePath: string) => `nix --extra-experimental-features 'nix-command flakes' profile install ${storePath}`],
      ['nix-env', (storePath: string) => `nix-env -i ${storePath}`],
    ])('a package that the user has installed with %s and the profile brings too', (_, installPackage) => {
      let storePath: string;

      beforeEach(() => {
        const own = 'derivation { name = "ripgrep-own"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "PATH=/usr/bin:/bin; mkdir -p $out/bin; echo echo own >$out/bin/ripgrep; chmod +x $out/bin/ripgrep" ]; }';
        storePath = container.run(`nix-build --no-out-link --expr '${own}' 2>/dev/null`, { env: POD }).output.trim();
        expect(storePath).toMatch(/^\/nix\/store/);
      });

      test('is found before that of the profile', () => {
        install('minimal');
        // The profile of nix profile takes over what nix-env has installed.
        expect(container.run(installPackage(storePath), { env: POD })).toMatchObject({ status: 0 });
        const result = install('development');
        expect(result).toMatchObject({ status: 0 });
        expect(container.run('/home/code/.nix-profile/bin/ripgrep; /home/code/.nix-profile/bin/fd').output).toBe('own\nfd of the stand-in\n');
        container.emptyHome();
        expect(install('development')).toMatchObject({ status: 0 });
      });

      test('or after it, by HOME_MANAGER_PRIORITY', () => {
        install('minimal');
        container.run(installPackage(storePath), { env: POD });
        expect(install('development', { HOME_MANAGER_PRIORITY: '4' })).toMatchObject({ status: 0 });
        expect(container.run('/home/code/.nix-profile/bin/ripgrep').output).toBe('ripgrep of the stand-in\n');
      });
    });

    test('a /tmp where nothing may be executed', () => {
      const result = install('minimal', {}, { prepare: 'mount -t tmpfs -o noexec,mode=1777 tmpfs tmp' });
      expect(result).toMatchObject({ status: 0 });
      expect(commands()).toContain('jq');
    });

    test('with a read-only /nix the built generation is linked without home-manager', () => {
      install('minimal');
      const generation = container.run(`readlink ${ROOTS}/*`).output.trim();
      container.emptyHome();
      container.run('mkdir -p ~/.config/stand-in && echo mine >~/.config/stand-in/settings', { env: POD });
      const prepare = 'mount --bind nix nix; mount -o remount,ro,bind nix';
      const result = install('', { HOME_MANAGER_GENERATION: generation }, { prepare });
      expect(result).toMatchObject({ status: 0 });
      expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
      expect(container.run('cat ~/.config/stand-in/settings', { env: POD }).output).toBe('made for code\n');
      expect(container.read('home/code/.config/stand-in/settings.before-home-manager')).toBe('mine\n');
      expect(install('', { HOME_MANAGER_GENERATION: generation }, { prepare }).output).toContain('it was already');
    });

    test('links of an earlier generation go with it, also where nothing else of it is left', () => {
      const readOnly = 'mount --bind nix nix; mount -o remount,ro,bind nix';
      const generation = (name: string, ...files: string[]) => {
        container.write(`nix/store/${name}/activate`, '', 0o755);
        files.forEach(file => container.write(`nix/store/${name}/home-files/${file}`, name));
        return { HOME_MANAGER_GENERATION: `/nix/store/${name}` };
      };
      const files = () => container.run('cd ~; find . ! -type d ! -path "./.local/*" ! -path "./.nix-*" | sort', { env: POD }).output.trim().split('\n');
      // By home-manager, in an image whose store can be written; the next images do not have what that one had.
      expect(install('minimal')).toMatchObject({ status: 0 });
      expect(files()).toEqual(['./.config/stand-in/settings']);
      container.run('rm -rf /nix/store/*-home-manager-generation', { user: '0:0' });
      expect(install('', generation('one', '.config/a b', '.mine', '.both'), { prepare: readOnly })).toMatchObject({ status: 0 });
      expect(files()).toEqual(['./.both', './.config/a b', './.mine']);
      container.run('rm ~/.mine; echo mine >~/.mine', { env: POD });
      const two = generation('two', '.both', '.new');
      expect(install('', two, { prepare: `rm -r nix/store/one; ${readOnly}` })).toMatchObject({ status: 0 });
      expect(files()).toEqual(['./.both', './.mine', './.new']);
      expect(container.run('cat ~/.both ~/.mine ~/.new', { env: POD }).output).toBe('twomine\ntwo');
    });
  });

  describe('what can go wrong', () => {
    test('no Nix: exit code 4', () => {
      const hide = 'for command in usr/bin/nix*; do mount --bind /dev/null "$command"; done';
      const empty = install('minimal', {}, { prepare: `${hide}; mount -t tmpfs tmpfs nix` });
      expect(empty).toMatchObject({ status: 4, output: expect.stringContaining('/nix is empty') });
      const seeded = install('minimal', {}, { prepare: hide });
      expect(seeded).toMatchObject({ status: 4, output: expect.stringContaining('/nix has a store, but neither PATH nor') });
      expectNothingDone();
    });

    test('Nix is found in the places of common images', () => {
      const hide = 'mkdir -p tmp/nix-bin; cp -a usr/bin/nix* tmp/nix-bin; for command in usr/bin/nix*; do mount --bind /dev/null "$command"; done';
      container.run('mkdir -p /nix/var/nix/profiles/default && ln -s /tmp/nix-bin /nix/var/nix/profiles/default/bin');
      expect(install('minimal', {}, { prepare: hide })).toMatchObject({ status: 0 });
    });

    test('a Nix without flakes: exit code 4', () => {
      container.write(`${SPY}/nix`, '#!/bin/sh\necho "nix (Nix) 2.3.16"\n', 0o755);
      const result = install('minimal', { PATH: `/${SPY}:${NixContainer.path}` });
      expect(result).toMatchObject({ status: 4, output: expect.stringContaining('2.3.16 has no flakes; 2.4 or newer is needed') });
    });

    test('no network: exit code 6, and the pinned revision is what was looked for', () => {
      const result = install('minimal', { HOME_MANAGER_OVERRIDE_INPUTS: '', NIX_CONFIG: 'download-attempts = 1' });
      expect(result.status).toBe(6);
      expect(result.output).toContain('the network does not answer');
      expect(result.output).toMatch(/github\.com\/\S*65258d5c65a250189fde2e35f490d15e064c4c62|github\.com\/\S*5880666fd9eb563038431edb35c2d0aa595884e6/);
      expectNothingDone();
    });

    test('a server that has no such flake: exit code 5', () => {
      const flake = 'http://127.0.0.1:8080/flake.tar.gz';
      const result = install('minimal', { HOME_MANAGER_FLAKE: flake }, { prepare: 'busybox ip link set lo up; busybox httpd -p 127.0.0.1:8080 -h tmp' });
      expect(result).toMatchObject({ status: 5, output: expect.stringContaining(`${flake}, or one of its inputs, cannot be fetched`) });
      expectNothingDone();
    });

    test.each([
      ['/nix', 'mount -t tmpfs -o size=1m,uid=1001 tmpfs nix; mkdir -p nix/store nix/var/nix; chown -R 1001 nix'],
      ['HOME', 'mount -t tmpfs -o size=64k,uid=1001 tmpfs home/code; dd if=/dev/zero of=home/code/data bs=1k count=64 2>/dev/null || true'],
      ['/tmp', 'mount -t tmpfs -o size=16k,mode=1777 tmpfs tmp'],
    ])('no space in %s: exit code 7, and with space it is all there', (place, prepare) => {
      const result = install('minimal', {}, { prepare });
      expect(result.output).toMatch(/install-container: no space left; free are: \d+ MiB in \/nix, \d+ MiB in \/home\/code, \d+ MiB in \/tmp\n$/);
      expect(result.status).toBe(7);
      // What was built is complete and stays; it is not active.
      expect(roots()).toEqual(place === 'HOME' ? ['home-manager-container-minimal'] : []);
      expect(container.has(MARKER)).toBe(false);
      expect(install('minimal')).toMatchObject({ status: 0 });
      expect(commands()).toContain('jq');
    });

    test.each([
      ['build', []],
      ['activation', ['home-manager-container-minimal']],
    ])('killed in the middle of the %s, it is not taken for done and the next start does it', (phase, kept) => {
      const script = `touch /tmp/pause-${phase}
        setsid sh /opt/cdk8s-nix/install-container.sh minimal >/tmp/output 2>&1 &
        until [ -e /tmp/${phase}-is-paused ]; do sleep 0.1; done
        kill -9 -$!; wait; rm /tmp/pause-${phase}`;
      container.run(script, { env: POD });
      expect(container.read('tmp/output')).not.toContain('is active');
      expect(container.has(MARKER)).toBe(false);
      expect(roots()).toEqual(kept);
      const again = install('minimal');
      expect(again).toMatchObject({ status: 0 });
      expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
      expect(install('minimal').output).toContain('it was already');
    });

    test('a PATH without coreutils: exit code 11, unless Nix\' profile has them', () => {
      const bare = '/tmp/bare';
      container.run(`mkdir -p ${bare}; ln -s /bin/sh ${bare}/sh`);
      const result = container.run('/bin/sh /opt/cdk8s-nix/install-container.sh minimal', { env: { ...POD, PATH: bare } });
      expect(result).toEqual({
        status: 11,
        output: 'install-container: there is no \'cat\' in PATH, which is \'/tmp/bare\'; this script needs coreutils, findutils and grep\n',
      });
      container.run('mkdir -p /nix/var/nix/profiles/default && ln -s /usr/bin /nix/var/nix/profiles/default/bin');
      expect(container.run('/bin/sh /opt/cdk8s-nix/install-container.sh minimal', { env: { ...POD, PATH: bare } })).toMatchObject({ status: 0 });
    });

    describe('if the container is to start all the same', () => {
      const LOG = '/tmp/termination-log';
      const WARNING = 'home/code/.local/state/cdk8s-nix/home-manager-warning';
      const broken = { HOME_MANAGER_FLAKE: '/tmp/mine', HOME_MANAGER_TERMINATION_LOG: LOG };
      beforeEach(() => {
        container.run(`cp -R /opt/cdk8s-nix/nix /tmp/mine && chmod -R u+w /tmp/mine && sed -i s/pkgs.htop/pkgs.hotp/ /tmp/mine/profiles/minimal.nix; touch ${LOG}`);
      });

      test('fail is the default, and the reason is told to Kubernetes', () => {
        expect(install('minimal', broken).status).toBe(8);
        expect(container.read(LOG.slice(1))).toBe('install-container: container-minimal of /tmp/mine does not evaluate or build: see above (code 8)\n');
        expect(container.has(WARNING)).toBe(false);
      });

      describe('what nobody foresaw', () => {
        /** A clock that cannot be read. */
        const surprised = { HOME_MANAGER_TERMINATION_LOG: LOG, PATH: `/tmp/odd:${NixContainer.path}` };
        const BUG = 'a command failed unexpectedly: this is a bug in the script';
        beforeEach(() => container.write('tmp/odd/date', '#!/bin/sh\nexit 3\n', 0o755));

        // Busybox has a clock of its own.
        test.each(['dash', 'bash'])('is told as the last word, under %s', shell => {
          const { status, output } = install('minimal', surprised, { shell });
          expect(status).toBe(70);
          expect(output).toContain(`install-container: ${BUG}\n`);
          expect(container.read(LOG.slice(1))).toBe(`install-container: ${BUG} (code 70)\n`);
          expectNothingDone();
        });

        test('keeps no pod from starting that is to start all the same', () => {
          expect(install('minimal', { ...surprised, HOME_MANAGER_ON_FAILURE: 'continue' })).toMatchObject({ status: 0 });
          expect(container.read(LOG.slice(1))).toContain(`is not active: ${BUG} (code 70); going on with none\n`);
        });
      });

      test.each([['TERM', 143], ['INT', 130]])('a signal is told as the last word, and does not let the pod start: %s', (signal, code) => {
        container.write('tmp/odd/cp', `#!/bin/sh\nkill -${signal} $PPID\nexec /usr/bin/cp "$@"\n`, 0o755);
        const env = { HOME_MANAGER_TERMINATION_LOG: LOG, PATH: `/tmp/odd:${NixContainer.path}`, HOME_MANAGER_ON_FAILURE: 'continue' };
        expect(install('minimal', env).status).toBe(code);
        expect(container.read(LOG.slice(1))).toBe(`install-container: stopped by a signal (code ${code})\n`);
      });

      test('previous: it starts with what is active', () => {
        install('development');
        const result = install('minimal', { ...broken, HOME_MANAGER_ON_FAILURE: 'previous' });
        expect(result.status).toBe(0);
        const warning = /warning: the home configuration container-minimal is not active: .* does not evaluate or build: see above \(code 8\); going on with \/nix\/store\/\S+-home-manager-generation\n$/;
        expect(result.output).toMatch(warning);
        expect(container.read(LOG.slice(1))).toMatch(warning);
        expect(container.read(WARNING)).toMatch(warning);
        expect(commands()).toContain('ripgrep');
        expect(install('minimal')).toMatchObject({ status: 0 });
        expect(container.has(WARNING)).toBe(false);
      });

      test('previous: an ephemeral HOME gets the last one that a pod had', () => {
        install('minimal');
        container.emptyHome();
        const result = install('minimal', { ...broken, HOME_MANAGER_ON_FAILURE: 'previous' });
        expect(result.status).toBe(0);
        expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
        // It is not taken for what was asked for.
        expect(install('minimal').output).not.toContain('it was already');
      });

      test('previous: without any it fails', () => {
        expect(install('minimal', { ...broken, HOME_MANAGER_ON_FAILURE: 'previous' }).status).toBe(8);
        expect(container.has(WARNING)).toBe(false);
      });

      test('continue: without any it starts too', () => {
        const result = install('minimal', { ...broken, HOME_MANAGER_ON_FAILURE: 'continue' });
        expect(result.status).toBe(0);
        expect(container.read(WARNING)).toMatch(/\(code 8\); going on with none\n$/);
      });

      test.each([
        ['no Nix', { HOME_MANAGER_FLAKE: '' }, 'for command in usr/bin/nix*; do mount --bind /dev/null "$command"; done'],
        ['a HOME that cannot be written', { HOME: '/usr/share', HOME_MANAGER_FLAKE: '' }, ''],
        ['no flake', { HOME_MANAGER_FLAKE: '/usr/share' }, ''],
      ])('continue: %s', (_, env, prepare) => {
        const result = install('minimal', { HOME_MANAGER_ON_FAILURE: 'continue', ...env }, { prepare });
        expect(result).toMatchObject({ status: 0, output: expect.stringContaining('going on with none') });
      });

      test('but not if it is not known what was asked for', () => {
        expect(install('maximal', { HOME_MANAGER_ON_FAILURE: 'continue' }).status).toBe(3);
        expect(install('--colour', { HOME_MANAGER_ON_FAILURE: 'continue' }).status).toBe(2);
        expect(install('minimal', { HOME_MANAGER_ON_FAILURE: 'sometimes' }))
          .toMatchObject({ status: 2, output: expect.stringContaining('allowed are fail, previous and continue') });
      });

      test('a login shell shows it', () => {
        install('minimal', { ...broken, HOME_MANAGER_ON_FAILURE: 'continue' });
        container.write('tmp/nix-environment.sh', fs.readFileSync(path.join(__dirname, '../../images/nix-environment.sh'), 'utf8'));
        expect(container.run('bash --norc -ic ". /tmp/nix-environment.sh"', { env: POD }).output).toContain('the home configuration container-minimal is not active');
        expect(container.run('bash -c ". /tmp/nix-environment.sh"', { env: POD }).output).toBe('');
      });
    });

    test('an activation that fails: exit code 10, and the generation before is active', () => {
      install('minimal');
      // Fails once, where home-manager installs the packages: late, with links changed already.
      container.write('tmp/broken/nix-env', `#!/bin/sh
        if [ "$1" = -i ] && [ ! -e /tmp/failed ]; then
          touch /tmp/failed
          exit 1
        fi
        exec /usr/bin/nix-env "$@"`, 0o755);
      const result = install('development', { PATH: `/tmp/broken:${NixContainer.path}` });
      expect(result.output).toMatch(/going back to \/nix\/store\/\S+-home-manager-generation/);
      expect(result.status).toBe(10);
      expect(commands()).toEqual(['curl', 'git', 'htop', 'jq', 'vim']);
      expect(install('minimal').output).toContain('it was already');
    });
  });

  test('the exit codes of the documentation are those of the script', () => {
    const codes = (file: string, row: RegExp) =>
      [...fs.readFileSync(path.join(__dirname, '..', '..', file), 'utf8').matchAll(row)].map(match => Number(match[1]));
    const documented = codes('docs/home-manager.md', /^\| (\d+) \|/gm);
    expect(documented).toEqual(codes('images/install-container.sh', /^# +(\d+) {2}\S/gm));
    expect(documented).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70, 130, 143]);
  });
});
