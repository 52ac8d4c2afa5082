import { execFileSync } from 'child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { join } from 'path';
import * as ts from 'typescript';
import { printRatios, printSeconds, rounded } from '../table';

const ROOT = join(__dirname, '..', '..');
const WORK = join(ROOT, 'bench', 'work', 'synth');

/** What one process measured. Bytes, but for the seconds. */
interface Measurement {
  readonly seconds: number;
  /** What the app holds after synth. */
  readonly heap: number;
  /** The most the whole process ever held. */
  readonly peak: number;
  readonly yaml: number;
}

/** The results, as they stand in bench/results.json. Ratios are ours to the hand-written app's. */
export interface SynthResults {
  /** At 1,000 deployments (the largest size, if that was not measured). */
  readonly time: number;
  readonly memory: number;
  readonly peakMemory: number;
  readonly yaml: number;
  /** e in time ~ size^e between 100 and the largest size. */
  readonly growthExponent: number;
  readonly handGrowthExponent: number;
  /** For example `nix1000`, `hand1000`. */
  readonly seconds: { readonly [name: string]: number };
}

const TARGETS: { [name: string]: number } = { time: 1.15, memory: 1.15, yaml: 1.3, growthExponent: 1.05 };

/**
 * Synthesize the same objects with the library and by hand, alternating, each in a process of its own.
 *
 * @param quick fewer sizes and rounds
 */
export function benchSynth(quick: boolean): SynthResults {
  compileWorker();
  const sizes = quick ? [1, 100, 1000] : [1, 100, 1000, 5000];
  const medians = new Map<string, Measurement>();
  for (const size of sizes) {
    const rounds = quick || size > 1000 ? 3 : 7;
    const measured: { [who: string]: Measurement[] } = { nix: [], hand: [] };
    for (let round = 0; round < rounds; round++) {
      // Each goes first every other time: the second of a pair finds warmer caches.
      for (const who of round % 2 === 0 ? ['nix', 'hand'] : ['hand', 'nix']) {
        measured[who].push(measure(who, size));
      }
    }
    for (const who of ['nix', 'hand']) {
      medians.set(`${who} ${size}`, medianOf(measured[who]));
    }
  }
  const largest = sizes[sizes.length - 1];
  const reference = 1000;
  const of = (who: string, size: number): Measurement => medians.get(`${who} ${size}`)!;
  const ratio = (key: keyof Measurement): number => of('nix', reference)[key] / of('hand', reference)[key];
  const exponent = (who: string): number => Math.log(of(who, largest).seconds / of(who, 100).seconds) / Math.log(largest / 100);
  const ratios = rounded({
    time: ratio('seconds'),
    memory: ratio('heap'),
    peakMemory: ratio('peak'),
    yaml: ratio('yaml'),
    growthExponent: exponent('nix'),
    handGrowthExponent: exponent('hand'),
  });
  const seconds = rounded(Object.fromEntries(sizes.flatMap(size => [[`nix${size}`, of('nix', size).seconds], [`hand${size}`, of('hand', size).seconds]])));
  printRatios('synth', ratios, TARGETS);
  printSeconds(seconds);
  return { ...ratios, seconds } as unknown as SynthResults;
}

/** Plain JavaScript beside each other, so that no TypeScript compiler counts in the memory of either side. */
function compileWorker(): void {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  for (const name of ['worker', 'hand-written']) {
    const { outputText } = ts.transpileModule(readFileSync(join(__dirname, `${name}.ts`), 'utf-8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    writeFileSync(join(WORK, `${name}.js`), outputText);
  }
}

function measure(who: string, size: number): Measurement {
  const output = join(WORK, 'dist');
  const line = execFileSync('node', ['--expose-gc', join(WORK, 'worker.js'), who, String(size), output], { encoding: 'utf-8' });
  return { ...JSON.parse(line), yaml: statSync(join(output, 'chart.k8s.yaml')).size };
}

function medianOf(measurements: Measurement[]): Measurement {
  const median = (key: keyof Measurement): number => measurements.map(m => m[key]).sort((a, b) => a - b)[Math.floor(measurements.length / 2)];
  return { seconds: median('seconds'), heap: median('heap'), peak: median('peak'), yaml: median('yaml') };
}
