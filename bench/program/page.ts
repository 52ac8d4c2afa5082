/** What the table in docs/programs.md is made of, as bench/results.json has it. */
export interface ProgramFigures {
  readonly warmVsImage: number;
  readonly warmVsMounted: number;
  readonly closure: { readonly mebibytes: number; readonly paths: number; readonly compressed: { readonly cache: number; readonly image: number } };
  readonly seconds: { readonly [name: string]: number };
}

const BEGIN = '<!-- `npm run bench -- program` writes this. -->\n';
const END = '<!-- Up to here. -->\n';

/** The page with the figures in it that were measured last. */
export function withFigures(page: string, figures: ProgramFigures): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`the page has no place for figures, between ${BEGIN.trim()} and ${END.trim()}`);
  }
  return page.slice(0, begin + BEGIN.length) + figuresText(figures) + page.slice(end);
}

function figuresText({ warmVsImage, warmVsMounted, closure: { mebibytes, paths, compressed }, seconds }: ProgramFigures): string {
  const cell = (name: string) => seconds[name].toFixed(1);
  const precise = (name: string) => `${seconds[name].toFixed(2)} s`;
  const row = (what: string, far: string, near = far) => `| ${what} | ${cell(far)} | ${cell(near)} |`;
  return [
    `Seconds until the container runs, for a program of ${paths} store paths and ${mebibytes} MiB, with the small kubelet of this project's tests on two CPUs`,
    '(`npm run bench -- program`); far is a line of 100 Mbit/s and 20 ms, near one of 1 Gbit/s and 1 ms, as to a [cache in the cluster](binary-cache.md).',
    '',
    '| the program comes | far | near |',
    '|---|---|---|',
    row(`from a binary cache (${compressed.cache} MiB), the volume holds the seed already`, 'seeded volume, far', 'seeded volume, near'),
    row('from a binary cache, the volume is new: with the seed', 'empty volume, far', 'empty volume, near'),
    row(`in an image (${compressed.image} MiB), pulled by podman`, 'image, far', 'image, near'),
    row('with a clone of a volume that has it; what the storage takes for that comes on top', 'clone'),
    row('not at all, it is on the volume', 'program'),
    row('not at all, its image is on the node', 'image'),
    '',
    `What a warm start adds to a pod of an image is ${warmVsImage.toFixed(2)} of what an init container adds that does and mounts nothing (${precise('imageWithInit')} in all), and`,
    `${warmVsMounted.toFixed(2)} of what the same pod adds, with all its mounts, variables and limits, if its init container does nothing (${precise('mounted')}). A kubelet takes most of a second`,
    'for an init container.',
    '',
  ].join('\n');
}
