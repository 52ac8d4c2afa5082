/** What tells each tool to leave a claim, and with it the volume, alone when it is no longer among the manifests. */
export const KEEP_CLAIM = {
  argoCd: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' },
  flux: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
  helm: { 'helm.sh/resource-policy': 'keep' },
} as const;
