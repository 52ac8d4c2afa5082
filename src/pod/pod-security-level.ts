/**
 * A profile of the Pod Security Standards.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export enum PodSecurityLevel {
  /** Everything is allowed. */
  PRIVILEGED = 'privileged',
  /** Prevents known privilege escalations. */
  BASELINE = 'baseline',
  /** Current best practice; everything `baseline` asks for, and more. */
  RESTRICTED = 'restricted',
}
