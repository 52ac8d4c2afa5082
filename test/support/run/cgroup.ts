import * as fs from 'fs';
import * as path from 'path';
import { runOfThisProcess } from './run-folder';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'cdk8s-nix-test-';
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
  /** Removes what some processes made, with all that still runs in it. */
  public static removeAll(madeBy: (pid: number) => boolean) {
    for (const hierarchy of hierarchies()) {
      for (const name of fs.readdirSync(hierarchy)) {
        const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
        if (pid && madeBy(Number(pid))) {
          removeGroup(path.join(hierarchy, name));
        }
      }
    }
  }

  private static count = 0;

  /** The folder of each controller on this machine, and where a container runtime shows it. */
  public readonly folders: { [folder: string]: string };

  constructor({ cpus, mebibytes }: Limits) {
    const name = `${PREFIX}${runOfThisProcess()}-${process.pid}-${++Cgroup.count}`;
    const quota = Math.round(cpus * PERIOD_MICROSECONDS);
    const bytes = mebibytes * 2 ** 20;
    if (isUnified()) {
      fs.writeFileSync(path.join(ROOT, 'cgroup.subtree_control'), '+cpu +memory');
      this.folders = { [path.join(ROOT, name)]: ROOT };
      this.write(ROOT, 'cpu.max', `${quota} ${PERIOD_MICROSECONDS}`);
      this.write(ROOT, 'memory.max', bytes);
    } else {
      const [cpu, memory] = hierarchies();
      this.folders = { [path.join(cpu, name)]: cpu, [path.join(memory, name)]: memory };
      this.write(cpu, 'cpu.cfs_period_us', PERIOD_MICROSECONDS);
      this.write(cpu, 'cpu.cfs_quota_us', quota);
      this.write(memory, 'memory.limit_in_bytes', bytes);
    }
  }

  public remove() {
    Object.keys(this.folders).forEach(removeGroup);
  }

  private write(shownAt: string, file: string, value: string | number) {
    const folder = Object.keys(this.folders).find(candidate => this.folders[candidate] === shownAt)!;
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, file), String(value));
  }
}

function isUnified(): boolean {
  return fs.existsSync(path.join(ROOT, 'cgroup.controllers'));
}

function hierarchies(): string[] {
  const folders = isUnified() ? [ROOT] : [path.join(ROOT, 'cpu'), path.join(ROOT, 'memory')];
  return folders.filter(folder => fs.existsSync(folder));
}

/** The kernel may take a moment to notice that what was in it has ended. It is waited for without an event loop, which a process that ends has not. */
function removeGroup(folder: string) {
  for (let attempt = 0; fs.existsSync(folder); attempt++) {
    try {
      killAll(folder);
      fs.rmdirSync(folder);
    } catch (error) {
      if (attempt === 100) {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

function killAll(folder: string) {
  const pids = fs.readFileSync(path.join(folder, 'cgroup.procs'), 'utf-8').split('\n').filter(pid => pid !== '');
  pids.forEach(pid => process.kill(Number(pid), 'SIGKILL'));
}
