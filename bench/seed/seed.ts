import { Findings } from './competition';
import { benchCold, benchHalfCpu, benchLatency, benchUpgrade, benchWarm } from './few-paths';
import { benchGrowth, benchManyCold, benchManyHalfCpu, benchManyUpgrade } from './many-paths';
import { printRatios, printSeconds, rounded } from '../table';

/** Ratios to what it is compared with, and the absolute seconds they come from. */
export interface SeedResults {
  readonly [ratio: string]: number | object;
  readonly seconds: { readonly [name: string]: number };
}

const SMALL_CONTAINER = { cpus: 0.5, mebibytes: 512 };

type Scenario = (quick: boolean) => Promise<Findings>;

/** Each by the name that `--only` knows it by. */
export const SEED_SCENARIOS: { readonly [name: string]: Scenario } = {
  cold: benchCold,
  latency: benchLatency,
  warm: benchWarm,
  upgrade: benchUpgrade,
  halfCpu: async quick => benchHalfCpu(quick, SMALL_CONTAINER),
  manyCold: benchManyCold,
  manyHalfCpu: async quick => benchManyHalfCpu(quick, SMALL_CONTAINER),
  manyUpgrade: benchManyUpgrade,
  growth: benchGrowth,
};

const TARGETS: { [name: string]: number } = {
  coldLocalVsCp: 0.5,
  coldLocalVsReadLimit: 1.3,
  peakMiB: 64,
  coldLatencyVsCp: 0.3,
  warmVsRsync: 0.02,
  warmGrowth: 1.2,
  upgradeVsDelta: 1.3,
  upgradeVsRsync: 0.2,
  halfCpuColdVsCp: 0.9,
  manyColdVsCp: 0.5,
  manyHalfCpuColdVsCp: 0.9,
  manyUpgradeVsDelta: 1.3,
  manyPlanShare: 0.25,
  peakMiB40k: 64,
  planGrowth: 1.1,
};

/**
 * Measures seeding against what everyone does, in one run, alternating; medians.
 *
 * @param quick a tenth of the stores
 * @param names of the scenarios to measure
 */
export async function benchSeed(quick: boolean, names: string[] = Object.keys(SEED_SCENARIOS)): Promise<SeedResults> {
  let ratios: { [name: string]: number } = {};
  let seconds: { [name: string]: number } = {};
  for (const name of names) {
    const findings = await SEED_SCENARIOS[name](quick);
    ratios = { ...ratios, ...findings.ratios };
    seconds = { ...seconds, ...findings.seconds };
  }
  printRatios('seeding', ratios, TARGETS);
  printSeconds(seconds);
  return { ...rounded(ratios), seconds: rounded(seconds) };
}
