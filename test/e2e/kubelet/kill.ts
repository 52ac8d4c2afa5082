import { existsSync, readFileSync } from 'node:fs';
import { wait } from './waiting';
import { podman } from '../../support/podman';

/** The sudden end of a container, as by the kernel when memory is short. */
export interface Kill {
  readonly container: string;
  /** When, by what it has printed so far. */
  readonly when: (log: string) => boolean;
}

/** The arguments of `podman run` by which `killWhen` sees what a container prints. */
export function visibleLog(file: string): string[] {
  return ['--log-driver', 'k8s-file', '--log-opt', `path=${file}`];
}

/** Kills all processes of a running container, as soon as its log says so. */
export function killWhen(container: string, log: string, { when }: Kill): void {
  const pid = Number(podman(['inspect', '--format', '{{.State.Pid}}', container]));
  while (!when(read(log))) {
    if (pid === 0 || !existsSync(`/proc/${pid}`)) {
      throw new Error(`${container} ended before it was to be killed:\n${read(log)}`);
    }
    wait(0.005);
  }
  // Its process 1; the kernel takes the others with it.
  process.kill(pid, 'SIGKILL');
}

/** Each line of the file begins with its time, its stream and whether it is whole. */
function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\S+ \S+ [FP] /gm, '') : '';
}
