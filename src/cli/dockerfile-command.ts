import { Command, parse, positionals } from './command';
import { BUILD_ARG, buildArguments, recipeNamed } from './image-argument';

export const DOCKERFILE: Command = {
  name: 'dockerfile',
  summary: 'print the Dockerfile of an image',
  help: `Usage: cdk8s-nix dockerfile <image> [options]

Print the Dockerfile of an image. It copies files from the package: 'cdk8s-nix eject' writes them too.

Options:
      --build-arg NAME=VALUE  another default for a build argument; may be repeated
`,
  run: (args, streams) => {
    const { values, positionals: given } = parse({ args, options: BUILD_ARG, allowPositionals: true });
    const recipe = recipeNamed(positionals(given, 'image')[0]);
    streams.out(recipe.dockerfile(buildArguments(recipe, values['build-arg'])));
  },
};
