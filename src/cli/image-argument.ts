import { UsageError } from './command';
import { NixImageKind, NixImageRecipe } from '../image/nix-image-recipe';

/** The option `--build-arg` of `docker build`. */
export const BUILD_ARG = { 'build-arg': { type: 'string', multiple: true } } as const;

/** The recipe of the image that a command line names. */
export function recipeNamed(name: string): NixImageRecipe {
  const recipes = NixImageRecipe.all();
  const recipe = recipes.find(candidate => candidate.kind === name as NixImageKind);
  if (recipe === undefined) {
    throw new UsageError(`There is no image '${name}': use ${recipes.map(({ kind }) => kind).join(', ')}`);
  }
  return recipe;
}

/** The values of `--build-arg K=V`, where the recipe has K. */
export function buildArguments(recipe: NixImageRecipe, options: string[] = []): { [name: string]: string } {
  const values = Object.fromEntries(options.map(option => {
    const separator = option.indexOf('=');
    if (separator < 1) {
      throw new UsageError(`--build-arg '${option}' is not of the form NAME=VALUE`);
    }
    return [option.slice(0, separator), option.slice(separator + 1)];
  }));
  try {
    recipe.dockerfile(values);
  } catch (error) {
    // The code and the prop belong to the API; here the option is known.
    throw new UsageError(`--build-arg: ${(error as Error).message.replace(/^\S+ \S+: /, '').replace(/\.$/, '')}`);
  }
  return values;
}
