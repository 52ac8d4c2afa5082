import { ContainerFailed } from './kubelet/container-failed';
import { Kill } from './kubelet/kill';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { Cut, Failure, Place, RollOutOptions, RunningPod } from '../cluster/scenario';

/** The test kubelet as a place for scenarios: what fails starts again, as in a cluster, and may not unless it is cut short. */
export class KubeletPlace implements Place {
  private readonly node: Node;

  /** @param images the image in the local storage that stands for each reference in the manifests */
  constructor(images: Record<string, string>) {
    this.node = new Node(images, { restarts: 1, backOff: 0.1 });
  }

  /** Pods that are started beside each other share a loopback interface. */
  public addressOf(): string {
    return '127.0.0.1';
  }

  public apply(yaml: string): void {
    this.node.apply(yaml);
  }

  public rollOut(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string, { besides, cut }: RollOutOptions = {}): RunningPod[] {
    const pods = this.node.rollOut(kind, name, { besides: (besides as KubeletPod | undefined)?.pod, kill: cut && killFor(cut) });
    if (!cut) {
      pods.forEach(pod => pod.refuseRestarts());
    }
    return pods.map(pod => new KubeletPod(pod));
  }

  public complete(kind: 'Job' | 'CronJob', name: string, { besides }: RollOutOptions = {}): Map<string, string> {
    return this.node.complete(kind, name, { besides: (besides as KubeletPod | undefined)?.pod });
  }

  public failure(kind: 'Deployment' | 'CronJob', name: string): Failure {
    try {
      if (kind === 'CronJob') {
        this.node.complete(kind, name);
      } else {
        this.node.rollOut(kind, name);
      }
    } catch (error) {
      if (error instanceof ContainerFailed) {
        return error;
      }
      throw error;
    }
    throw new Error(`No container of the ${kind} ${name} fails.`);
  }

  public destroy(): void {
    this.node.destroy();
  }
}

class KubeletPod implements RunningPod {
  constructor(public readonly pod: Pod) {}

  public get initLogs(): ReadonlyMap<string, string> {
    return this.pod.initLogs;
  }

  public run(command: string[]): string {
    return this.pod.run(command);
  }

  public sh(script: string): string {
    return this.pod.sh(script);
  }

  public logs(): string {
    return this.pod.logs();
  }

  public restartsOf(container: string): number {
    return this.pod.restarts.of(container);
  }
}

/** The children of a seed that matter are those that copy. */
function killFor({ container, when, killed }: Cut): Kill {
  return { container, when, command: killed === 'children' ? /tar .*-xpf/ : undefined };
}
