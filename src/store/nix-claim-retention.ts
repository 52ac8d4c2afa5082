/**
 * What becomes of the claims of a StatefulSet's pods.
 */
export enum NixClaimRetention {
  /** The claim stays, and is found again by the pod of the same number. */
  RETAIN = 'Retain',
  /** The claim is deleted, and with it usually the volume. */
  DELETE = 'Delete',
}
