import { readFileSync } from 'fs';
import { join } from 'path';
import { NixImage, NixImageKind, NixImageRecipe } from '../../src';

const ROOT = join(__dirname, '..', '..');
const file = (path: string): string => readFileSync(join(ROOT, path), 'utf-8');

test('there are three images to build', () => {
  expect(NixImageRecipe.all().map(recipe => recipe.kind)).toEqual(['add-nix', 'backstage-nix', 'ubuntu-nix']);
});

test.each([
  [NixImage.addNix({ repository: 'r/a', tag: '1' }), 'images/add-nix/Dockerfile'],
  [NixImage.backstageNix({ repository: 'r/a', tag: '1' }), 'images/backstage-nix/Dockerfile'],
  [NixImage.ubuntuNix({ repository: 'r/a', tag: '1' }), 'images/ubuntu-nix/Dockerfile'],
])('%# an image of ours knows its Dockerfile', (image, path) => {
  expect(image.recipe!.dockerfilePath).toBe(path);
  expect(image.recipe!.dockerfile()).toBe(file(path));
});

test('an image that is not ours has no recipe', () => {
  expect(NixImage.upstream().kind).toBe(NixImageKind.UPSTREAM);
  expect(NixImage.upstream().recipe).toBeUndefined();
  expect(NixImage.of('r/a:1').kind).toBe(NixImageKind.OTHER);
  expect(NixImage.of('r/a:1').recipe).toBeUndefined();
  expect(() => NixImageRecipe.of(NixImageKind.OTHER))
    .toThrow('CDK8SNIX0104 kind: got "other". This image has no Dockerfile in the package. Use one of: add-nix, backstage-nix, ubuntu-nix.');
});

describe.each(NixImageRecipe.all())('$kind', recipe => {
  const lines = file(recipe.dockerfilePath).split('\n');

  test('describes itself with the first line of its Dockerfile', () => {
    expect(`# ${recipe.description}`).toBe(lines[0]);
  });

  test('has the build arguments of its Dockerfile, and pinned images among them', () => {
    const declared = lines.filter(line => /^ARG \w+=/.test(line)).map(line => line.slice('ARG '.length));
    expect(recipe.buildArguments.map(({ name, defaultValue }) => `${name}=${defaultValue}`)).toEqual(declared);
    expect(recipe.buildArguments.filter(({ name }) => name.endsWith('_IMAGE')).length).toBeGreaterThanOrEqual(2);
  });

  test('changes a default, and nothing else', () => {
    const changed = recipe.dockerfile({ NIX_IMAGE: 'r.example.org/nix:1.2' }).split('\n');
    expect(changed.filter((line, i) => line !== lines[i])).toEqual(['ARG NIX_IMAGE=r.example.org/nix:1.2']);
    expect(changed).toHaveLength(lines.length);
  });

  test('needs what its Dockerfile copies, all of it in the package', () => {
    const context = recipe.buildContext();
    expect(context[recipe.dockerfilePath]).toBe(file(recipe.dockerfilePath));
    // Every path of ours that stands in an instruction, found without the parser that is under test.
    const instructions = lines.filter(line => !line.startsWith('#')).join('\n');
    const mentioned = [...instructions.matchAll(/\b(?:images|scripts)\/[a-z-]+\.[a-z]+/g)].map(match => match[0]);
    expect(mentioned.length).toBeGreaterThan(5);
    expect(Object.keys(context)).toEqual(expect.arrayContaining([...mentioned, 'nix/flake.nix', 'nix/flake.lock', 'nix/profiles/minimal.nix']));
    for (const path of Object.keys(context)) {
      expect(context[path]).toBe(file(path));
    }
  });

  test('needs nothing of the other images', () => {
    expect(Object.keys(recipe.buildContext()).filter(path => path.endsWith('/Dockerfile'))).toEqual([recipe.dockerfilePath]);
  });
});

test('the folder to build from has the other defaults too', () => {
  const recipe = NixImageRecipe.of(NixImageKind.ADD_NIX);
  expect(recipe.buildContext({ VERSION: '1' })['images/add-nix/Dockerfile']).toContain('\nARG VERSION=1\n');
});

describe('refuses', () => {
  const recipe = NixImageRecipe.of(NixImageKind.ADD_NIX);

  test('an argument that the Dockerfile does not have', () => {
    expect(() => recipe.dockerfile({ UBUNTU_IMAGE: 'a:1' })).toThrow(
      'CDK8SNIX0104 buildArguments: got "UBUNTU_IMAGE". The Dockerfile has no such argument. Use one of: NIX_IMAGE, BASE_IMAGE, VERSION, REVISION.',
    );
  });

  test.each(['', 'a b', 'a\nRUN evil', '$OTHER', '"quoted"', 'a\\'])('the value %j', value => {
    expect(() => recipe.buildContext({ BASE_IMAGE: value })).toThrow(`CDK8SNIX0105 buildArguments.BASE_IMAGE: got ${JSON.stringify(value)}.`);
  });
});
