import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer } from './nix-container';

const nix = path.join(__dirname, '..', '..', 'nix');

const MINIMAL = ['curl', 'git', 'htop', 'jq', 'vim'];
const ESSENTIAL = [...MINIMAL, 'aichat', 'claude', 'codex', 'gemini'];
const DEVELOPMENT = [
  ...ESSENTIAL,
  'bat', 'direnv', 'fd', 'fzf', 'gh', 'gnumake', 'k9s', 'kubectl', 'kubernetes-helm', 'nodejs', 'python3', 'ripgrep', 'shellcheck', 'tmux', 'tree', 'yq-go',
];
const AI = [...DEVELOPMENT, 'ast-grep', 'pandoc', 'sqlite', 'uv'];

describe('the flake with the home configurations', () => {
  let container: NixContainer;
  beforeAll(() => { container = new NixContainer(); });
  afterAll(() => container.remove());

  /** Evaluates offline, and purely: the flag --impure is not there. */
  function evaluate(output: string, options: { apply?: string; folder?: string } = {}): any {
    const overrides = NixContainer.overrides.split(' ').map(override => `--override-input ${override.replace('=', ' ')}`).join(' ');
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

  test('offers each profile for both systems, and nothing else', () => {
    expect(evaluate('homeConfigurations', { apply: 'builtins.attrNames' }).sort()).toEqual([
      'container-ai', 'container-ai-aarch64-linux',
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
    expect(evaluate('homeConfigurations.container-ai.config', { apply: 'c: removeAttrs c [ "home.packages" ]' })).toEqual({
      'home.username': 'code',
      'home.homeDirectory': '/home/code',
      'home.stateVersion': '26.05',
      'manual.manpages.enable': false,
      'programs.man.enable': false,
      'news.display': 'silent',
    });
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
      ['ai', 'aichat', 'claude', 'codex', 'development', 'essential', 'gemini', 'minimal']);
    container.write('tmp/own/flake.nix', `{
      inputs.containers.url = "path:/opt/cdk8s-nix/nix";
      outputs = { containers, ... }: {
        homeConfigurations.mine = containers.lib.container {
          system = "x86_64-linux"; username = "dev"; homeDirectory = "/d";
          modules = [ containers.homeModules.minimal containers.homeModules.claude ];
        };
      };
    }`);
    const overrides = NixContainer.overrides.split(' ').map(override => `--override-input containers/${override.replace('=', ' ')}`).join(' ');
    const result = container.run(`nix --extra-experimental-features 'nix-command flakes' eval --json --no-write-lock-file ${overrides} \
      'path:/tmp/own#homeConfigurations.mine.config' --apply 'c: [ c."home.username" ] ++ map (p: p.name) c."home.packages"' 2>/dev/null`,
    { env: { HOME: '/home/code' } });
    expect(JSON.parse(result.output).sort()).toEqual([...MINIMAL, 'claude', 'dev'].sort());
  });

  test('its inputs are pinned, to the branches it names', () => {
    const lock = JSON.parse(fs.readFileSync(path.join(nix, 'flake.lock'), 'utf8'));
    expect(Object.keys(lock.nodes).sort()).toEqual(['home-manager', 'nixpkgs', 'root']);
    for (const [name, owner, ref] of [['nixpkgs', 'NixOS', 'nixos-26.05'], ['home-manager', 'nix-community', 'release-26.05']]) {
      const { locked, original } = lock.nodes[name];
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
});
