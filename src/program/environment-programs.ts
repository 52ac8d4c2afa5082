import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { NixBringProgramsOptions } from './bring-programs-options';
import { NixProgram } from './nix-program';
import { watchStrandedPrograms } from './stranded-programs';
import { describe, Problem, Problems } from '../base/problems';
import { CareTask, careScripts, deadlineSeconds } from '../care/care-task';
import { programsSet } from '../care/programs-set';
import { NodeRuntime } from '../pod/bound-store';
import { checkGivenPorts } from '../pod/container-ports';
import { isDictionary } from '../pod/dictionary';

/** Evaluating a flake takes hundreds of MiB. */
const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(2048) },
};

/** More than anybody rolls back; each keeps a whole closure from being collected. */
const MOST_FORMER = 100;

/** Where the script leaves what it has brought: contract with scripts/bring-programs.sh. */
export const PROGRAMS_FOLDER = '/nix/var/nix/gcroots/cdk8s-nix-programs';

/** Whether a container runs what lies in a folder. */
export function runsFrom(container: any, folder: string): boolean {
  return programsRunBy(container, folder).length > 0;
}

/** A program as it is told in the arguments of what brings it, and in the path of what is run. */
export type ToldProgram = readonly [name: string, key: string];

/** The programs that a container runs from a folder. */
export function programsRunBy(container: any, folder: string): ToldProgram[] {
  const words: unknown[] = Array.isArray(container.command) ? container.command : [];
  return words.filter((word): word is string => typeof word === 'string' && word.startsWith(`${folder}/`))
    .map(word => word.slice(folder.length + 1).split('/')).map(([name, key]) => [name, key]);
}

/** Whether a container is told to bring a program: its arguments are a name, a key and two more of each. */
export function bringsProgram({ args }: any, [name, key]: ToldProgram): boolean {
  return Array.isArray(args) && args.some((word, i) => i % ARGUMENTS_OF_EACH === 0 && word === name && args[i + 1] === key);
}

/** Contract with scripts/bring-programs.sh. */
const ARGUMENTS_OF_EACH = 4;

/** The programs that the containers of an environment's pods run. */
export class EnvironmentPrograms {
  private readonly programs = new Map<string, NixProgram>();
  private readonly deadline: Duration;
  private readonly seconds: number;

  constructor(
    private readonly scope: Construct,
    private readonly problems: Problems,
    /** What knows the workloads that the environment is enabled for. */
    private readonly enabled: { readonly workloads: readonly unknown[] },
    /** Set if the node brings them. */
    private readonly runtime: NodeRuntime | undefined,
    private options: NixBringProgramsOptions = {},
  ) {
    if (typeof options !== 'object' || options === null || !isDictionary(options)) {
      problems.add('CDK8SNIX1204', 'bringPrograms', options, 'These are no options.', 'Use for example { keepFormer: 2 }, or leave it out.');
      this.options = options = {};
    }
    const { keepFormer = 2 } = options;
    if (!Number.isInteger(keepFormer) || keepFormer < 0 || keepFormer > MOST_FORMER) {
      problems.add('CDK8SNIX1204', 'bringPrograms.keepFormer', keepFormer, `It is a whole number from 0 to ${MOST_FORMER}.`, 'Use for example 2.');
    }
    this.deadline = options.deadline === undefined ? Duration.minutes(30) : options.deadline;
    this.seconds = deadlineSeconds(problems, this.deadline);
    scope.node.addValidation({ validate: () => this.checkBrought().map(describe) });
  }

  private get variables(): { readonly [name: string]: string } {
    const { allowBuilds, keepFormer = 2 } = this.options;
    return {
      CARE_TIMEOUT: String(this.seconds),
      PROGRAMS_SET: programsSet(this.scope),
      PROGRAMS_BUILD: allowBuilds ? 'yes' : 'no',
      PROGRAMS_KEEP: String(keepFormer),
    };
  }

  /** Where the programs are found on the store. */
  public get folder(): string {
    return `${PROGRAMS_FOLDER}/${programsSet(this.scope)}`;
  }

  /** The names of their containers. */
  public get names(): string[] {
    return [...this.programs.keys()];
  }

  /** Grows with what is added. */
  public get revision(): number {
    return this.programs.size;
  }

  /**
   * The container of a program, which is one of the environment from then on.
   *
   * @param image the seed image
   * @throws if another program has its name, which tells them apart on the store, or cdk8s-plus would refuse its ports
   */
  public containerFor(program: NixProgram, image: string): kplus.ContainerProps {
    const container = program._container(this.folder, image, this.runtime);
    checkGivenPorts(container, this.scope);
    this.add(program);
    return container;
  }

  /** Where they are fetched from, but for binary caches. */
  public get urls(): string[] {
    return this.runtime ? [] : [...this.programs.values()].flatMap(program => program._url ?? []);
  }

  /** The runtime of the node, if that brings them. */
  public get nodeRuntime(): NodeRuntime | undefined {
    return this.runtime;
  }

  /** The image of the container that has a name, if it runs one of them. */
  public imageOf(name: string): string | undefined {
    return this.programs.get(name)?._container(this.folder, '', this.runtime).image;
  }

  /** What the runtime of the node wants to know; the pod has one set of annotations, and so one flake. */
  public get annotations(): { readonly [name: string]: string } {
    const { annotations = {}, flakeAnnotation } = this.runtime ?? {};
    const [flake] = [...this.programs.values()].map(program => program.reference);
    return flakeAnnotation === undefined || flake === undefined ? annotations : { ...annotations, [flakeAnnotation]: flake };
  }

  /** Whether the seed can bring them at its end. Building needs the store at /nix, and some flakes what is in the pod. */
  public get comeWithSeed(): boolean {
    return !this.options.allowBuilds && [...this.programs.values()].every(program => program._needsNixOnly);
  }

  /** What brings them ahead, while the former ones run: those stay rooted, however often something is brought ahead. */
  public taskAhead(): CareTask | undefined {
    const task = this.task();
    return task && { ...task, variables: { ...task.variables, PROGRAMS_AHEAD: 'yes' } };
  }

  /** What brings them; undefined if there are none. */
  public task(): CareTask | undefined {
    return this.programs.size === 0 || this.runtime ? undefined : {
      name: 'bring-programs',
      args: [...this.programs.values()].flatMap(program => program._arguments),
      deadline: this.deadline,
      resources: this.options.resources,
      suitableResources: RESOURCES,
      variables: this.variables,
    };
  }

  private add(program: NixProgram): void {
    const known = this.programs.get(program._name);
    if (known && known._key !== program._key) {
      throw new Error(`CDK8SNIX1202 ${this.scope.node.path}: got ${JSON.stringify(program.reference)}. The name ${JSON.stringify(program._name)} stands for `
        + `${JSON.stringify(known.reference)} already. Give the container of each program of an environment a name of its own (name).`);
    }
    if (this.runtime?.flakeAnnotation && [...this.programs.values()].some(other => other.reference !== program.reference)) {
      this.problems.add('CDK8SNIX1206', `programs[${program._name}]`, program.reference,
        'This runtime of the node runs one flake in a pod, and the pods of an environment run the same one.', 'Use an environment and a workload for each.');
    }
    if (!known) {
      program._validate(this.problems, `programs[${program._name}]`, this.runtime);
      if (!this.runtime) {
        // While objects can still be added to the chart.
        careScripts(this.scope);
      }
      if (this.programs.size === 0) {
        watchStrandedPrograms({
          scope: this.scope,
          runs: (container, object) => this.isRunBy(container, object),
          isEnabled: () => this.enabled.workloads.length > 0,
        });
      }
      this.programs.set(program._name, program);
    }
  }

  /** Whether a container runs one of them. An image of a snapshotter needs nobody to bring it, and who names the runtime class knows what to do. */
  private isRunBy(container: any, object: any): boolean {
    if (!this.runtime) {
      return runsFrom(container, this.folder);
    }
    const { image, runtimeClassName } = this.runtime;
    return image !== undefined && container.image === image && !JSON.stringify(object).includes(`"runtimeClassName":${JSON.stringify(runtimeClassName)}`);
  }

  /** There are containers of programs, and no pod that gets these. */
  private checkBrought(): Problem[] {
    return this.programs.size === 0 || this.enabled.workloads.length > 0 ? [] : [{
      code: 'CDK8SNIX1208',
      prop: 'containerFor',
      value: this.names,
      problem: 'No workload is enabled for this environment, so nothing brings the program.',
      remedy: 'Call enable() with the workload that has the container.',
    }];
  }
}
