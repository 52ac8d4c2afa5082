import { programClosure } from './closure';
import { imagePod, mountedPod, nixPod } from './manifests';
import { Samples, SPEEDS, Starts } from './starts';
import { printRatios, printSeconds, rounded } from '../table';

/** `warmVsImage` has none: the pod that it is held against mounts nothing, and what mounts cost belongs to a volume, whatever a program comes by. */
const TARGETS: { [name: string]: number } = { warmVsMounted: 1, warmVsNix: 1 };

/**
 * Ratios to what an image-built pod costs more with an init container that does nothing, and to what our pod costs more with one that does nothing; and the
 * absolute seconds they come from.
 */
export interface ProgramResults {
  readonly [ratio: string]: number | object;
  readonly closure: object;
  readonly seconds: { readonly [name: string]: number };
}

/**
 * Measures what the start of a pod costs whose program comes from a binary cache, and of one whose program is in its image; by the kubelet of the
 * end-to-end tests, alternating; medians.
 *
 * @param quick a tenth of the closure, and fewer rounds
 */
export async function benchProgram(quick: boolean): Promise<ProgramResults> {
  const closure = await programClosure(quick);
  const starts = new Starts(closure);
  try {
    await starts.openLines();
    const cold = await measureCold(starts, quick ? 1 : 3);
    const warm = await measureWarm(starts, quick ? 3 : 9);
    const init = warm.imageWithInit - warm.image;
    const added = warm.program - warm.image;
    const ratios = { warmVsImage: added / init, warmVsMounted: added / (warm.mounted - warm.image), warmVsNix: (warm.program - warm.nix) / init };
    const seconds = { ...cold, ...warm };
    printRatios('programs, in init containers that do nothing', ratios, TARGETS);
    printSeconds(seconds);
    const { mebibytes, paths, compressed } = closure;
    return { ...rounded(ratios), closure: { mebibytes, paths, compressed }, seconds: rounded(seconds) };
  } finally {
    starts.end();
  }
}

/** Nothing of the program is there yet. */
async function measureCold(starts: Starts, rounds: number): Promise<{ [name: string]: number }> {
  const { closure } = starts;
  await starts.start('seeded', nixPod('seeded', closure, 'seeded'));
  const samples = new Samples();
  for (let round = 0; round < rounds; round++) {
    for (const [line, { port }] of Object.entries(SPEEDS)) {
      const pod = (kind: string) => nixPod(`${kind}-${line}-${round}`, closure, `${kind}-${line}-${round}`, port);
      const start = async (kind: string, from?: string) => starts.start(`${kind}-${line}-${round}`, pod(kind), from);
      samples.add(`image, ${line}`, await starts.pull(port) + await starts.start('image', imagePod('image', closure, false)));
      samples.add(`empty volume, ${line}`, await start('empty'));
      samples.add(`seeded volume, ${line}`, await start('more', 'seeded'));
      samples.add('clone', await start('clone', `empty-${line}-${round}`));
    }
  }
  return samples.medians();
}

/** All is there. */
async function measureWarm(starts: Starts, rounds: number): Promise<{ [name: string]: number }> {
  const { closure } = starts;
  const manifests: { [name: string]: string } = {
    image: imagePod('image', closure, false),
    imageWithInit: imagePod('imagewithinit', closure, true),
    mounted: mountedPod('mounted', closure, 'mounted', SPEEDS.near.port),
    nix: nixPod('nix', closure, 'nix'),
    program: nixPod('program', closure, 'program', SPEEDS.near.port),
  };
  const names = Object.keys(manifests);
  await starts.start('mounted', nixPod('mounted', closure, 'mounted', SPEEDS.near.port));
  for (const name of names) {
    await starts.start(name.toLowerCase(), manifests[name]);
  }
  const samples = new Samples();
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      samples.add(name, await starts.start(name.toLowerCase(), manifests[name]));
    }
  }
  return samples.medians();
}
