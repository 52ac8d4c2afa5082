import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { NixImageKind, NixImageRecipe, NixImageRecommendation } from '../../src';
import { main } from '../../src/cli/main';
import { decisionMatrix } from '../../src/image/decision-matrix';

/** What a run said and did. */
function run(...argv: string[]): { code: number; out: string; err: string } {
  const said = { out: '', err: '' };
  const code = main(argv, { out: text => { said.out += text; }, err: text => { said.err += text; } });
  return { code, ...said };
}

const COMMANDS = ['images', 'eject', 'dockerfile', 'explain'];

describe('help', () => {
  test.each(['--help', '-h'])('%s lists the commands', option => {
    const { code, out, err } = run(option);
    expect([code, err]).toEqual([0, '']);
    for (const command of COMMANDS) {
      expect(out).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
    }
  });

  test.each(COMMANDS)('%s --help shows its usage and options, whatever else is there', command => {
    const { code, out, err } = run(command, '--no-such-option', '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^Usage: cdk8s-nix ${command}( |$)`, 'm'));
    expect(out).toContain('--help');
  });

  test('the documented options are those that work', () => {
    for (const [command, ...args] of [['images'], ['eject', 'add-nix', '/dev/null/x'], ['dockerfile', 'add-nix'], ['explain', '/dev/null/x']]) {
      const options = [...run(command, '--help').out.matchAll(/^ +(?:-h, )?(--[a-z-]+)( [A-Z=]+)?/gm)].filter(([, name]) => name !== '--help');
      for (const [, name, value] of options) {
        // Whatever it leads to, it is not that there is no such option.
        expect(run(command, ...args, name, ...(value ? ['x'] : [])).err).not.toContain('Unknown option');
      }
    }
  });
});

const BAD_USAGE: Array<[string[], string]> = [
  [['image'], "cdk8s-nix: there is no command 'image'. Run 'cdk8s-nix --help' for the list."],
  [['images', '--frmat', 'json'], "cdk8s-nix images: Unknown option '--frmat'. Run 'cdk8s-nix images --help'."],
  [['images', 'ubuntu-nix'], "cdk8s-nix images: Unexpected argument 'ubuntu-nix'. Run 'cdk8s-nix images --help'."],
  [['images', '--format', 'xml'], "cdk8s-nix images: There is no format 'xml': use text, json, markdown. Run 'cdk8s-nix images --help'."],
  [['images', '--backstage'], "cdk8s-nix images: --backstage says what --recommend is to go by: give both. Run 'cdk8s-nix images --help'."],
  [
    ['images', '--recommend', '--format', 'markdown'],
    "cdk8s-nix images: --format markdown prints the whole decision matrix: leave out --recommend. Run 'cdk8s-nix images --help'.",
  ],
  [['dockerfile'], "cdk8s-nix dockerfile: Missing <image>. Run 'cdk8s-nix dockerfile --help'."],
  [['dockerfile', 'debian'], "cdk8s-nix dockerfile: There is no image 'debian': use add-nix, backstage-nix, ubuntu-nix. Run 'cdk8s-nix dockerfile --help'."],
  [['dockerfile', 'upstream'], "cdk8s-nix dockerfile: There is no image 'upstream': use add-nix, backstage-nix, ubuntu-nix. Run 'cdk8s-nix dockerfile --help'."],
  [
    ['dockerfile', 'add-nix', '--build-arg', 'NIX_IMAGE'],
    "cdk8s-nix dockerfile: --build-arg 'NIX_IMAGE' is not of the form NAME=VALUE. Run 'cdk8s-nix dockerfile --help'.",
  ],
  [
    ['dockerfile', 'add-nix', '--build-arg', 'A=1'],
    'cdk8s-nix dockerfile: --build-arg: got "A". The Dockerfile has no such argument. Use one of: NIX_IMAGE, BASE_IMAGE, VERSION, REVISION. '
      + "Run 'cdk8s-nix dockerfile --help'.",
  ],
  [['dockerfile', 'add-nix', '--build-arg'], "cdk8s-nix dockerfile: Option '--build-arg <value>' argument missing. Run 'cdk8s-nix dockerfile --help'."],
  [['eject', 'add-nix'], "cdk8s-nix eject: Missing <dir>. Run 'cdk8s-nix eject --help'."],
  [['explain'], "cdk8s-nix explain: Missing <manifest.yaml>. Run 'cdk8s-nix explain --help'."],
  [['explain', 'a.yaml', '--format', 'svg'], "cdk8s-nix explain: There is no format 'svg': use tree or mermaid. Run 'cdk8s-nix explain --help'."],
];

describe('bad usage exits with 2, says why on stderr, and where to read on', () => {
  test.each(BAD_USAGE)('%j', (argv, message) => {
    expect(run(...argv)).toEqual({ code: 2, out: '', err: `${message}\n` });
  });

  test('without a command', () => {
    const { code, out, err } = run();
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: cdk8s-nix <command>');
  });
});

describe('images', () => {
  test('lists each image with its build arguments', () => {
    const { code, out } = run('images');
    expect(code).toBe(0);
    for (const recipe of NixImageRecipe.all()) {
      expect(out).toContain(`${recipe.kind}\n  ${recipe.description}\n  ${recipe.dockerfilePath}\n`);
      for (const { name, defaultValue } of recipe.buildArguments) {
        expect(out).toContain(`    ${name}=${defaultValue}\n`);
      }
    }
  });

  test('as JSON', () => {
    const images = JSON.parse(run('images', '--format', 'json').out);
    expect(images.map((image: { kind: string }) => image.kind)).toEqual(['add-nix', 'backstage-nix', 'ubuntu-nix']);
    expect(images[0].buildArguments).toEqual(NixImageRecipe.of(NixImageKind.ADD_NIX).buildArguments);
  });

  test('prints the decision matrix', () => {
    expect(run('images', '--format', 'markdown')).toEqual({ code: 0, out: decisionMatrix(), err: '' });
  });

  test.each([
    [['--existing-image'], { existingImage: true }],
    [['--existing-image', '--persistent-volume'], { existingImage: true, persistentVolume: true }],
    [['--backstage'], { backstage: true }],
    [['--pipeline'], { pipeline: true }],
    [['--immutable'], { immutable: true }],
    [[], {}],
  ])('--recommend %j asks for %j', (options, requirements) => {
    const { kind, useCase, alternatives } = NixImageRecommendation.of(requirements);
    const asJson = JSON.parse(run('images', '--recommend', ...options, '--format', 'json').out);
    expect(asJson).toMatchObject({ kind, useCase, alternatives: alternatives.map(other => ({ kind: other.kind })) });
  });

  test('explains its recommendation', () => {
    const { out } = run('images', '--recommend', '--existing-image', '--persistent-volume');
    expect(out).toMatch(/^Add Nix to an existing app: upstream\n  \+ .+\n/);
    expect(out).toMatch(/\n  - .+\nOr: add-nix\n  \+ .+\n/);
  });
});

describe('dockerfile', () => {
  test('prints it with other defaults', () => {
    const { code, out } = run('dockerfile', 'ubuntu-nix', '--build-arg', 'UBUNTU_IMAGE=r.example.org/u:1', '--build-arg=VERSION=a=b');
    expect(code).toBe(0);
    expect(out).toBe(NixImageRecipe.of(NixImageKind.UBUNTU_NIX).dockerfile({ UBUNTU_IMAGE: 'r.example.org/u:1', VERSION: 'a=b' }));
  });
});

describe('with a folder', () => {
  let folder: string;

  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-cli-')); });
  afterEach(() => rmSync(folder, { recursive: true }));

  const filesIn = (path: string): string[] => readdirSync(path, { recursive: true, encoding: 'utf-8' }).filter(name => statSync(join(path, name)).isFile()).sort();

  const permissions = (path: string): string => statSync(join(folder, path)).mode.toString(8).slice(-3);

  test('eject writes everything the image is built from', () => {
    const target = join(folder, 'new', 'image');
    const { code, out, err } = run('eject', 'backstage-nix', target, '--build-arg', 'BACKSTAGE_IMAGE=r.example.org/portal:1');
    expect(code).toBe(0);
    const context = NixImageRecipe.of(NixImageKind.BACKSTAGE_NIX).buildContext({ BACKSTAGE_IMAGE: 'r.example.org/portal:1' });
    expect(filesIn(target)).toEqual(Object.keys(context).sort());
    for (const [path, content] of Object.entries(context)) {
      expect(readFileSync(join(target, path), 'utf-8')).toBe(content);
    }
    expect(out.trimEnd().split('\n').sort()).toEqual(Object.keys(context).map(path => join(target, path)).sort());
    expect(err).toBe(`Build it with: docker build -f ${target}/images/backstage-nix/Dockerfile -t backstage-nix ${target}\n`);
  });

  test('what is run in the image can be run', () => {
    run('eject', 'ubuntu-nix', folder);
    expect(permissions('images/entrypoint.sh')).toBe('755');
    expect(permissions('images/ubuntu-nix/Dockerfile')).toBe('644');
  });

  test('eject overwrites nothing, and then writes nothing either', () => {
    mkdirSync(join(folder, 'images'));
    writeFileSync(join(folder, 'images/entrypoint.sh'), 'mine');
    expect(run('eject', 'add-nix', folder)).toEqual({
      code: 1, out: '', err: `cdk8s-nix eject: these files exist in ${folder}: images/entrypoint.sh. Use another folder, or --force to overwrite them.\n`,
    });
    expect(filesIn(folder)).toEqual(['images/entrypoint.sh']);
    expect(readFileSync(join(folder, 'images/entrypoint.sh'), 'utf-8')).toBe('mine');
  });

  test('eject --force overwrites, and leaves other files alone', () => {
    mkdirSync(join(folder, 'images'));
    writeFileSync(join(folder, 'images/entrypoint.sh'), 'mine', { mode: 0o600 });
    writeFileSync(join(folder, 'images/mine.sh'), 'mine');
    expect(run('eject', 'add-nix', folder, '--force').code).toBe(0);
    expect(readFileSync(join(folder, 'images/entrypoint.sh'), 'utf-8')).toMatch(/^#!/);
    expect(permissions('images/entrypoint.sh')).toBe('755');
    expect(readFileSync(join(folder, 'images/mine.sh'), 'utf-8')).toBe('mine');
  });

  test('bad build arguments are found before anything is written', () => {
    expect(run('eject', 'add-nix', folder, '--build-arg', 'A=1').code).toBe(2);
    expect(filesIn(folder)).toEqual([]);
  });

  test('a folder that cannot be written is no usage error', () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, err } = run('eject', 'add-nix', join(folder, 'file'));
    expect(code).toBe(1);
    expect(err).toContain(`cdk8s-nix eject: cannot write ${join(folder, 'file', 'images')}`);
  });

  describe('explain', () => {
    const manifest = 'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec: { containers: [{ name: main, image: "example.org/main:1" }] }\n';

    test('shows a manifest as a tree', () => {
      writeFileSync(join(folder, 'web.yaml'), manifest);
      const { code, out, err } = run('explain', join(folder, 'web.yaml'));
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('example.org/main:1');
      expect(out).not.toContain('flowchart');
    });

    test('or as a picture', () => {
      writeFileSync(join(folder, 'web.yaml'), manifest);
      expect(run('explain', join(folder, 'web.yaml'), '--format', 'mermaid').out).toContain('flowchart');
    });

    test('a file that is not there or no manifest is no usage error', () => {
      const missing = join(folder, 'missing.yaml');
      expect(existsSync(missing)).toBe(false);
      expect(run('explain', missing)).toEqual({ code: 1, out: '', err: expect.stringContaining(`There is no file ${missing}`) });
      writeFileSync(join(folder, 'list.yaml'), '- a\n');
      expect(run('explain', join(folder, 'list.yaml'))).toEqual({ code: 1, out: '', err: expect.stringContaining('no Kubernetes object') });
      writeFileSync(join(folder, 'torn.yaml'), 'kind: [');
      expect(run('explain', join(folder, 'torn.yaml'))).toEqual({ code: 1, out: '', err: expect.stringContaining('torn.yaml: ') });
    });
  });
});
