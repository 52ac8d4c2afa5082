import * as fs from 'fs';
import * as path from 'path';
import { sleep } from './sleep';

const ROOT = '/sys/fs/cgroup';
const PERIOD_MICROSECONDS = 100000;

/** What a container may use at most. */
export interface Limits {
  /** Whole processors; half a one is 0.5. */
  readonly cpus: number;
  /** Of memory, with what the kernel caches for it. */
  readonly mebibytes: number;
}

/** A control group that holds a container to its limits, on machines with either version of cgroups. */
export class Cgroup {
  private static count = 0;

  /** The folder of each controller on this machine, and where a container runtime shows it. */
  public readonly folders: { [folder: string]: string };

  constructor({ cpus, mebibytes }: Limits) {
    const name = `cdk8s-nix-test-${process.pid}-${++Cgroup.count}`;
    const quota = Math.round(cpus * PERIOD_MICROSECONDS);
    const bytes = mebibytes * 2 ** 20;
    if (fs.existsSync(path.join(ROOT, 'cgroup.controllers'))) {
      fs.writeFileSync(path.join(ROOT, 'cgroup.subtree_control'), '+cpu +memory');
      this.folders = { [path.join(ROOT, name)]: ROOT };
      this.write(ROOT, 'cpu.max', `${quota} ${PERIOD_MICROSECONDS}`);
      this.write(ROOT, 'memory.max', bytes);
    } else {
      const [cpu, memory] = [path.join(ROOT, 'cpu'), path.join(ROOT, 'memory')];
      this.folders = { [path.join(cpu, name)]: cpu, [path.join(memory, name)]: memory };
      this.write(cpu, 'cpu.cfs_period_us', PERIOD_MICROSECONDS);
      this.write(cpu, 'cpu.cfs_quota_us', quota);
      this.write(memory, 'memory.limit_in_bytes', bytes);
    }
  }

  /** Removes the group; what was in it must have ended, but the kernel may take a moment to notice. */
  public async remove() {
    for (const folder of Object.keys(this.folders)) {
      for (let attempt = 0; fs.existsSync(folder); attempt++) {
        try {
          fs.rmdirSync(folder);
        } catch (error) {
          if (attempt === 100) {
            throw error;
          }
          await sleep(100);
        }
      }
    }
  }

  private write(shownAt: string, file: string, value: string | number) {
    const folder = Object.keys(this.folders).find(candidate => this.folders[candidate] === shownAt)!;
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, file), String(value));
  }
}
