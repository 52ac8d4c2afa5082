import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { containerArguments, PodContext, terminationLog } from './container-arguments';
import { ContainerFailed } from './container-failed';
import { PullPolicy } from './image-store';
import { Kill, killWhen, visibleLog } from './kill';
import { NotFound, Objects } from './objects';
import { awaitProbes } from './probes';
import { RestartOptions, Restarts } from './restarts';
import { removeContainers, Sandbox } from './sandbox';
import { serviceVariables } from './service-variables';
import { Forward } from './services';
import { MountedVolume, mountVolume, unmountVolume, VolumeSources } from './volumes';
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
  readonly localImage: (reference: string, policy?: PullPolicy) => string;
  readonly claimFolder: (volume: k8s.Volume) => string;
  /** How volumes are mounted here. */
  readonly mounting: Pick<VolumeSources, 'imageSubPath' | 'fileServer' | 'emptySubPaths'>;
  /** The image of the sandbox. */
  readonly sandboxImage: string;
  /** What leads to the pod while it is ready. */
  readonly forwards: Forward[];
  /** The sandbox to move into. @default - one of its own */
  readonly neighbour?: Pod;
  readonly restarts: RestartOptions;
  /** Brings objects that a pod waits for; false if there are none left to come. */
  readonly objectsArrive: () => boolean;
  /** A container to kill once. @default - none */
  readonly kill?: Kill;
}

/** One pod, from its volumes to its end. */
export class Pod {
  /** The logs of the init containers by name, of the last start of each: they are gone when the pod runs. */
  public readonly initLogs = new Map<string, string>();
  /** What it had to wait for before it could start. */
  public readonly waitedFor: string[] = [];
  public readonly restarts: Restarts;

  private readonly context: PodContext;
  private readonly sandbox: Sandbox;
  private readonly volumes = new Map<string, MountedVolume>();
  private readonly running = new Set<string>();
  private readonly mountedImages: string[] = [];
  private kill?: Kill;

  constructor(public readonly name: string, private readonly spec: k8s.PodSpec, private readonly host: PodHost) {
    mkdirSync(host.folder, { recursive: true });
    this.restarts = new Restarts(spec.restartPolicy, host.restarts);
    this.kill = host.kill;
    this.sandbox = new Sandbox({
      ...host,
      prefix: this.containerName(''),
      hostname: name,
      image: host.sandboxImage,
      neighbour: host.neighbour?.sandbox,
    });
    this.context = {
      ...host,
      name,
      uid: randomUUID(),
      sandbox: this.sandbox.container,
      security: spec.securityContext ?? {},
      volumes: this.volumes,
      get serviceVariables() {
        return serviceVariables(host.objects.all('Service'), spec.enableServiceLinks);
      },
    };
  }

  /**
   * Mounts the volumes, runs the init containers one after the other, then starts the containers and waits until their probes pass.
   *
   * @throws ContainerFailed if a container fails once more than it may start again
   */
  public start(): void {
    this.mountVolumes();
    this.sandbox.start(this.host.objects.names('Service'));
    for (const container of this.spec.initContainers ?? []) {
      this.runInit(container);
    }
    this.spec.containers.forEach(container => this.launch(container));
    this.spec.containers.forEach(container => this.awaitReady(container));
    this.host.forwards.forEach(forward => this.sandbox.forward(forward));
  }

  /**
   * Waits for the containers to end by themselves, as a Job's do.
   *
   * @returns their logs by name
   * @throws ContainerFailed if one fails
   */
  public complete(): Map<string, string> {
    return new Map(this.spec.containers.map((container): [string, string] => {
      for (;;) {
        const code = Number(podman(['wait', this.containerName(container.name)], { timeout: PATIENCE }));
        const logs = this.logs(container.name);
        if (code === 0 || !this.startsAgain(container, code, false)) {
          this.refuseFailure(container, code, logs);
          return [container.name, logs];
        }
        this.launch(container);
      }
    }));
  }

  /**
   * Kills all processes of a running container; it starts again, if its pod's policy says so, and is ready when this returns.
   *
   * @throws ContainerFailed if it may not start again
   */
  public killContainer(container: string = this.spec.containers[0].name): void {
    const killed = this.spec.containers.find(({ name }) => name === container)!;
    podman(['kill', '--signal', 'KILL', this.containerName(container)]);
    const code = Number(podman(['wait', this.containerName(container)]));
    if (!this.startsAgain(killed, code, false)) {
      this.refuseFailure(killed, code, this.logs(container));
    }
    this.launch(killed);
    this.awaitReady(killed);
  }

  /** @throws if a container has started again */
  public refuseRestarts(): void {
    for (const { name } of [...this.spec.initContainers ?? [], ...this.spec.containers]) {
      if (this.restarts.of(name) > 0) {
        throw new Error(`${name} of ${this.name} had to start ${this.restarts.of(name) + 1} times:\n${this.initLogs.get(name) ?? this.logs(name)}`);
      }
    }
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
    this.remove(...containers);
    this.sandbox.destroy();
    this.mountedImages.splice(0).forEach(image => podman(['image', 'unmount', image]));
    this.volumes.forEach(unmountVolume);
    this.volumes.clear();
    this.running.clear();
    rmSync(this.host.folder, { recursive: true, force: true });
  }

  private mountVolumes(): void {
    for (const volume of this.spec.volumes ?? []) {
      this.volumes.set(volume.name, this.whenThere(() => mountVolume(volume, {
        objects: this.host.objects,
        podFolder: this.host.folder,
        claimFolder: this.host.claimFolder,
        imageFolder: (reference, policy) => this.mountImage(this.host.localImage(reference, policy)),
        ...this.host.mounting,
        spec: this.spec,
      })));
    }
  }

  /** A pod that lacks an object waits for it: the API server takes it before the object is there. */
  private whenThere<T>(attempt: () => T): T {
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (!(error instanceof NotFound) || !this.host.objectsArrive()) {
          throw error;
        }
        this.waitedFor.push(error.message);
      }
    }
  }

  /** A container that failed starts again in the same sandbox, with the same volumes of the pod, and anew otherwise. */
  private startsAgain(container: k8s.Container, code: number, isInit: boolean): boolean {
    const again = this.restarts.awaitNext(container.name, code, isInit);
    if (again) {
      this.remove(container.name);
    }
    return again;
  }

  private runInit(container: k8s.Container): void {
    for (;;) {
      const { code, stdout, stderr } = this.runToEnd(container);
      this.initLogs.set(container.name, stdout + stderr);
      if (code === 0) {
        return;
      }
      if (!this.startsAgain(container, code, true)) {
        this.refuseFailure(container, code, stdout + stderr);
      }
    }
  }

  private runToEnd(container: k8s.Container): Outcome {
    const name = this.containerName(container.name);
    if (this.kill?.container !== container.name) {
      return tryPodman(['run', '--name', name, ...this.arguments(container)], { timeout: PATIENCE });
    }
    this.launch(container);
    return { code: Number(podman(['wait', name], { timeout: PATIENCE })), stdout: this.logs(container.name), stderr: '' };
  }

  /** Starts a container without waiting for its end. */
  private launch(container: k8s.Container): void {
    const name = this.containerName(container.name);
    const kill = this.kill?.container === container.name ? this.kill : undefined;
    const log = path.join(this.host.folder, 'containers', container.name, 'log');
    podman(['run', '--detach', '--name', name, ...(kill ? visibleLog(log) : []), ...this.arguments(container)]);
    this.running.add(container.name);
    if (kill) {
      this.kill = undefined;
      killWhen(name, log, kill);
    }
  }

  private arguments(container: k8s.Container): string[] {
    return this.whenThere(() => containerArguments(container, this.context));
  }

  /** A container that ends instead starts again, as far as it may. */
  private awaitReady(container: k8s.Container): void {
    const problem = awaitProbes(container, {
      exec: command => this.exec(command, container.name),
      inSandbox: command => this.sandbox.exec(command),
    });
    const [status, code] = podman(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', this.containerName(container.name)]).split(' ');
    if (status === 'exited' && this.startsAgain(container, Number(code), false)) {
      this.launch(container);
      this.awaitReady(container);
    } else if (status === 'exited' && Number(code) !== 0 && this.spec.restartPolicy !== 'Never') {
      this.refuseFailure(container, Number(code), this.logs(container.name));
    } else if (problem) {
      throw new ContainerFailed(container.name, -1, `${problem}\n${this.logs(container.name)}`, '');
    }
  }

  private mountImage(image: string): string {
    const folder = podman(['image', 'mount', image]);
    this.mountedImages.push(image);
    return folder;
  }

  private refuseFailure(container: k8s.Container, code: number, logs: string): void {
    if (code !== 0) {
      const written = readFileSync(terminationLog(container, this.context), 'utf8');
      const message = written === '' && container.terminationMessagePolicy === 'FallbackToLogsOnError' ? logs : written;
      throw new ContainerFailed(container.name, code, logs, message);
    }
  }

  private remove(...containers: string[]): void {
    removeContainers(...containers.map(name => this.containerName(name)));
    containers.forEach(name => this.running.delete(name));
  }

  private containerName(container: string): string {
    return `${this.host.id}-${this.name}-${container}`;
  }
}
