import { execFileSync, spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Testing } from 'cdk8s';
import { NixConfig, NixConfigProps } from '../../src';
import { KNOWN_SETTINGS, OLD_NAMES, SettingKind } from '../../src/config/nix-settings';
import { testChart } from '../support/synth';

interface Setting {
  readonly value: unknown;
  readonly aliases: string[];
}

let folder: string;
let settings: { [name: string]: Setting };

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nix-conf-'));
  settings = JSON.parse(execFileSync('nix', ['--extra-experimental-features', 'nix-command', 'show-config', '--json'], { encoding: 'utf-8' }));
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What Nix makes of a nix.conf, and what it says about it. */
function read(text: string): { readonly settings: string[]; readonly messages: string; readonly ok: boolean } {
  fs.writeFileSync(path.join(folder, 'nix.conf'), text);
  const { stdout, stderr, status } = spawnSync('nix', ['--extra-experimental-features', 'nix-command', 'show-config'], {
    encoding: 'utf-8', env: { ...process.env, NIX_CONF_DIR: folder, NIX_USER_CONF_FILES: '', HOME: folder },
  });
  return { settings: stdout.split('\n'), messages: stderr, ok: status === 0 };
}

function rendered(props: NixConfigProps): string {
  const chart = testChart();
  new NixConfig(chart, 'config', props);
  return Testing.synth(chart)[0].data['nix.conf'];
}

function kindOf(value: unknown): SettingKind {
  return Array.isArray(value) || (typeof value === 'object' && value !== null) ? 'list'
    : typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text';
}

test('every setting of this Nix is known, as what it is', () => {
  // Rendered as a boolean, but `relaxed` is a third value.
  const { sandbox, ...others } = settings;
  expect(KNOWN_SETTINGS.get('sandbox')).toBe('text');
  expect(sandbox).toBeDefined();
  const theirs = Object.entries(others).map(([name, { value }]) => [name, kindOf(value)]);
  expect(theirs.map(([name]) => [name, KNOWN_SETTINGS.get(name)])).toEqual(theirs);
});

test('every old name of this Nix is known', () => {
  const theirs = Object.entries(settings).flatMap(([name, { aliases }]) => aliases.map(alias => [alias, name]));
  expect(theirs.length).toBeGreaterThan(10);
  expect(theirs.map(([alias]) => [alias, OLD_NAMES[alias]])).toEqual(theirs);
});

test('Nix reads what is accepted, without a warning', () => {
  const { ok, messages, settings: seen } = read(rendered({
    settings: {
      'extra-platforms': ['i686-linux'],
      'extra-system-features': ['kvm'],
      'max-jobs': 'auto',
      'log-lines': 7,
      'keep-going': 'yes',
      'fallback': 1,
      'extra-substituters': 'https://a.example.org',
      'extra-trusted-public-keys': 'a-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
    },
    extraLines: ['tarball-ttl = 5 # seconds', '!include /nowhere/more.conf', 'post-build-hook ='],
  }));
  expect([messages, ok]).toEqual(['', true]);
  expect(seen).toEqual(expect.arrayContaining(['log-lines = 7', 'keep-going = true', 'fallback = true', 'tarball-ttl = 5',
    'substituters = https://cache.nixos.org https://a.example.org']));
});

test.each([
  ['log-lines=5', 'illegal configuration line|syntax error'],
  ['log-lines = 2.5', 'invalid value'],
  ['log-lines = many', 'invalid value'],
  ['keep-going = 2', 'invalid value'],
  ['extra-max-jobs = 2', 'unknown setting'],
  ['extra-builders = x', 'unknown setting'],
  ['state = /x', 'unknown setting'],
])('Nix refuses "%s", as we do at synth', (line, message) => {
  expect(read(`${line}\n`).messages).toMatch(new RegExp(message));
  expect(() => rendered({ extraLines: [line] })).toThrow(/CDK8SNIX03/);
});
