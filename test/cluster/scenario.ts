/** A pod that runs, wherever that is. */
export interface RunningPod {
  /** What the init containers said, by their names. */
  readonly initLogs: ReadonlyMap<string, string>;

  /** Run a command in the first container; its output, without the last line break. Throws where it fails. */
  run(command: string[]): string;

  /** Run a script there. */
  sh(script: string): string;

  /** What the first container has said so far. */
  logs(): string;

  /** How often a container has started again in this pod. */
  restartsOf(container: string): number;
}

/** How a container's first start is cut short. */
export interface Cut {
  readonly container: string;
  /** When, by what it has said so far. */
  readonly when: (log: string) => boolean;
  /** What is killed: all of it at once, or what its first process has started. */
  readonly killed: 'everything' | 'children';
}

export interface RollOutOptions {
  /** A pod that the new ones talk to, and it to them, by the names of Services. */
  readonly besides?: RunningPod;
  /** What is cut short. Without it, no container may start twice. */
  readonly cut?: Cut;
}

/** A container that ended with an error. */
export interface Failure {
  readonly container: string;
  /** What the status of its pod says of it. */
  readonly terminationMessage: string;
}

/** Where manifests are run: the test kubelet of test/e2e, or a namespace of a real cluster. */
export interface Place {
  /** How nginx, which does without the search domains of a pod, and without a file of hosts, finds a Service. */
  addressOf(service: string): string;

  apply(yaml: string): void;

  /** Start the pods of a workload, after those that run have stopped; all are ready. */
  rollOut(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string, options?: RollOutOptions): RunningPod[];

  /** Run a Job to its end, or a CronJob once; what its containers said. */
  complete(kind: 'Job' | 'CronJob', name: string, options?: RollOutOptions): Map<string, string>;

  /** Run what must fail until one of its containers does. */
  failure(kind: 'Deployment' | 'CronJob', name: string): Failure;
}

/** The images that scenarios run. */
export interface Images {
  /** With the Nix of user 1001. */
  readonly first: string;
  /** The same with another Nix, to upgrade to. */
  readonly second: string;
  /** Without Nix: a busybox. */
  readonly plain: string;
  /** As `NixBinaryCache` needs it. */
  readonly nginx: string;
}

/** Something that must go well in every place, step by step. Each step goes on where the one before it stopped. */
export interface Scenario {
  readonly name: string;
  readonly steps: (place: Place, images: Images) => { readonly [step: string]: () => void };
}

/** A derivation that a bare Nix can build without a network: a file of one line. */
export const expression = (name: string, system: string = 'builtins.currentSystem'): string =>
  `derivation { name = "${name}"; system = ${system}; builder = "/bin/sh"; args = [ "-c" "echo built ${name} >$out" ]; }`;
