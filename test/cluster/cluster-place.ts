import { ClusterPod, restartsIn, statusesOf } from './cluster-pod';
import { Kubectl } from './kubectl';
import { within } from './patience';
import { Cut, Failure, Place, RollOutOptions, RunningPod } from './scenario';

/** Seconds for a pod to be ready, or a Job to end. */
const PATIENCE = 600;
const TIMEOUT = `--timeout=${PATIENCE}s`;

/** A namespace of a real cluster. */
export class ClusterPlace implements Place {
  /** Pods that a scenario has seen. */
  private readonly known = new Set<string>();
  /** What has not been applied a second time. */
  private readonly applied: string[] = [];
  private runs = 0;

  private readonly kubectl: Kubectl;

  constructor(kubectl: Kubectl, private readonly namespace: string) {
    this.kubectl = kubectl.inNamespace(namespace);
  }

  public addressOf(service: string): string {
    return `${service}.${this.namespace}.svc.cluster.local`;
  }

  /** Applies with strict validation; a warning is a failure. */
  public apply(yaml: string): void {
    const { status, stderr } = this.kubectl.try(['apply', '--validate=strict', '--filename', '-'], yaml);
    if (status !== 0 || /^warning/im.test(stderr)) {
      throw new Error(`kubectl apply ended with ${status}: ${stderr.trim()}`);
    }
    this.applied.push(yaml);
  }

  public rollOut(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string, { cut }: RollOutOptions = {}): RunningPod[] {
    const workload = `${kind.toLowerCase()}/${name}`;
    const selector = this.selectorOf(workload);
    if (cut) {
      this.cutShort(selector, cut);
    }
    this.kubectl.run(['rollout', 'status', TIMEOUT, workload]);
    // A changed manifest has new pods already. Those that a scenario knows are to begin anew.
    const known = this.podsOf(selector).filter(pod => this.known.has(pod.metadata.uid)).map(pod => pod.metadata.name);
    if (known.length > 0) {
      this.kubectl.run(['delete', 'pods', '--wait', ...known]);
      this.kubectl.run(['rollout', 'status', TIMEOUT, workload]);
    }
    // The rollout is over before the pods that end are gone.
    if (!within(PATIENCE, () => this.allPodsOf(selector).every(isStaying))) {
      throw new Error(`Pods of ${workload} do not end.`);
    }
    const pods = this.podsOf(selector);
    if (pods.length > 0) {
      this.kubectl.run(['wait', '--for=condition=Ready', TIMEOUT, ...pods.map(pod => `pod/${pod.metadata.name}`)]);
    }
    pods.forEach(pod => this.known.add(pod.metadata.uid));
    if (!cut) {
      pods.forEach(refuseRestarts);
    }
    this.applyAgain();
    return pods.map(pod => new ClusterPod(this.kubectl, pod));
  }

  public complete(kind: 'Job' | 'CronJob', name: string): Map<string, string> {
    const job = this.jobOf(kind, name);
    const ended = (condition: string) => this.kubectl.json(['get', `job/${job}`]).status.conditions?.some(
      ({ type, status }: { type: string; status: string }) => type === condition && status === 'True');
    within(PATIENCE, () => ended('Complete') || ended('Failed'));
    if (!ended('Complete')) {
      const failures = this.podsOf(`job-name=${job}`).map(pod => JSON.stringify(failureIn(pod)));
      throw new Error(`The Job ${job} has not completed: ${failures.join(', ')}`);
    }
    this.applyAgain();
    const containers: { name: string }[] = this.kubectl.json(['get', `job/${job}`]).spec.template.spec.containers;
    return new Map(containers.map(container => [container.name, this.kubectl.run(['logs', `job/${job}`, '--container', container.name])]));
  }

  public failure(kind: 'Deployment' | 'CronJob', name: string): Failure {
    const selector = kind === 'Deployment' ? this.selectorOf(`deployment/${name}`) : `job-name=${this.jobOf(kind, name)}`;
    let failure: Failure | undefined;
    const failed = () => (failure = this.podsOf(selector).map(failureIn).find(found => found !== undefined)) !== undefined;
    if (!within(PATIENCE, failed)) {
      throw new Error(`No container of the ${kind} ${name} fails.`);
    }
    return failure!;
  }

  /** What runs is what was applied: to apply it again changes nothing. */
  private applyAgain(): void {
    for (const yaml of this.applied.splice(0)) {
      this.kubectl.run(['apply', '--validate=strict', '--filename', '-'], yaml);
      const difference = this.kubectl.try(['diff', '--filename', '-'], yaml);
      if (difference.status !== 0) {
        throw new Error(`kubectl diff finds a difference to what was applied: ${difference.stdout}${difference.stderr}`);
      }
    }
  }

  /** A Job runs from when it is applied. A CronJob's would only when its time has come. */
  private jobOf(kind: 'Job' | 'CronJob', name: string): string {
    if (kind === 'Job') {
      return name;
    }
    const job = `${name.slice(0, 40)}-${++this.runs}`;
    this.kubectl.run(['create', 'job', job, `--from=cronjob/${name}`]);
    return job;
  }

  /**
   * From within, nobody can kill the first process of a container, and nothing here reaches its node. What can be done to all of it is to delete the
   * pod without any grace: another one takes its place while the node still ends the first.
   */
  private cutShort(selector: string, { container, when, killed }: Cut): void {
    let pod: any;
    const isTime = () => {
      pod = this.podsOf(selector)[0];
      return pod !== undefined && statusesOf(pod).some(status => status.name === container && status.state.running)
        && when(this.kubectl.try(['logs', pod.metadata.name, '--container', container]).stdout);
    };
    if (!within(PATIENCE, isTime, 0.01)) {
      throw new Error(`It was never time to cut ${container} short.`);
    }
    if (killed === 'everything') {
      this.kubectl.run(['delete', 'pod', pod.metadata.name, '--grace-period=0', '--force', '--wait=false']);
    } else {
      // kill spares itself and the first process.
      this.kubectl.try(['exec', pod.metadata.name, '--container', container, '--', 'sh', '-c', 'kill -9 -1']);
    }
  }

  private podsOf(selector: string): any[] {
    return this.allPodsOf(selector).filter(isStaying);
  }

  private allPodsOf(selector: string): any[] {
    return this.kubectl.json(['get', 'pods', '--selector', selector, '--sort-by=.metadata.name']).items;
  }

  private selectorOf(workload: string): string {
    const labels: { [key: string]: string } = this.kubectl.json(['get', workload]).spec.selector.matchLabels;
    return Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(',');
  }
}

function isStaying(pod: any): boolean {
  return pod.metadata.deletionTimestamp === undefined;
}

function refuseRestarts(pod: any): void {
  for (const [container, restarts] of restartsIn(pod)) {
    if (restarts > 0) {
      throw new Error(`${container} of ${pod.metadata.name} had to start ${restarts + 1} times: ${JSON.stringify(failureIn(pod))}`);
    }
  }
}

function failureIn(pod: any): Failure | undefined {
  for (const { name, state, lastState } of statusesOf(pod)) {
    const terminated = [state?.terminated, lastState?.terminated].find(candidate => candidate && candidate.exitCode !== 0);
    if (terminated) {
      return { container: name, terminationMessage: terminated.message ?? '' };
    }
  }
  return undefined;
}
