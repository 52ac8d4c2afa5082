import { PodSecurityLevel } from '../pod/pod-security-level';

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
   * The names of the workload's own init containers that run before ours: a sidecar proxy, say, that an activation of home-manager needs. They
   * get no Nix, which is not there yet.
   *
   * @default - none: all of them run after ours
   */
  readonly initContainersFirst?: string[];

  /**
   * The Pod Security level that the pods may need. Each container is as tight as it can be, and what it asks for beyond the level is refused.
   *
   * @default PodSecurityLevel.RESTRICTED, and PodSecurityLevel.BASELINE with NixUser.root()
   */
  readonly podSecurity?: PodSecurityLevel;

  /**
   * Leave the containers that get no Nix as they are: no security context, no `/tmp`, and ids that are theirs. What a namespace with a level then says
   * of them is up to them.
   *
   * @default false
   */
  readonly leaveOthersAlone?: boolean;

  /**
   * Which objects get Nix, where a construct leads to several that have pods: an `Include`, a `Helm` chart, a List.
   *
   * @default - all that have pods
   */
  readonly select?: NixWorkloadSelector[];

  /**
   * Where the pod templates of a custom resource are, as JSON pointers into the object: `/spec/template`. A step `*` stands for each
   * item of a list or map. A pod template has its containers at `spec.containers`.
   *
   * @default - known for the kinds of Kubernetes, for Argo's Rollout, Knative's Service and OpenShift's DeploymentConfig
   */
  readonly podTemplates?: string[];
}
