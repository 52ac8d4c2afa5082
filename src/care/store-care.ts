import { Chart, Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';
import { CARE_FOLDER, CARE_VOLUME, careScripts, CareTask, command } from './care-task';
import { CaredEnvironment } from './cared-environment';
import { NixGarbageCollectionOptions } from './garbage-collection-options';
import { garbageCollectionTask } from './garbage-collection-task';
import { NixPrefetchAtStartOptions, NixPrefetchOptions } from './prefetch-options';
import { prefetchTask } from './prefetch-task';
import { nameOfPath } from '../base/made-name';
import { describe, Problem, Problems } from '../base/problems';
import { renderResources } from '../base/resources';
import { AssistantInstallation } from '../home/assistant-installation';
import { BoundStore, StoreReach } from '../pod/bound-store';
import { EnabledWorkload } from '../pod/enabled-workload';
import { PodPart } from '../pod/pod-merge';
import { POD_UID } from '../pod/pod-uid';
import { StoreContainers } from '../store/store-containers';

/**
 * The care for the store of an environment: what its pods do when they start, and whether pods of their own can do it.
 */
export class StoreCare {
  /** The workloads that have Nix, but for those that only care for the store. */
  public workloads: readonly EnabledWorkload[] = [];

  private readonly asked: CareTask[] = [];
  private readonly all: StoreCare[];
  private programs?: () => CareTask | undefined;

  constructor(
    private readonly environment: CaredEnvironment,
    private readonly problems: Problems,
    private readonly store: BoundStore,
    private readonly containers: StoreContainers,
    private readonly installation: AssistantInstallation,
  ) {
    this.all = ofApp(environment.node.root);
    this.all.push(this);
    environment.node.addValidation({ validate: () => this.checkSteps().map(describe) });
  }

  /** What runs the scripts. */
  public get image(): string {
    return this.containers.shellImage;
  }

  public get pullPolicy(): kplus.ImagePullPolicy {
    return this.containers.pullPolicy();
  }

  /** The resources of the container that does it. */
  public resources(task: CareTask): kplus.ContainerResources {
    return this.containers.resources(task.resources, task.suitableResources);
  }

  /** Grows with what is added. */
  public get revision(): number {
    return this.asked.length;
  }

  /** What the pods of the workloads do before they start. */
  public part(): Partial<PodPart> {
    const steps = this.steps();
    return steps.length === 0 ? {} : {
      nixInitContainers: steps.map(step => ({
        name: step.name,
        image: this.image,
        imagePullPolicy: this.pullPolicy,
        command: command(step),
        args: step.args.length === 0 ? undefined : step.args,
        env: [
          ...Object.entries(step.values ?? {}).map(([name, { value, valueFrom }]) => ({ name, value, valueFrom })),
          ...Object.entries(step.variables).map(([name, value]) => ({ name, value })),
          POD_UID,
        ],
        resources: renderResources(this.resources(step)),
        volumeMounts: [{ name: CARE_VOLUME, mountPath: CARE_FOLDER, readOnly: true }],
      })),
      volumes: [{ name: CARE_VOLUME, configMap: { name: careScripts(this.environment).name } }],
    };
  }

  public collectAtStart(options: NixGarbageCollectionOptions): void {
    this.addStep(garbageCollectionTask(options, this.problems, {
      deadline: Duration.minutes(10),
      keepRecent: Duration.seconds(0),
      homeIsNew: this.environment.home.isEphemeral,
      goOn: true,
      environment: this.environment,
    }));
  }

  /** The programs that the containers run come last: a collector need not look at what has just come. */
  public bringAtStart(programs: () => CareTask | undefined): void {
    this.programs = programs;
  }

  public prefetchAtStart(options: NixPrefetchAtStartOptions): void {
    const name = nameOfPath(this.environment);
    this.addStep(this.prefetchTask(options, this.problems, name, !options.required));
    this.environment.node.addValidation({ validate: () => this.checkAssistants(options).map(describe) });
  }

  public prefetchTask(options: NixPrefetchOptions, problems: Problems, name: string, goOn: boolean): CareTask {
    const task = prefetchTask(options, problems, name, goOn);
    return (options.assistants ?? []).length > 0 ? { ...task, values: this.installation.variables } : task;
  }

  /** Assistants to prefetch that nothing can install. Who uses a claim that is none of this app is not known. */
  public checkAssistants({ assistants = [] }: NixPrefetchOptions): Problem[] {
    const { problem, isMissing } = this.installation;
    const { claim } = this.environment;
    const isOfOthers = claim !== undefined && !(claim instanceof kplus.PersistentVolumeClaim);
    const isElsewhere = isOfOthers || this.sharing().some(other => !other.installation.isMissing);
    return problem === undefined || (isMissing && isElsewhere) ? [] : assistants.map((assistant, i): Problem => ({
      code: 'CDK8SNIX0705',
      prop: `assistants[${i}]`,
      value: assistant,
      problem,
      remedy: 'Use homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), or a flake that has it.',
    }));
  }

  /** Whether a pod that is none of the workload's can reach the store they use. */
  public checkOwnPod(what: string, instead: string): Problem[] {
    const running = this.longRunning()[0];
    if (this.store.served) {
      return [servedProblem(what, this.store)];
    }
    if (this.store.reach === StoreReach.EACH_POD) {
      return [{
        code: 'CDK8SNIX0701',
        prop: 'environment',
        value: this.environment.node.path,
        problem: `Each pod has a store of its own, so ${what} would work on another one.`,
        remedy: instead,
      }];
    }
    return this.store.reach !== StoreReach.ONE_POD || !running ? [] : [{
      code: 'CDK8SNIX0701',
      prop: 'environment',
      value: this.environment.node.path,
      problem: `The store is ReadWriteOncePod: as long as ${running.construct.node.path} runs, the pod of ${what} would wait for the volume for ever.`,
      remedy: instead,
    }];
  }

  /** Whether a collector in a pod of its own sees the home of every workload on the store. */
  public checkHomes(remedy: string): Problem[] {
    // On a claim of its own, the home of this environment is mounted by whatever cares for its store.
    const isSeen = ({ home }: CaredEnvironment, own: boolean): boolean => home.isOnStoreVolume || (own && !home.isEphemeral);
    const unseen = this.sharing().map(other => other.environment).find(other => !isSeen(other, other === this.environment));
    return (unseen ? [unseen] : []).map((other): Problem => ({
      code: 'CDK8SNIX0702',
      prop: 'environment.home',
      value: other.home.isEphemeral ? 'ephemeral' : 'on a volume of its own',
      problem: `The pods of ${other.node.path} have homes that ${other.home.isEphemeral ? 'no other pod sees' : 'are not mounted here'}, so the packages installed there would look like garbage and be deleted.`,
      remedy,
    }));
  }

  /** Asked at synth, when all programs are known. */
  private steps(): CareTask[] {
    const programs = this.programs?.();
    return programs ? [...this.asked, programs] : this.asked;
  }

  private addStep(step: CareTask): void {
    if (this.asked.some(other => other.name === step.name)) {
      throw new Error(`CDK8SNIX0707 ${this.environment.node.path}: ${step.name} is asked for twice. Call it once, with all that you want of it.`);
    }
    this.asked.push(step);
  }

  private checkSteps(): Problem[] {
    return this.steps().flatMap(step => {
      if (this.store.served) {
        return [servedProblem(step.name, this.store)];
      }
      return step.name === 'collect-garbage' ? this.checkCollectionAtStart() : [];
    });
  }

  private checkCollectionAtStart(): Problem[] {
    if (!this.store.persistent) {
      return [{
        code: 'CDK8SNIX0706',
        prop: 'collectGarbage',
        value: 'at start',
        problem: 'The store begins anew with each pod: there is no garbage in it yet.',
        remedy: 'Leave it out, or use NixStore.persistent().',
      }];
    }
    const pods = this.sharing().flatMap(other => other.workloads);
    return this.store.reach === StoreReach.EACH_POD || (pods.length <= 1 && this.store.reach !== StoreReach.MANY_NODES)
      ? [] : this.checkHomes('Use NixHome.onStoreVolume().');
  }

  /** The care of all environments on the same volume, this one too. */
  private sharing(): StoreCare[] {
    const { claim } = this.environment;
    return claim ? this.all.filter(other => other.environment.claim?.name === claim.name && other.namespace === this.namespace) : [this];
  }

  private get namespace(): string | undefined {
    return Chart.of(this.environment).namespace;
  }

  private longRunning(): EnabledWorkload[] {
    return this.sharing().flatMap(other => other.workloads).filter(workload => !workload.ends);
  }
}

const OF_APP = Symbol.for('cdk8s-nix.storeCare');

/** What cares for the stores of an app, since several environments may share one; the same list in every copy of this library. */
function ofApp(app: IConstruct): StoreCare[] {
  const marked = app as { [OF_APP]?: StoreCare[] };
  if (!marked[OF_APP]) {
    Object.defineProperty(app, OF_APP, { value: [] });
  }
  return marked[OF_APP]!;
}

function servedProblem(what: string, store: BoundStore): Problem {
  return {
    code: 'CDK8SNIX0703',
    prop: 'environment.store',
    value: store.runtime ? 'runtimeClass' : 'csi',
    problem: `The store belongs to the ${store.runtime ? 'node' : 'driver that serves it'}, so ${what} is not ours to do.`,
    remedy: `Leave it to the ${store.runtime ? 'node' : 'driver'}, or use NixStore.persistent().`,
  };
}
