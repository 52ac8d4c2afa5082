/** A workload with Nix, as those see it that look after its store. */
export interface EnabledWorkload {
  /** Where it is in the tree. */
  readonly path: string;
  /** Whether its pods end by themselves. */
  readonly ends: boolean;
  /** Labels that find its pods. */
  podLabels(): { readonly [label: string]: string };
}
