import { manyPathsImage, ManyPathsImageProps } from './bench-image';
import { BenchVolume } from './bench-volume';
import { alternate, compete, Findings, medianSeconds, peakOf, ratioOf } from './competition';
import { Phases, phasesOf } from './phases';
import { Measured, median } from './stopwatch';
import { Limits } from '../../test/support/run/cgroup';

/* Somebody else's image: 3,500 paths, most of them tiny, one file of 1 GB, one tree of 10,000 files. */

const image = async (quick: boolean, props: Partial<ManyPathsImageProps> = {}) => manyPathsImage({
  version: '1',
  paths: quick ? 350 : 3500,
  changedOneIn: 25,
  largeMebibytes: quick ? 100 : 1024,
  treeFiles: quick ? 1000 : 10000,
  ...props,
});

const local = (quick: boolean) => async () => BenchVolume.local(quick ? 600 : 3000);

export async function benchManyCold(quick: boolean): Promise<Findings> {
  const heat = { nix: await image(quick), volume: local(quick) };
  const results = await alternate(5, {
    manyColdSeed: async () => compete('seed', heat),
    manyColdCp: async () => compete('cp', heat),
    manyColdFloor: async () => compete('floor', heat),
  });
  return {
    ratios: {
      manyColdVsCp: ratioOf(results, 'manyColdSeed', 'manyColdCp'),
      manyColdFloorVsCp: ratioOf(results, 'manyColdFloor', 'manyColdCp'),
    },
    seconds: medianSeconds(results),
  };
}

export async function benchManyHalfCpu(quick: boolean, limits: Limits): Promise<Findings> {
  const heat = { nix: await image(quick), volume: local(quick), limits };
  const results = await alternate(5, {
    manyHalfCpuColdSeed: async () => compete('seed', heat),
    manyHalfCpuColdCp: async () => compete('cp', heat),
  });
  return { ratios: { manyHalfCpuColdVsCp: ratioOf(results, 'manyHalfCpuColdSeed', 'manyHalfCpuColdCp') }, seconds: medianSeconds(results) };
}

/** Four in a hundred paths are new; compared with an image that ships nothing but these, on an empty volume. */
export async function benchManyUpgrade(quick: boolean): Promise<Findings> {
  const volume = local(quick);
  const upgrade = { nix: await image(quick, { version: '2' }), after: await image(quick), volume };
  const delta = { nix: await image(quick, { version: '2', onlyChanged: true }), volume };
  const results = await alternate(9, {
    manyUpgradeSeed: async () => compete('seed', upgrade),
    manyUpgradeDelta: async () => compete('seed', delta),
  });
  return {
    ratios: {
      manyUpgradeVsDelta: ratioOf(results, 'manyUpgradeSeed', 'manyUpgradeDelta'),
      manyPlanShare: median(results.manyUpgradeSeed.map(({ log }) => planShare(phasesOf(log)))),
    },
    seconds: medianSeconds(results),
  };
}

/** What grows with the number of paths: memory, and planning, of a first seed and of an upgrade of one path in a hundred together. */
export async function benchGrowth(quick: boolean): Promise<Findings> {
  const [small, large] = quick ? [400, 4000] : [4000, 40000];
  const seedAndUpgrade = async (paths: number): Promise<Measured[]> => {
    const tiny = async (version: string) => manyPathsImage({ version, paths, changedOneIn: 100 });
    const [v1, v2] = [await tiny('1'), await tiny('2')];
    const volume = async () => BenchVolume.local(quick ? 600 : 3000);
    return [await compete('seed', { nix: v1, volume }), await compete('seed', { nix: v2, after: v1, volume })];
  };
  const few = await seedAndUpgrade(small);
  const many = await seedAndUpgrade(large);
  const planning = (runs: Measured[]) => runs.reduce((sum, { log }) => sum + phasesOf(log).plan, 0);
  return {
    ratios: {
      peakMiB40k: peakOf(...many),
      planGrowth: Math.log(planning(many) / planning(few)) / Math.log(large / small),
    },
    seconds: {
      growthColdFew: few[0].seconds,
      growthColdMany: many[0].seconds,
      growthUpgradeFew: few[1].seconds,
      growthUpgradeMany: many[1].seconds,
      growthPlanFew: planning(few),
      growthPlanMany: planning(many),
    },
  };
}

function planShare({ plan, total }: Phases): number {
  return plan / total;
}
