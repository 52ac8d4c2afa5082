import { PodSecurityLevel } from '../pod/pod-security-level';

/**
 * A field of a pod that the Pod Security Standards do not allow.
 */
export interface PodSecurityViolation {
  /** The least strict profile that refuses it. */
  readonly level: PodSecurityLevel;
  /** The name of the control, as the admission controller of Kubernetes calls it. */
  readonly rule: string;
  /** The path of the construct that makes the object. */
  readonly constructPath: string;
  /** The kind of the object, such as `Deployment`. */
  readonly kind: string;
  /** The name of the object. */
  readonly name: string;
  /**
   * The name of the container.
   *
   * @default - the field belongs to the whole pod
   */
  readonly container?: string;
  /** The JSON path of the field inside the object, such as `.spec.template.spec.hostNetwork`. */
  readonly field: string;
  /**
   * The value of the field, as JSON.
   *
   * @default - the field is not set
   */
  readonly value?: string;
  /** What to do about it. */
  readonly remedy: string;
  /** All of this as one line for people. */
  readonly message: string;
}
