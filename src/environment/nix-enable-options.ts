/**
 * Which of several objects are meant: those of this kind and name.
 */
export interface NixWorkloadSelector {
  /**
   * The kind, such as `Deployment`.
   *
   * @default - any kind
   */
  readonly kind?: string;

  /**
   * The name, as `metadata.name` has it.
   *
   * @default - any name
   */
  readonly name?: string;
}

/**
 * Options of `NixEnvironment.enable`.
 */
export interface NixEnableOptions {
  /**
   * The names of the containers (init containers too) that get Nix. The others only get the security context and `/tmp`.
   *
   * @default - all containers, added before or after
   */
  readonly containers?: string[];

  /**
   * Which objects get Nix, where a construct leads to several that have pods: an `Include`, a `Helm` chart, a List.
   *
   * @default - all that have pods
   */
  readonly select?: NixWorkloadSelector[];

  /**
   * Where the pod templates of a custom resource are, as JSON pointers into the object: `/spec/template`. A step `*` stands for each
   * item of a list. A pod template has its containers at `spec.containers`.
   *
   * @default - known for the kinds of Kubernetes, for Argo's Rollout and for Knative's Service
   */
  readonly podTemplates?: string[];
}
