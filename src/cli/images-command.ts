import { Command, parse, positionals, UsageError } from './command';
import { decisionMatrix } from '../image/decision-matrix';
import { NixImageRecipe } from '../image/nix-image-recipe';
import { NixImageRecommendation, NixImageRequirements } from '../image/nix-image-recommendation';

/** The requirements as options. */
const REQUIREMENTS = {
  'existing-image': 'existingImage',
  'backstage': 'backstage',
  'pipeline': 'pipeline',
  'immutable': 'immutable',
  'persistent-volume': 'persistentVolume',
} as const satisfies { [option: string]: keyof NixImageRequirements };

const FORMATS = ['text', 'json', 'markdown'];

export const IMAGES: Command = {
  name: 'images',
  summary: 'list the images, or find out which one suits',
  help: `Usage: cdk8s-nix images [options]

List the images that can be built from this package, with their build arguments. With --recommend: which one suits.

Options:
      --recommend           recommend an image for what the following options say
      --existing-image      there is an image of an application, which is to have Nix
      --backstage           Backstage is to run, with AI assistants
      --pipeline            it runs in pipelines: many short runs, each from the same state
      --immutable           nothing may be installed at run time
      --persistent-volume   a persistent volume can be mounted at /nix
      --format FORMAT       text (default), json, or markdown (the whole decision matrix)
`,
  run: (args, streams) => {
    const flag = { type: 'boolean' } as const;
    const { values, positionals: given } = parse({
      args,
      options: {
        'recommend': flag,
        'existing-image': flag,
        'backstage': flag,
        'pipeline': flag,
        'immutable': flag,
        'persistent-volume': flag,
        'format': { type: 'string', default: 'text' },
      },
      allowPositionals: true,
    });
    positionals(given);
    const { recommend, format, ...requirements } = values;
    if (!FORMATS.includes(format)) {
      throw new UsageError(`There is no format '${format}': use ${FORMATS.join(', ')}`);
    }
    const [first] = Object.keys(requirements);
    if (first !== undefined && !recommend) {
      throw new UsageError(`--${first} says what --recommend is to go by: give both`);
    }
    if (format === 'markdown') {
      if (recommend) {
        throw new UsageError('--format markdown prints the whole decision matrix: leave out --recommend');
      }
      streams.out(decisionMatrix());
    } else if (recommend) {
      streams.out(recommendation(requirementsOf(requirements), format));
    } else {
      streams.out(list(format));
    }
  },
};

function requirementsOf(options: { [option: string]: boolean | undefined }): NixImageRequirements {
  return Object.fromEntries(Object.entries(REQUIREMENTS).map(([option, name]) => [name, options[option] ?? false]));
}

function list(format: string): string {
  const recipes = NixImageRecipe.all();
  if (format === 'json') {
    return toJson(recipes.map(({ kind, description, dockerfilePath, buildArguments }) => ({ kind, description, dockerfilePath, buildArguments })));
  }
  return recipes.map(recipe => [
    recipe.kind,
    `  ${recipe.description}`,
    `  ${recipe.dockerfilePath}`,
    ...recipe.buildArguments.map(argument => `    ${argument.name}=${argument.defaultValue}`),
    '',
  ].join('\n')).join('\n');
}

function recommendation(requirements: NixImageRequirements, format: string): string {
  const recommended = NixImageRecommendation.of(requirements);
  if (format === 'json') {
    return toJson({ ...choice(recommended), alternatives: recommended.alternatives.map(choice) });
  }
  return [
    `${recommended.useCase}: ${recommended.kind}`,
    ...explain(recommended),
    ...recommended.alternatives.flatMap(other => [`Or: ${other.kind}`, ...explain(other)]),
    '',
  ].join('\n');
}

function choice({ useCase, kind, needsBuild, reasons, tradeOffs }: NixImageRecommendation): object {
  return { useCase, kind, needsBuild, reasons, tradeOffs };
}

function explain(recommended: NixImageRecommendation): string[] {
  return [...recommended.reasons.map(reason => `  + ${reason}`), ...recommended.tradeOffs.map(tradeOff => `  - ${tradeOff}`)];
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
