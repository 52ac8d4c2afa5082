/* One measurement in a process of its own: worker.js WHO COUNT prints a JSON line. Needs the compiled library. */
import { App, Chart, Testing } from 'cdk8s';
import { Files, shareByHand, writeByHand } from './hand-written';
import { NixDeployment } from 'cdk8s-nix';

const [who, count] = [process.argv[2], Number(process.argv[3])];

/** The scripts and the configuration of one NixDeployment, which the other side gets as they are. */
function assets(): { scripts: Files; config: Files } {
  const chart = Testing.chart();
  new NixDeployment(chart, 'sample');
  const configMaps = Testing.synth(chart).filter(manifest => manifest.kind === 'ConfigMap');
  const holding = (file: string): Files => {
    const found = configMaps.find(({ data, binaryData }) => file in { ...data, ...binaryData });
    if (!found) {
      throw new Error(`no ConfigMap of a NixDeployment holds ${file}`);
    }
    return { data: found.data, binaryData: found.binaryData };
  };
  return { scripts: holding('seed-nix-store.sh'), config: holding('nix.conf') };
}

const { scripts, config } = assets();
global.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
const start = process.hrtime.bigint();

const app = new App({ outdir: process.argv[4] });
const chart = new Chart(app, 'chart');
const shared = who === 'hand' ? shareByHand(chart, scripts) : undefined;
for (let i = 0; i < count; i++) {
  if (shared) {
    writeByHand(chart, `workspace-${i}`, shared, config);
  } else {
    new NixDeployment(chart, `workspace-${i}`);
  }
}
app.synth();

const seconds = Number(process.hrtime.bigint() - start) / 1e9;
global.gc?.();
const heap = process.memoryUsage().heapUsed - heapBefore;
process.stdout.write(JSON.stringify({ seconds, heap, peak: process.resourceUsage().maxRSS * 1024, constructs: app.node.findAll().length }));
