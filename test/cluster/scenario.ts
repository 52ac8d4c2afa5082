/** A pod that runs, wherever that is. */
export interface RunningPod {
  /** What the init containers said, by their names. */
  readonly initLogs: ReadonlyMap<string, string>;

  /** Run a command in the first container; its output, without the last line break. Throws where it fails. */
  run(command: string[]): string;

  /** Run a script there. */
  sh(script: string): string;
}

/** Where manifests are run: the test kubelet of test/e2e, or a namespace of a real cluster. */
export interface Place {
  apply(yaml: string): void;

  /** Start the pods of a workload, after those that run have stopped; all are ready. */
  rollOut(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string): RunningPod[];

  /** Run a Job to its end; what its containers said. */
  complete(kind: 'Job', name: string): Map<string, string>;
}

/** Images with the Nix of user 1001, of two releases. */
export interface SeedImages {
  readonly first: string;
  readonly second: string;
}

/** Something that must go well in every place, step by step. Each step goes on where the one before it stopped. */
export interface Scenario {
  readonly name: string;
  readonly steps: (place: Place, images: SeedImages) => { readonly [step: string]: () => void };
}

/** A derivation that a bare Nix can build without a network. */
export const expression = (name: string): string =>
  `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo built ${name} >$out" ]; }`;
