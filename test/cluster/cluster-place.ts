import { Kubectl } from './kubectl';
import { Place, RunningPod } from './scenario';

const PATIENCE = '--timeout=600s';

/** A namespace of a real cluster. */
export class ClusterPlace implements Place {
  /** Pods that a scenario has seen. */
  private readonly known = new Set<string>();

  constructor(private readonly kubectl: Kubectl) {}

  /** Applies with strict validation; a warning is a failure, and so is a difference that remains. */
  public apply(yaml: string): void {
    const { status, stderr } = this.kubectl.try(['apply', '--validate=strict', '--filename', '-'], yaml);
    if (status !== 0 || /^warning/im.test(stderr)) {
      throw new Error(`kubectl apply ended with ${status}: ${stderr.trim()}`);
    }
    this.kubectl.run(['apply', '--validate=strict', '--filename', '-'], yaml);
    const difference = this.kubectl.try(['diff', '--filename', '-'], yaml);
    if (difference.status !== 0) {
      throw new Error(`kubectl diff finds a difference to what was just applied: ${difference.stdout}${difference.stderr}`);
    }
  }

  public rollOut(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string): RunningPod[] {
    const workload = `${kind.toLowerCase()}/${name}`;
    const selector = this.selectorOf(workload);
    this.kubectl.run(['rollout', 'status', PATIENCE, workload]);
    // A changed manifest has new pods already. Those that a scenario knows are to begin anew.
    const known = this.podsOf(selector).filter(pod => this.known.has(pod.metadata.uid)).map(pod => pod.metadata.name);
    if (known.length > 0) {
      this.kubectl.run(['delete', 'pods', '--wait', ...known]);
      this.kubectl.run(['rollout', 'status', PATIENCE, workload]);
    }
    this.kubectl.run(['wait', '--for=condition=Ready', PATIENCE, 'pods', '--selector', selector]);
    const pods = this.podsOf(selector);
    pods.forEach(pod => this.known.add(pod.metadata.uid));
    return pods.map(pod => new ClusterPod(this.kubectl, pod));
  }

  public complete(kind: 'Job', name: string): Map<string, string> {
    const job = `${kind.toLowerCase()}/${name}`;
    this.kubectl.run(['wait', '--for=condition=Complete', PATIENCE, job]);
    const containers: { name: string }[] = this.kubectl.json(['get', job]).spec.template.spec.containers;
    return new Map(containers.map(container => [container.name, this.kubectl.run(['logs', job, '--container', container.name])]));
  }

  private podsOf(selector: string): any[] {
    return this.kubectl.json(['get', 'pods', '--selector', selector, '--sort-by=.metadata.name']).items
      .filter((pod: any) => pod.metadata.deletionTimestamp === undefined);
  }

  private selectorOf(workload: string): string {
    const labels: { [key: string]: string } = this.kubectl.json(['get', workload]).spec.selector.matchLabels;
    return Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(',');
  }
}

class ClusterPod implements RunningPod {
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
}
