import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { Command, Failure, parse, positionals } from './command';
import { BUILD_ARG, buildArguments, recipeNamed } from './image-argument';

export const EJECT: Command = {
  name: 'eject',
  summary: 'write all that an image is built from into a folder',
  help: `Usage: cdk8s-nix eject <image> <dir> [options]

Write the Dockerfile of an image and everything it copies, scripts and the home-manager flake, into a folder: from then
on they are yours. Nothing is overwritten, and nothing is written at all, if one of the files exists.

Options:
      --build-arg NAME=VALUE  another default for a build argument; may be repeated
      --force                 overwrite files that exist
`,
  run: (args, streams) => {
    const { values, positionals: given } = parse({ args, options: { ...BUILD_ARG, force: { type: 'boolean' } }, allowPositionals: true });
    const [image, folder] = positionals(given, 'image', 'dir');
    const recipe = recipeNamed(image);
    const files = recipe.buildContext(buildArguments(recipe, values['build-arg']));

    const existing = Object.keys(files).filter(path => existsSync(join(folder, path)));
    if (existing.length > 0 && !values.force) {
      throw new Failure(`these files exist in ${folder}: ${existing.join(', ')}. Use another folder, or --force to overwrite them.`);
    }
    for (const [path, content] of Object.entries(files)) {
      write(join(folder, path), content);
      streams.out(`${join(folder, path)}\n`);
    }
    streams.err(`Build it with: docker build -f ${join(folder, recipe.dockerfilePath)} -t ${recipe.kind} ${folder}\n`);
  },
};

function write(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    // Not with the write: that would leave the mode of a file that is overwritten.
    chmodSync(path, content.startsWith('#!') ? 0o755 : 0o644);
  } catch (error) {
    throw new Failure(`cannot write ${path}: ${(error as Error).message}`);
  }
}
