/*
 * npm run bench -- [--quick] [seed|program|synth] measures, prints a table and writes bench/results.json; program, unless it is quick, also the
 *                                                 table of docs/programs.md
 * npm run bench -- [--quick] --only NAME[,NAME]   single scenarios of seeding; prints only, since what is written is from one run
 */
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ProgramFigures, withFigures } from './program/page';
import { benchProgram } from './program/program';
import { benchSeed, SEED_SCENARIOS } from './seed/seed';
import { benchSynth } from './synth/synth';
import { beginRun, endRun } from '../test/support/run/run';

interface Results {
  machine?: object;
  seconds?: { [part: string]: object };
  [part: string]: object | undefined;
}

const PROGRAMS_PAGE = path.join(__dirname, '../docs/programs.md');
const RESULTS = path.join(__dirname, 'results.json');

/** What can be measured by itself. */
const PARTS: { readonly [part: string]: (quick: boolean) => Promise<{ readonly seconds: object }> } = {
  seed: async quick => benchSeed(quick),
  program: benchProgram,
  synth: async quick => benchSynth(quick),
};

async function main(args: string[]) {
  await beginRun();
  try {
    await bench(args);
  } finally {
    await endRun();
  }
}

async function bench(args: string[]) {
  const quick = args.includes('--quick');
  const parts = args.filter(arg => arg !== '--quick');
  const only = parts.includes('--only') ? parts.splice(parts.indexOf('--only'), 2)[1] ?? '' : undefined;
  const unknown = parts.find(part => !Object.hasOwn(PARTS, part)) ?? only?.split(',').find(name => !Object.hasOwn(SEED_SCENARIOS, name));
  if (unknown !== undefined) {
    throw new Error(`unknown '${unknown}'; usage: npm run bench -- [--quick] [${Object.keys(PARTS).join('|')}] [--only ${Object.keys(SEED_SCENARIOS).join(',')}]`);
  }
  if (only !== undefined) {
    await benchSeed(quick, only.split(','));
    return;
  }
  for (const part of parts.length > 0 ? parts : Object.keys(PARTS)) {
    const { seconds, ...ratios } = await PARTS[part](quick);
    write(part, { quick, ...ratios }, seconds);
    if (part === 'program' && !quick) {
      const { program } = resultsSoFar();
      fs.writeFileSync(PROGRAMS_PAGE, withFigures(fs.readFileSync(PROGRAMS_PAGE, 'utf-8'), { ...program, seconds } as ProgramFigures));
    }
  }
}

function resultsSoFar(): Results {
  return fs.existsSync(RESULTS) ? JSON.parse(fs.readFileSync(RESULTS, 'utf-8')) : {};
}

/** What other parts have measured stays as it is. */
function write(part: string, ratios: object, seconds: object) {
  const results = resultsSoFar();
  results[part] = ratios;
  results.seconds = { ...results.seconds, [part]: seconds };
  results.machine = {
    cpus: os.cpus().length,
    model: os.cpus()[0].model,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    node: process.version,
  };
  fs.writeFileSync(RESULTS, JSON.stringify(results, undefined, 2) + '\n');
}

main(process.argv.slice(2)).catch(error => {
  console.error(error);
  process.exitCode = 1;
});
