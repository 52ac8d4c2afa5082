import { existsSync, readFileSync } from 'node:fs';
import { wait, within } from './waiting';
import { podman } from '../../support/podman';

/** The sudden end of a process in a container, as by the kernel when memory is short. */
export interface Kill {
  readonly container: string;
  /** When, by what it has printed so far. */
  readonly when: (log: string) => boolean;
  /** The command line of the process that is killed then, the first one that matches. @default - process 1, and all others with it */
  readonly command?: RegExp;
}

/** The arguments of `podman run` by which `killWhen` sees what a container prints. */
export function visibleLog(file: string): string[] {
  return ['--log-driver', 'k8s-file', '--log-opt', `path=${file}`];
}

/** Kills a process of a running container, as soon as its log says so. */
export function killWhen(container: string, log: string, { when, command }: Kill): void {
  const first = Number(podman(['inspect', '--format', '{{.State.Pid}}', container]));
  for (;;) {
    if (first === 0 || !existsSync(`/proc/${first}`)) {
      throw new Error(`${container} ended before it was to be killed:\n${read(log)}`);
    }
    wait(0.005);
    const victim = !when(read(log)) ? undefined : command === undefined ? first : descendants(first).find(pid => command.test(commandLine(pid)));
    if (victim !== undefined && killAtWork(victim)) {
      return;
    }
  }
}

/** One that has done its work meanwhile cannot be stopped, and to kill it changes nothing. */
function killAtWork(pid: number): boolean {
  try {
    process.kill(pid, 'SIGSTOP');
    const stopped = within(0.5, () => /^\d+ \(.*\) T/.test(procFile(pid, 'stat')), 0.001);
    process.kill(pid, 'SIGKILL');
    return stopped;
  } catch {
    return false;
  }
}

function descendants(pid: number): number[] {
  const children = procFile(pid, `task/${pid}/children`).split(' ').filter(child => child !== '').map(Number);
  return children.flatMap(child => [child, ...descendants(child)]);
}

function commandLine(pid: number): string {
  return procFile(pid, 'cmdline').replace(/\0/g, ' ').trim();
}

/** Empty for a process that has ended meanwhile. */
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Each line of the file begins with its time, its stream and whether it is whole. */
function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\S+ \S+ [FP] /gm, '') : '';
}
