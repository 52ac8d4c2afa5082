import { Kubectl } from './kubectl';
import { RunningPod } from './scenario';

/** A pod of a real cluster. */
export class ClusterPod implements RunningPod {
  public readonly initLogs: ReadonlyMap<string, string>;
  private readonly name: string;
  private readonly container: string;

  constructor(private readonly kubectl: Kubectl, pod: any) {
    this.name = pod.metadata.name;
    this.container = pod.spec.containers[0].name;
    this.initLogs = new Map((pod.spec.initContainers ?? []).map((container: { name: string }) =>
      [container.name, kubectl.run(['logs', this.name, '--container', container.name])]));
  }

  public run(command: string[]): string {
    return this.kubectl.run(['exec', this.name, '--container', this.container, '--', ...command]);
  }

  public sh(script: string): string {
    return this.run(['sh', '-c', script]);
  }

  public logs(): string {
    return this.kubectl.run(['logs', this.name, '--container', this.container]);
  }

  public restartsOf(container: string): number {
    return restartsIn(this.kubectl.json(['get', 'pod', this.name])).get(container) ?? 0;
  }
}

/** How often each container of a pod has started again. */
export function restartsIn(pod: any): Map<string, number> {
  return new Map(statusesOf(pod).map(({ name, restartCount }) => [name, restartCount]));
}

/** The status of each container of a pod, init containers first. */
export function statusesOf(pod: any): any[] {
  return [...pod.status.initContainerStatuses ?? [], ...pod.status.containerStatuses ?? []];
}
