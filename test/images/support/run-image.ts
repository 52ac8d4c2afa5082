import { Outcome, podman, tryPodman } from '../../support/podman';

/** How to run a container. */
export interface RunOptions {
  /** @default - the image's */
  readonly user?: string;
  readonly environment?: Record<string, string>;
  /** `source:target[:ro]` */
  readonly volumes?: string[];
  /** Have a /tmp that can be written. @default - the image's, which cannot if restricted */
  readonly tmp?: boolean;
  /** A read-only root and no capabilities, as Pod Security `restricted` and the constructs ask for. @default false */
  readonly restricted?: boolean;
  /** Run the command itself instead of the image's entrypoint with it. @default false */
  readonly withoutEntrypoint?: boolean;
}

function flags(options: RunOptions): string[] {
  return [
    '--network', 'none', '--pull', 'never',
    // podman writes a passwd entry for a user the image does not know, which container runtimes of Kubernetes need not do.
    '--passwd=false',
    ...options.user ? ['--user', options.user] : [],
    ...Object.entries(options.environment ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(options.volumes ?? []).flatMap(volume => ['--volume', volume]),
    ...options.tmp ? ['--mount', 'type=tmpfs,destination=/tmp,tmpfs-mode=1777'] : [],
    // podman puts writable folders into a read-only root by itself, which a kubelet does not.
    ...options.restricted ? ['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'] : [],
    ...options.withoutEntrypoint ? ['--entrypoint', ''] : [],
  ];
}

/** Runs a command in an image, to its end. */
export function runImage(image: string, command: string[], options: RunOptions = {}): Outcome {
  return tryPodman(['run', '--rm', ...flags(options), image, ...command]);
}

/**
 * What a command printed.
 *
 * @throws with what it complained about, if it failed
 */
export function output({ code, stdout, stderr }: Outcome): string {
  if (code !== 0) {
    throw new Error(`ended with ${code}:\n${stdout}${stderr}`);
  }
  return stdout;
}

/** A container that goes on running while a test works in it. */
export class RunningContainer {
  private readonly id: string;

  constructor(image: string, command: string[], options: RunOptions = {}) {
    this.id = podman(['run', '--detach', ...flags(options), image, ...command]);
  }

  /** Runs a command beside the container's own. */
  public execute(user: string, command: string[], environment: Record<string, string> = {}): Outcome {
    const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    return tryPodman(['exec', '--user', user, ...variables, this.id, ...command]);
  }

  /** Waits until the container has printed a line. */
  public waitForLine(line: string): void {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { stdout, stderr } = tryPodman(['logs', this.id]);
      if (`${stdout}\n${stderr}`.split('\n').includes(line)) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(`no line "${line}" in the log:\n${stdout}${stderr}`);
      }
    }
  }

  /**
   * Sends a signal to the container's process 1.
   *
   * @returns the container's exit code
   * @throws if it still runs after ten seconds
   */
  public signal(name: string): number {
    podman(['kill', '--signal', name, this.id]);
    const deadline = Date.now() + 10_000;
    for (;;) {
      const [status, code] = podman(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', this.id]).split(' ');
      if (status === 'exited') {
        return Number(code);
      }
      if (Date.now() > deadline) {
        throw new Error(`the container still runs ten seconds after ${name}`);
      }
    }
  }

  public remove(): void {
    podman(['rm', '--force', '--time', '0', this.id]);
  }
}
