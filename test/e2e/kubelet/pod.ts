import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { containerArguments, PodContext, terminationLog } from './container-arguments';
import { Objects } from './objects';
import { Forward, portNumber } from './services';
import { MountedVolume, mountVolume } from './volumes';
import { Outcome, podman, tryPodman } from '../../support/podman';

/** Seconds a container that ends by itself may take. */
const PATIENCE = 300;

/** What a pod needs from the node it runs on. */
export interface PodHost {
  readonly objects: Objects;
  /** Unique among all that runs on this machine. */
  readonly id: string;
  readonly namespace: string;
  readonly folder: string;
  readonly localImage: (reference: string) => string;
  readonly claimFolder: (volume: k8s.Volume) => string;
  /** An image with `sh`, `sleep`, `timeout`, `grep`, `nc`, `netstat` and `wget`, for the container that holds the pod's network. */
  readonly sandboxImage: string;
  /** What leads to the pod while it is ready. */
  readonly forwards: Forward[];
  /** The sandbox to move into. @default - one of its own */
  readonly neighbour?: Pod;
}

/** A container that ended with an error, with all there is to say about it. */
export class ContainerFailed extends Error {
  constructor(
    public readonly container: string,
    public readonly code: number,
    public readonly logs: string,
    public readonly terminationMessage: string,
  ) {
    super(`container ${container} ended with ${code}:\n${logs}`);
  }
}

/** One pod, from its volumes to its end. Nothing restarts what fails: the test is told. */
export class Pod {
  /** The logs of the init containers by name: they are gone when the pod runs. */
  public readonly initLogs = new Map<string, string>();

  private readonly context: PodContext;
  private readonly running = new Set<string>();
  private readonly mountedImages: string[] = [];

  constructor(public readonly name: string, private readonly spec: k8s.PodSpec, private readonly host: PodHost) {
    mkdirSync(host.folder, { recursive: true });
    const security = spec.securityContext ?? {};
    const volumes = new Map<string, MountedVolume>();
    this.context = {
      name,
      namespace: host.namespace,
      folder: host.folder,
      sandbox: host.neighbour?.context.sandbox ?? this.containerName('sandbox'),
      security,
      volumes,
      objects: host.objects,
      localImage: host.localImage,
    };
    for (const volume of spec.volumes ?? []) {
      volumes.set(volume.name, mountVolume(volume, {
        objects: host.objects,
        podFolder: host.folder,
        claimFolder: host.claimFolder,
        imageFolder: reference => this.mountImage(host.localImage(reference)),
        security,
      }));
    }
  }

  /**
   * Runs the init containers one after the other, then starts the containers and waits until their probes pass.
   *
   * @throws ContainerFailed if an init container fails
   */
  public start(): void {
    this.startSandbox();
    for (const container of this.spec.initContainers ?? []) {
      const { code, stdout, stderr } = tryPodman(['run', '--rm', '--name', this.containerName(container.name),
        ...containerArguments(container, this.context)], { timeout: PATIENCE });
      this.initLogs.set(container.name, stdout + stderr);
      this.refuseFailure(container, code, stdout + stderr);
    }
    for (const container of this.spec.containers) {
      podman(['run', '--detach', '--name', this.containerName(container.name), ...containerArguments(container, this.context)]);
      this.running.add(container.name);
    }
    for (const container of this.spec.containers) {
      // Nothing is restarted: a liveness probe only has to pass.
      [container.startupProbe, container.readinessProbe, container.livenessProbe].forEach(probe => probe && this.awaitProbe(container, probe));
    }
    this.host.forwards.forEach(forward => this.startForward(forward));
  }

  /**
   * Waits for the containers to end by themselves, as a Job's do.
   *
   * @returns their logs by name
   * @throws ContainerFailed if one fails
   */
  public complete(): Map<string, string> {
    return new Map(this.spec.containers.map((container): [string, string] => {
      const code = Number(podman(['wait', this.containerName(container.name)], { timeout: PATIENCE }));
      const logs = this.logs(container.name);
      this.refuseFailure(container, code, logs);
      return [container.name, logs];
    }));
  }

  /** `kubectl exec`: a command in a container, the first one unless named, with the variables of its manifest and no shell. */
  public exec(command: string[], container: string = this.spec.containers[0].name): Outcome {
    return tryPodman(['exec', this.containerName(container), ...command]);
  }

  /**
   * Runs a command in a container, as `exec`.
   *
   * @returns its standard output, without the last line break
   * @throws with all it printed, if it fails
   */
  public run(command: string[], container?: string): string {
    const { code, stdout, stderr } = this.exec(command, container);
    if (code !== 0) {
      throw new Error(`${command.join(' ')} in ${this.name} ended with ${code}:\n${stdout}${stderr}`);
    }
    return stdout.trimEnd();
  }

  /** Runs a script in a container, as `kubectl exec … sh -c`; otherwise as `run`. */
  public sh(script: string, container?: string): string {
    return this.run(['sh', '-c', script], container);
  }

  /** What a container printed so far. */
  public logs(container: string = this.spec.containers[0].name): string {
    const { stdout, stderr } = tryPodman(['logs', this.containerName(container)]);
    return stdout + stderr;
  }

  /**
   * Ends the pod: TERM, and KILL after the grace period. Its own volumes go, claims stay.
   *
   * @returns the seconds its containers took to end
   */
  public stop(): number {
    const begin = Date.now();
    this.running.forEach(name => podman(['stop', '--time', `${this.spec.terminationGracePeriodSeconds ?? 30}`, this.containerName(name)]));
    const seconds = (Date.now() - begin) / 1000;
    this.destroy();
    return seconds;
  }

  /** Removes all of the pod at once, whatever state it is in. */
  public destroy(): void {
    const containers = [...this.spec.initContainers ?? [], ...this.spec.containers].map(container => container.name);
    const remove = (names: string[]) => podman(['rm', '--force', '--ignore', '--volumes', '--time', '0', ...names.map(name => this.containerName(name))]);
    remove([...containers, ...this.host.forwards.map(forwarder)]);
    // podman keeps a container whose network others use.
    if (!this.host.neighbour) {
      remove(['sandbox']);
    }
    this.mountedImages.splice(0).forEach(image => podman(['image', 'unmount', image]));
    this.running.clear();
    rmSync(this.host.folder, { recursive: true, force: true });
  }

  /** A network of its own with nothing in it but its neighbours; services are names of this very place. */
  private startSandbox(): void {
    const services = this.host.objects.names('Service').flatMap(name => [name, `${name}.${this.context.namespace}.svc`, `${name}.${this.context.namespace}.svc.cluster.local`]);
    writeFileSync(path.join(this.host.folder, 'hosts'), `127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\t${[this.name, ...services].join(' ')}\n`);
    if (!this.host.neighbour) {
      podman(['run', '--detach', '--name', this.context.sandbox, '--pull=never', '--network', 'none', '--hostname', this.name, this.host.sandboxImage, 'sleep', 'infinity']);
    }
  }

  private mountImage(image: string): string {
    const folder = podman(['image', 'mount', image]);
    this.mountedImages.push(image);
    return folder;
  }

  /** Gives the container the time that the kubelet would, but asks more often, so that no test waits for a period to end. */
  private awaitProbe(container: k8s.Container, probe: k8s.Probe): void {
    const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe;
    const patience = periodSeconds * (failureThreshold - 1);
    sleep(initialDelaySeconds);
    if (!within(patience, () => this.passes(container, probe))) {
      throw new ContainerFailed(container.name, -1, `its probe did not pass in ${patience} s\n${this.logs(container.name)}`, '');
    }
  }

  private passes(container: k8s.Container, { exec, httpGet, timeoutSeconds = 1 }: k8s.Probe): boolean {
    if (!httpGet) {
      return this.exec(exec!.command!, container.name).code === 0;
    }
    // From outside of the container, which need not have a program for it.
    const url = `http://127.0.0.1:${portNumber(httpGet.port, [container])}${httpGet.path ?? '/'}`;
    return this.inSandbox(['timeout', `${timeoutSeconds}`, 'wget', '-q', '-O', '/dev/null', url]).code === 0;
  }

  /** A container of the pod's that leads connections on, so that it goes with the pod. */
  private startForward(forward: Forward): void {
    const { port, targetPort } = forward;
    const isOpen = () => this.inSandbox(['sh', '-c', `netstat -ltn | grep -q ':${port} '`]).code === 0;
    if (isOpen()) {
      throw new Error(`port ${port} of ${this.name} is another one's already: pods that share a network cannot have Services of one port`);
    }
    podman(['run', '--detach', '--name', this.containerName(forwarder(forward)), '--pull=never', '--network', `container:${this.context.sandbox}`,
      this.host.sandboxImage, 'nc', '-ll', '-p', `${port}`, '-e', 'nc', '127.0.0.1', `${targetPort}`]);
    if (!within(PATIENCE, isOpen)) {
      throw new Error(`nobody listens at port ${port} of ${this.name}`);
    }
  }

  private inSandbox(command: string[]): Outcome {
    return tryPodman(['exec', this.context.sandbox, ...command]);
  }

  private refuseFailure(container: k8s.Container, code: number, logs: string): void {
    if (code !== 0) {
      const written = readFileSync(terminationLog(container, this.context), 'utf8');
      const message = written === '' && container.terminationMessagePolicy === 'FallbackToLogsOnError' ? logs : written;
      throw new ContainerFailed(container.name, code, logs, message);
    }
  }

  private containerName(container: string): string {
    return `${this.host.id}-${this.name}-${container}`;
  }
}

function forwarder({ port }: Forward): string {
  return `service-${port}`;
}

function sleep(seconds: number): void {
  execFileSync('sleep', [`${seconds}`]);
}

/** Whether something becomes true within some seconds; it is tried once at least. */
function within(seconds: number, isTrue: () => boolean): boolean {
  const end = Date.now() + seconds * 1000;
  while (!isTrue()) {
    if (Date.now() >= end) {
      return false;
    }
    sleep(0.2);
  }
  return true;
}
