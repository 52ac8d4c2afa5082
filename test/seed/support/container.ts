import { ChildProcess, spawn } from 'child_process';
import { readFileSync, statSync } from 'fs';
import * as path from 'path';
import { sleep } from './sleep';
import { Cgroup } from '../../support/run/cgroup';

export { sleep };

export const REPOSITORY = path.resolve(__dirname, '../../..');
export const USER_ID = 1001;

export interface Container {
  /** The folder that becomes the root file system, read-only. @default the machine's own */
  readonly rootfs?: string;
  /** Folders to mount, `source: target` or `source: target:ro`. */
  readonly mounts: { [source: string]: string };
  readonly environment?: { [name: string]: string };
  readonly command: string[];
  readonly user?: number;
  /** @default the same number as the user */
  readonly group?: number;
  /** Further groups: the fsGroup of the pod is one. @default none */
  readonly groups?: number[];
  /** Holds it to its limits, and shows it them. @default all of the machine */
  readonly cgroup?: Cgroup;
}

export interface Finished {
  /** The exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** A command in a container, still running. */
export class Running {
  public readonly finished: Promise<Finished>;
  public alive = true;
  private readonly child: ChildProcess;
  private stdout = '';
  private stderr = '';

  constructor(container: Container) {
    const cgroups = container.cgroup?.folders ?? {};
    const mounts = [
      ...Object.entries(container.mounts).map(([source, target]) => `${source}:${target}`),
      ...Object.entries(cgroups).map(([source, target]) => `${source}:${target}:ro`),
    ].join(' ');
    const user = container.user ?? USER_ID;
    const ids = `${user}:${container.group ?? user}:${(container.groups ?? []).join(',')}`;
    const started = Date.now();
    this.child = spawn(
      'sh',
      [path.join(__dirname, 'container.sh'), container.rootfs ?? '/', ids, mounts, ...container.command],
      {
        env: { PATH: '/nix/var/nix/profiles/default/bin:/usr/bin:/bin:/usr/sbin:/sbin', TMPDIR: '/tmp', ...container.environment, CONTAINER_CGROUPS: Object.keys(cgroups).join(' ') },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    // A name may be cut in the middle of a letter.
    this.child.stdout!.setEncoding('utf-8');
    this.child.stderr!.setEncoding('utf-8');
    this.child.stdout!.on('data', chunk => this.stdout += chunk);
    this.child.stderr!.on('data', chunk => this.stderr += chunk);
    this.finished = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', code => {
        this.alive = false;
        resolve({ code, stdout: this.stdout, stderr: this.stderr, milliseconds: Date.now() - started });
      });
    });
  }

  /** What it has printed so far. */
  public get output(): string {
    return this.stdout + this.stderr;
  }

  /** Ends the container as a lost node would: everything in it dies at once, with its process 1. */
  public kill() {
    // Not unshare alone: the wish to die with one's parent does not survive a change of user.
    this.processOne().forEach(killIfAlive);
    this.child.kill('SIGKILL');
  }

  /** Sends a signal to process 1 of the container, as the kubelet does. */
  public signal(name: NodeJS.Signals) {
    this.processOne().forEach(pid => process.kill(pid, name));
  }

  /** The numbers that its processes have on the machine. */
  public pids(): number[] {
    const found = this.processOne();
    for (let next = 0; next < found.length; next++) {
      found.push(...children(found[next]));
    }
    return found;
  }

  /** Process 1 as the machine sees it; none if it is not there yet or has ended. */
  private processOne(): number[] {
    return this.alive ? children(this.child.pid!) : [];
  }

  /** Waits until it has printed something that matches; on a busy machine that takes a while. */
  public async until(pattern: RegExp, timeoutMs = 240000) {
    const deadline = Date.now() + timeoutMs;
    while (!pattern.test(this.output)) {
      if (Date.now() > deadline || !this.alive) {
        throw new Error(`it never printed ${pattern}, only:\n${this.output}`);
      }
      await sleep(20);
    }
  }
}

function children(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf-8').split(' ').filter(child => child !== '').map(Number);
  } catch {
    return []; // it has ended meanwhile
  }
}

export async function run(container: Container): Promise<Finished> {
  return new Running(container).finished;
}

/** Runs a command on the machine itself; throws with what it printed if it fails. */
export async function host(command: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf-8');
    child.stderr.setEncoding('utf-8');
    child.stdout.on('data', chunk => stdout += chunk);
    child.stderr.on('data', chunk => stderr += chunk);
    child.on('error', reject);
    child.on('close', code => code === 0 ? resolve(stdout) : reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr}`)));
  });
}

/** The permissions of a file, as `chmod` takes them. */
export function modeOf(file: string): string {
  return statSync(file).mode.toString(8).slice(-3);
}

/** What has ended by itself meanwhile is as dead as it should be. */
function killIfAlive(pid: number) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}
