import { benchImage } from './bench-image';
import { BenchVolume } from './bench-volume';
import { alternate, COMMANDS, compete, Findings, medianSeconds, peakOf, ratioOf } from './competition';
import { measure } from './stopwatch';
import { Limits } from '../../test/support/run/cgroup';

/* An image as ours are: 400 paths of 150 files. */

const FILES_PER_PATH = 150;

interface Images {
  readonly v1: string;
  /** A tenth of the paths differ. */
  readonly v2: string;
  /** These alone. */
  readonly delta: string;
  /** The first version of an image with a tenth of the paths. */
  readonly tenth: string;
}

const count = (quick: boolean) => quick ? 40 : 400;

const image = async (version: string, paths: number) => benchImage({ version, paths, filesPerPath: FILES_PER_PATH, changed: Math.ceil(paths / 10) });

async function images(quick: boolean): Promise<Images> {
  const paths = count(quick);
  return {
    v1: await image('1', paths),
    v2: await image('2', paths),
    delta: await benchImage({ version: '2', paths, filesPerPath: FILES_PER_PATH, changed: paths / 10, onlyChanged: true }),
    tenth: await image('1', paths / 10),
  };
}

const local = (quick: boolean) => async () => BenchVolume.local(quick ? 600 : 3000);

export async function benchCold(quick: boolean): Promise<Findings> {
  const heat = { nix: await image('1', count(quick)), volume: local(quick) };
  const results = await alternate(3, {
    coldLocalSeed: async () => compete('seed', heat),
    coldLocalCp: async () => compete('cp', heat),
    coldLocalRead: async () => compete('read', heat),
  });
  return {
    ratios: {
      coldLocalVsCp: ratioOf(results, 'coldLocalSeed', 'coldLocalCp'),
      coldLocalVsReadLimit: ratioOf(results, 'coldLocalSeed', 'coldLocalRead'),
      peakMiB: peakOf(...results.coldLocalSeed),
    },
    seconds: medianSeconds(results),
  };
}

export async function benchHalfCpu(quick: boolean, limits: Limits): Promise<Findings> {
  const heat = { nix: await image('1', count(quick)), volume: local(quick), limits };
  const results = await alternate(5, {
    halfCpuColdSeed: async () => compete('seed', heat),
    halfCpuColdCp: async () => compete('cp', heat),
  });
  return { ratios: { halfCpuColdVsCp: ratioOf(results, 'halfCpuColdSeed', 'halfCpuColdCp') }, seconds: medianSeconds(results) };
}

/** Cold on a volume with latency, where cp waits for each request by itself: a small store is enough, and minutes are saved. */
export async function benchLatency(quick: boolean): Promise<Findings> {
  const heat = { nix: await image('1', 20), volume: async () => BenchVolume.withLatency(600) };
  const results = await alternate(quick ? 1 : 3, {
    coldLatencySeed: async () => compete('seed', heat),
    coldLatencyCp: async () => compete('cp', heat),
  });
  return { ratios: { coldLatencyVsCp: ratioOf(results, 'coldLatencySeed', 'coldLatencyCp') }, seconds: medianSeconds(results) };
}

export async function benchWarm(quick: boolean): Promise<Findings> {
  const { v1, tenth } = await images(quick);
  const create = local(quick);
  const [big, small, other] = [await create(), await create(), await create()];
  try {
    await measure(COMMANDS.seed, v1, big.root);
    await measure(COMMANDS.seed, tenth, small.root);
    await measure(COMMANDS.rsync, v1, other.root);
    const results = await alternate(5, {
      warmSeed: async () => measure(COMMANDS.seed, v1, big.root, { rounds: 20 }),
      warmSeedTenth: async () => measure(COMMANDS.seed, tenth, small.root, { rounds: 20 }),
      warmRsync: async () => measure(COMMANDS.rsync, v1, other.root),
    });
    return {
      ratios: { warmVsRsync: ratioOf(results, 'warmSeed', 'warmRsync'), warmGrowth: ratioOf(results, 'warmSeed', 'warmSeedTenth') },
      seconds: medianSeconds(results),
    };
  } finally {
    await Promise.all([big, small, other].map(async volume => volume.dispose()));
  }
}

export async function benchUpgrade(quick: boolean): Promise<Findings> {
  const { v1, v2, delta } = await images(quick);
  const volume = local(quick);
  const results = await alternate(5, {
    upgradeSeed: async () => compete('seed', { nix: v2, after: v1, volume }),
    upgradeRsync: async () => compete('rsync', { nix: v2, after: v1, volume }),
    upgradeDelta: async () => compete('seed', { nix: delta, volume }),
  });
  return {
    ratios: {
      upgradeVsDelta: ratioOf(results, 'upgradeSeed', 'upgradeDelta'),
      upgradeVsRsync: ratioOf(results, 'upgradeSeed', 'upgradeRsync'),
    },
    seconds: medianSeconds(results),
  };
}
