import * as fs from 'fs';
import * as path from 'path';
import { host, REPOSITORY, Running } from '../../test/seed/support/container';
import { Cgroup } from '../../test/support/run/cgroup';

export interface Measured {
  readonly seconds: number;
  /** The most memory that all processes together had resident, shared pages counted once per process. */
  readonly peakMiB: number;
  /** What the command printed. */
  readonly log: string;
}

export interface MeasureOptions {
  /** How often in a row; the time is that of one. @default 1 */
  readonly rounds?: number;
  /** @default all of the machine */
  readonly cgroup?: Cgroup;
}

/** Forgets what lies in memory, on both sides: the next to read has to go to the disk. */
export async function dropCaches() {
  await host('sync');
  fs.writeFileSync('/proc/sys/vm/drop_caches', '3');
}

/** Runs a shell command as the seed container would, and measures it from within; what it takes to start the container does not count. */
export async function measure(command: string, nix: string, volume: string, options: MeasureOptions = {}): Promise<Measured> {
  const { rounds = 1, cgroup } = options;
  const running = new Running({
    cgroup,
    mounts: { [nix]: '/nix:ro', [volume]: '/mnt/nix-volume', [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro' },
    command: ['bash', '-ec', `
      start=$(date +%s%N)
      for ((round = 0; round < ${rounds}; round++)); do ${command}; done >&2
      echo $(( ($(date +%s%N) - start) / ${rounds} ))`],
  });
  let peak = 0;
  const sampler = setInterval(() => peak = Math.max(peak, usedKib(running.pids())), 50);
  const { code, stdout, stderr } = await running.finished;
  clearInterval(sampler);
  if (code !== 0) {
    throw new Error(`\`${command}\` ended with ${code}: ${stderr}`);
  }
  return { seconds: Number(stdout) / 1e9, peakMiB: peak / 1024, log: stderr };
}

/** What the processes have in memory; what several of them share counts once, as it does for the memory limit of a container. */
function usedKib(pids: number[]): number {
  return pids.map(pid => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf-8'))?.[1] ?? 0);
    } catch {
      return 0; // it has ended meanwhile
    }
  }).reduce((sum, kib) => sum + kib, 0);
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
