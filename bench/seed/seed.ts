import { printRatios, printSeconds, rounded } from '../table';
import { benchImage } from './bench-image';
import { BenchVolume } from './bench-volume';
import { dropCaches, Measured, measure, median } from './stopwatch';

/** Ratios to what it is compared with, and the absolute seconds they come from. */
export interface SeedResults {
  readonly coldLocalVsCp: number;
  readonly coldLocalVsReadLimit: number;
  readonly coldLatencyVsCp: number;
  readonly warmVsRsync: number;
  readonly warmGrowth: number;
  readonly upgradeVsDelta: number;
  readonly upgradeVsRsync: number;
  readonly peakMiB: number;
  readonly seconds: { readonly [name: string]: number };
}

const TARGETS: { [name: string]: number } = {
  coldLocalVsCp: 0.5,
  coldLocalVsReadLimit: 1.3,
  coldLatencyVsCp: 0.3,
  warmVsRsync: 0.02,
  warmGrowth: 1.2,
  upgradeVsDelta: 1.3,
  upgradeVsRsync: 0.2,
  peakMiB: 64,
};

const SYNC = 'sync -f /mnt/nix-volume';
const COMMANDS = {
  seed: 'dash /opt/cdk8s-nix/seed-nix-store.sh',
  cp: `cp -a /nix/. /mnt/nix-volume/ && ${SYNC}`,
  rsync: `rsync -a --ignore-existing /nix/ /mnt/nix-volume/ && ${SYNC}`,
  read: 'find /nix/store -type f -print0 | xargs -0 -P 8 -n 100 cat >/dev/null',
};
type Competitor = keyof typeof COMMANDS;

const FILES_PER_PATH = 150;

/**
 * Measures seeding against what everyone does, in one run, alternating; medians.
 *
 * @param quick a tenth of the store
 */
export async function benchSeed(quick: boolean): Promise<SeedResults> {
  const paths = quick ? 40 : 400;
  const image = (version: string, count = paths) =>
    benchImage({ version, paths: count, filesPerPath: FILES_PER_PATH, changed: Math.ceil(count / 10) });
  const v1 = await image('1');
  const v2 = await image('2');
  const tenth = await image('1', paths / 10);
  const delta = await benchImage({ version: '2', paths, filesPerPath: FILES_PER_PATH, changed: paths / 10, onlyChanged: true });
  const mebibytes = quick ? 600 : 3000;

  const local = async () => BenchVolume.local(mebibytes);
  const cold = await alternate(3, ['seed', 'cp', 'read'], async competitor => onFresh(local, competitor, v1));
  const latency = await benchLatency(await image('1', 20), quick);
  const warm = await benchWarm(local, v1, tenth);
  const upgrade = await benchUpgrade(local, v1, v2, delta);

  const seconds: { readonly [name: string]: number } = {
    ...name('coldLocal', cold),
    ...name('coldLatency', latency),
    ...warm,
    ...upgrade,
  };
  const ratios = {
    coldLocalVsCp: seconds.coldLocalSeed / seconds.coldLocalCp,
    coldLocalVsReadLimit: seconds.coldLocalSeed / seconds.coldLocalRead,
    coldLatencyVsCp: seconds.coldLatencySeed / seconds.coldLatencyCp,
    warmVsRsync: warm.warmSeed / warm.warmRsync,
    warmGrowth: warm.warmSeed / warm.warmSeedTenth,
    upgradeVsDelta: upgrade.upgradeSeed / upgrade.upgradeDelta,
    upgradeVsRsync: upgrade.upgradeSeed / upgrade.upgradeRsync,
    peakMiB: Math.max(...cold.seed.map(({ peakMiB }) => peakMiB)),
  };
  printRatios('seeding', ratios, TARGETS);
  printSeconds(seconds);
  return { ...rounded(ratios), seconds: rounded(seconds) } as unknown as SeedResults;
}

/** Cold on a volume with latency, where cp waits for each request by itself: a small store is enough, and minutes are saved. */
async function benchLatency(nix: string, quick: boolean) {
  const slow = async () => BenchVolume.withLatency(600);
  return alternate(quick ? 1 : 3, ['seed', 'cp'], async competitor => onFresh(slow, competitor, nix));
}

async function benchWarm(local: () => Promise<BenchVolume>, v1: string, tenth: string) {
  const [big, small, other] = [await local(), await local(), await local()];
  try {
    await measure(COMMANDS.seed, v1, big.root);
    await measure(COMMANDS.seed, tenth, small.root);
    await measure(COMMANDS.rsync, v1, other.root);
    const samples: { [name: string]: number[] } = { warmSeed: [], warmSeedTenth: [], warmRsync: [] };
    for (let round = 0; round < 5; round++) {
      samples.warmSeed.push((await measure(COMMANDS.seed, v1, big.root, 20)).seconds);
      samples.warmSeedTenth.push((await measure(COMMANDS.seed, tenth, small.root, 20)).seconds);
      samples.warmRsync.push((await measure(COMMANDS.rsync, v1, other.root)).seconds);
    }
    return { warmSeed: median(samples.warmSeed), warmSeedTenth: median(samples.warmSeedTenth), warmRsync: median(samples.warmRsync) };
  } finally {
    await Promise.all([big, small, other].map(async volume => volume.dispose()));
  }
}

async function benchUpgrade(local: () => Promise<BenchVolume>, v1: string, v2: string, delta: string) {
  const samples: { [name: string]: number[] } = { upgradeSeed: [], upgradeRsync: [], upgradeDelta: [] };
  for (let round = 0; round < 3; round++) {
    for (const [key, competitor, from, to] of [
      ['upgradeSeed', 'seed', v1, v2],
      ['upgradeRsync', 'rsync', v1, v2],
      ['upgradeDelta', 'seed', undefined, delta],
    ] as const) {
      const volume = await local();
      try {
        if (from) {
          await measure(COMMANDS[competitor], from, volume.root);
        }
        await dropCaches();
        samples[key].push((await measure(COMMANDS[competitor], to, volume.root)).seconds);
      } finally {
        await volume.dispose();
      }
    }
  }
  return { upgradeSeed: median(samples.upgradeSeed), upgradeRsync: median(samples.upgradeRsync), upgradeDelta: median(samples.upgradeDelta) };
}

/** One competitor, cold, on a volume of its own. */
async function onFresh(create: () => Promise<BenchVolume>, competitor: Competitor, nix: string): Promise<Measured> {
  const volume = await create();
  try {
    await dropCaches();
    return await measure(COMMANDS[competitor], nix, volume.root);
  } finally {
    await volume.dispose();
  }
}

/** Round after round, all competitors take their turn, so that a change of the machine's mood hits all of them. */
async function alternate<C extends Competitor>(
  rounds: number, competitors: C[], compete: (competitor: C) => Promise<Measured>,
): Promise<{ [competitor in C]: Measured[] }> {
  const results = Object.fromEntries(competitors.map(competitor => [competitor, []])) as unknown as { [competitor in C]: Measured[] };
  for (let round = 0; round < rounds; round++) {
    for (const competitor of competitors) {
      results[competitor].push(await compete(competitor));
    }
  }
  return results;
}

function name(prefix: string, results: { [competitor: string]: Measured[] }): { [name: string]: number } {
  return Object.fromEntries(Object.entries(results).map(([competitor, samples]) => [
    prefix + competitor[0].toUpperCase() + competitor.slice(1),
    median(samples.map(({ seconds }) => seconds)),
  ]));
}
