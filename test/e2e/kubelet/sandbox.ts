import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Forward } from './services';
import { within } from './waiting';
import { Outcome, podman, tryPodman } from '../../support/podman';

/** Seconds until a forward listens, on a busy machine too. */
const PATIENCE = 60;

/** What a sandbox is made of. */
export interface SandboxProps {
  /** The beginning of the names of its containers. */
  readonly prefix: string;
  readonly hostname: string;
  readonly namespace: string;
  /** Where its file of host names goes. */
  readonly folder: string;
  /** An image with `sh`, `sleep`, `timeout`, `grep`, `nc`, `netstat` and `wget`. */
  readonly image: string;
  /** The sandbox to move into. @default - one of its own */
  readonly neighbour?: Sandbox;
}

/** What the containers of a pod share and what outlives each of them: a network with nothing in it but the pod's neighbours. */
export class Sandbox {
  /** The container that holds the network. */
  public readonly container: string;
  private readonly containers: string[] = [];

  constructor(private readonly props: SandboxProps) {
    this.container = props.neighbour?.container ?? `${props.prefix}sandbox`;
  }

  /** Services are names of this very place. */
  public start(services: string[]): void {
    const { folder, hostname, namespace, image, neighbour } = this.props;
    const names = services.flatMap(name => [name, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`]);
    writeFileSync(path.join(folder, 'hosts'), `127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\t${[hostname, ...names].join(' ')}\n`);
    if (!neighbour) {
      this.containers.push(this.container);
      podman(['run', '--detach', '--name', this.container, '--pull=never', '--network', 'none', '--hostname', hostname, image, 'sleep', 'infinity']);
    }
  }

  public exec(command: string[]): Outcome {
    return tryPodman(['exec', this.container, ...command]);
  }

  /** A container that leads connections on, so that it goes with the pod. */
  public forward({ port, targetPort }: Forward): void {
    const { hostname, prefix, image } = this.props;
    const isOpen = () => this.exec(['sh', '-c', `netstat -ltn | grep -q ':${port} '`]).code === 0;
    if (isOpen()) {
      throw new Error(`port ${port} of ${hostname} is another one's already: pods that share a network cannot have Services of one port`);
    }
    const forwarder = `${prefix}service-${port}`;
    this.containers.unshift(forwarder);
    podman(['run', '--detach', '--name', forwarder, '--pull=never', '--network', `container:${this.container}`,
      image, 'nc', '-ll', '-p', `${port}`, '-e', 'nc', '127.0.0.1', `${targetPort}`]);
    if (!within(PATIENCE, isOpen)) {
      throw new Error(`nobody listens at port ${port} of ${hostname}`);
    }
  }

  /** The containers of the pod must be gone: podman keeps one whose network others use. */
  public destroy(): void {
    this.containers.splice(0).forEach(container => removeContainers(container));
  }
}

/** Removes containers at once, as far as they are there. */
export function removeContainers(...names: string[]): void {
  podman(['rm', '--force', '--ignore', '--volumes', '--time', '0', ...names]);
}
