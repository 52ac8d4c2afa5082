import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer } from './nix-container';

const nix = path.join(__dirname, '..', '..', 'nix');

const MINIMAL = ['curl', 'git', 'htop', 'jq', 'vim'];
const ESSENTIAL = [...MINIMAL, 'aichat', 'claude', 'codex', 'gemini'];
const DEVELOPMENT = [
  ...ESSENTIAL,
  'bat', 'direnv', 'fd', 'fzf', 'gcc', 'gh', 'gnumake', 'k9s', 'kubectl', 'kubernetes-helm', 'nodejs', 'pkg-config', 'python3', 'ripgrep', 'shellcheck', 'tmux',
  'tree', 'yarn', 'yq-go',
];
const AI = [...DEVELOPMENT, 'ast-grep', 'pandoc', 'sqlite', 'uv'];

function lock(): any {
  return JSON.parse(fs.readFileSync(path.join(nix, 'flake.lock'), 'utf8'));
}

/** Checkouts of home-manager at the locked revision and of the lib of nixpkgs, where they can be had. */
const REAL = { homeManager: process.env.CDK8S_NIX_TEST_HOME_MANAGER, lib: process.env.CDK8S_NIX_TEST_NIXPKGS_LIB };

describe('the flake with the home configurations', () => {
  let container: NixContainer;
  beforeAll(() => { container = new NixContainer(); });
  afterAll(() => container.remove());

  /** Evaluates offline, and purely: the flag --impure is not there. */
  function evaluate(output: string, options: { apply?: string; folder?: string; overrides?: string } = {}): any {
    const overrides = (options.overrides ?? NixContainer.overrides).split(' ').map(override => `--override-input ${override.replace('=', ' ')}`).join(' ');
    const flake = `path:${options.folder ?? '/opt/cdk8s-nix/nix'}`;
    const result = container.run(
      `nix --extra-experimental-features 'nix-command flakes' eval --json --no-write-lock-file ${overrides} '${flake}#${output}' \
        --apply '${options.apply ?? 'x: x'}' 2>/tmp/evaluation || { cat /tmp/evaluation; exit 1; }`,
      { env: { HOME: '/home/code' } });
    if (result.status !== 0) {
      throw new Error(result.output);
    }
    return JSON.parse(result.output);
  }

  /** A configuration of a flake that builds on this one. */
  function evaluateOwn(modules: string, apply = 'c: removeAttrs c [ "home.packages" ]', overrides = NixContainer.overrides): any {
    container.write('tmp/own/flake.nix', `{
      inputs.containers.url = "path:/opt/cdk8s-nix/nix";
      outputs = { containers, ... }: {
        mine = (containers.lib.container { system = "x86_64-linux"; username = "dev"; homeDirectory = "/d"; modules = ${modules}; }).config;
      };
    }`);
    return evaluate('mine', { folder: '/tmp/own', apply, overrides: overrides.replace(/(\S+)=/g, 'containers/$1=') });
  }

  test('offers each profile for both systems, and nothing else', () => {
    expect(evaluate('homeConfigurations', { apply: 'builtins.attrNames' }).sort()).toEqual([
      'container-ai', 'container-ai-aarch64-linux',
      'container-browser', 'container-browser-aarch64-linux',
      'container-development', 'container-development-aarch64-linux',
      'container-essential', 'container-essential-aarch64-linux',
      'container-minimal', 'container-minimal-aarch64-linux',
    ]);
  });

  test.each([
    ['minimal', MINIMAL],
    ['essential', ESSENTIAL],
    ['development', DEVELOPMENT],
    ['ai', AI],
    ['browser', [...AI, 'chromium-headless']],
  ])('%s has the packages of its row, on both systems', (profile, packages) => {
    const apply = `c: {
      packages = map (p: p.name) c.config."home.packages";
      systems = map (p: p.system) c.config."home.packages";
      generation = c.activationPackage.system;
    }`;
    for (const [suffix, system] of [['', 'x86_64-linux'], ['-aarch64-linux', 'aarch64-linux']]) {
      const found = evaluate(`homeConfigurations.container-${profile}${suffix}`, { apply });
      expect(found.packages.sort()).toEqual([...packages].sort());
      expect(new Set(found.systems)).toEqual(new Set([system]));
      expect(found.generation).toBe(system);
    }
  });

  test('is made for code in /home/code, of one release of home-manager', () => {
    expect(evaluate('homeConfigurations.container-ai.config', { apply: 'c: removeAttrs c [ "home.packages" "i18n.glibcLocales" ]' })).toEqual({
      'home.username': 'code',
      'home.homeDirectory': '/home/code',
      'home.stateVersion': '26.05',
      'manual.manpages.enable': false,
      'programs.man.enable': false,
      'news.display': 'silent',
      'systemd.user.enable': false,
      'xdg.mime.enable': false,
      'nix.registry': { nixpkgs: { to: { type: 'github', owner: 'NixOS', repo: 'nixpkgs', rev: lock().nodes.nixpkgs.locked.rev } } },
    });
    expect(evaluate('homeConfigurations.container-ai.config', { apply: 'c: c."i18n.glibcLocales".name' })).toBe('glibcLocalesUtf8');
  });

  test('MCP servers find the browser, which needs no rights', () => {
    const variables = evaluate('homeConfigurations.container-browser.config', { apply: 'c: c."home.sessionVariables"' });
    const { CHROME_PATH } = variables;
    expect(variables).toMatchObject({ PUPPETEER_EXECUTABLE_PATH: CHROME_PATH, PLAYWRIGHT_MCP_EXECUTABLE_PATH: CHROME_PATH });
    const script = evaluate('homeConfigurations.container-browser.config', {
      apply: 'c: (builtins.head (builtins.filter (p: p.name == "chromium-headless") c."home.packages")).text',
    });
    expect(script).toMatch(/exec \/nix\/store\/\S+-chromium\/bin\/chromium --headless --no-sandbox --disable-dev-shm-usage "\$@"/);
  });

  test('a shell with completion and a prompt is a module for who wants it', () => {
    for (const profile of ['minimal', 'browser']) {
      expect(evaluate(`homeConfigurations.container-${profile}.config`, { apply: 'builtins.attrNames' }).filter((name: string) => name.startsWith('programs.')))
        .toEqual(['programs.man.enable']);
    }
    expect(evaluateOwn('[ containers.homeModules.minimal containers.homeModules.shell ]'))
      .toMatchObject({ 'programs.bash.enable': true, 'programs.bash.enableCompletion': true, 'programs.starship.enable': true });
  });

  test('another user is a matter of user.nix', () => {
    container.run('cp -R /opt/cdk8s-nix/nix /tmp/mine && chmod -R u+w /tmp/mine');
    container.write('tmp/mine/user.nix', '{ username = "dev"; homeDirectory = "/workspaces/dev"; }');
    expect(evaluate('homeConfigurations.container-minimal.config', {
      folder: '/tmp/mine', apply: 'c: [ c."home.username" c."home.homeDirectory" ]',
    })).toEqual(['dev', '/workspaces/dev']);
  });

  test('a flake of one\'s own takes single assistants and another user', () => {
    expect(evaluate('homeModules', { apply: 'builtins.attrNames' })).toEqual(
      ['ai', 'aichat', 'browser', 'claude', 'claude-in-store', 'codex', 'codex-in-store', 'development', 'essential', 'gemini', 'gemini-in-store',
        'headless-browser', 'minimal', 'shell']);
    expect(evaluateOwn('[ containers.homeModules.minimal containers.homeModules.claude ]', 'c: [ c."home.username" ] ++ map (p: p.name) c."home.packages"').sort())
      .toEqual([...MINIMAL, 'claude', 'dev'].sort());
  });

  test('its inputs are pinned, to the branches it names', () => {
    expect(Object.keys(lock().nodes).sort()).toEqual(['home-manager', 'nixpkgs', 'root']);
    for (const [name, owner, ref] of [['nixpkgs', 'NixOS', 'nixos-26.05'], ['home-manager', 'nix-community', 'release-26.05']]) {
      const { locked, original } = lock().nodes[name];
      expect(original).toEqual({ type: 'github', owner, repo: name, ref });
      expect(locked).toMatchObject({ type: 'github', owner, repo: name });
      expect(locked.rev).toMatch(/^[0-9a-f]{40}$/);
      expect(locked.narHash).toMatch(/^sha256-[A-Za-z0-9+/]{43}=$/);
      // Flakes refuse a source whose time is not the locked one: a time far from the release is a wrong one.
      expect(new Date(locked.lastModified * 1000).toISOString().slice(0, 4)).toBe('2026');
    }
  });

  test('the lock is complete: Nix would not change it', () => {
    const metadata = container.run(
      'nix --extra-experimental-features \'nix-command flakes\' flake metadata --json --no-update-lock-file path:/opt/cdk8s-nix/nix 2>&1',
      { env: { HOME: '/home/code' } });
    expect(metadata).toMatchObject({ status: 0 });
    const json = metadata.output.split('\n').find(line => line.startsWith('{'))!;
    expect(JSON.parse(json).locks.nodes.root.inputs).toEqual({ 'home-manager': 'home-manager', 'nixpkgs': 'nixpkgs' });
  });

  // Of a stand-in only its own knowledge can be tested, so what it knows is held against the real one as often as that is at hand.
  (REAL.homeManager && REAL.lib ? describe : describe.skip)('with the real home-manager', () => {
    const overrides = 'home-manager=path:/opt/real/home-manager nixpkgs=path:/opt/real/nixpkgs';

    beforeAll(() => {
      const real = path.join(container.root, 'opt/real');
      fs.cpSync(REAL.homeManager!, path.join(real, 'home-manager'), { recursive: true, filter: source => path.basename(source) !== '.git' });
      fs.cpSync(path.join(__dirname, 'stand-ins/nixpkgs-around-lib'), path.join(real, 'nixpkgs'), { recursive: true });
      fs.cpSync(path.join(__dirname, 'stand-ins/nixpkgs/names.nix'), path.join(real, 'nixpkgs/names.nix'));
      fs.cpSync(REAL.lib!, path.join(real, 'nixpkgs/lib'), { recursive: true });
    });

    test.each([
      ['minimal', MINIMAL], ['essential', ESSENTIAL], ['development', DEVELOPMENT], ['ai', AI], ['browser', [...AI, 'chromium-headless']],
    ])('%s is a configuration, and brings no service manager and no desktop', (profile, packages) => {
      const found = evaluate(`homeConfigurations.container-${profile}`, {
        overrides, apply: `c: {
        generation = c.activationPackage.name;
        packages = map (p: p.name) c.config.home.packages;
        units = c.config.systemd.user.enable;
        types = c.config.xdg.mime.enable;
        nixpkgs = c.config.nix.registry.nixpkgs.to;
        files = builtins.attrNames c.config.home.file;
      }`,
      });
      // home-manager adds a package with the variables of a session.
      expect(found.packages.sort()).toEqual([...packages.map(name => name === 'nodejs' ? 'nodejs_24' : name), 'hm-session-vars.sh'].sort());
      expect(found).toMatchObject({ generation: 'home-manager-generation', units: false, types: false });
      expect(found.nixpkgs.rev).toBe(lock().nodes.nixpkgs.locked.rev);
      expect(found.files.filter((file: string) => /systemd|mime|applications/.test(file))).toEqual([]);
    });

    test('the shell is a module', () => {
      const files = evaluateOwn('[ containers.homeModules.minimal containers.homeModules.shell ]', 'c: builtins.attrNames c.home.file', overrides);
      expect(files).toEqual(expect.arrayContaining(['.bashrc', '.profile']));
    });

    test('has every option that the stand-in has', () => {
      const options: string[] = JSON.parse(container.run('nix --extra-experimental-features \'nix-command flakes\' eval --json path:/opt/stand-ins/home-manager#lib.optionNames \
        --no-write-lock-file --override-input nixpkgs path:/opt/stand-ins/nixpkgs 2>/dev/null', { env: { HOME: '/home/code' } }).output);
      expect(options.length).toBeGreaterThan(10);
      const apply = `options: builtins.filter (option: !option.there) [ ${options.map(name => `{ name = "${name}"; there = options ? ${name}; }`).join(' ')} ]`;
      expect(evaluate('homeConfigurations.container-minimal.options', { overrides, apply })).toEqual([]);
    });
  });
});
