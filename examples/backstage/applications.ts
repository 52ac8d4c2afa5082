import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { GitOps } from 'cdk8s-nix';

/** An Argo CD Application for each environment, which applies that environment's file in `dist/`. */
export class Applications extends Chart {
  constructor(scope: Construct, id: string, names: string[]) {
    super(scope, id, { namespace: 'argocd' });
    for (const name of names) {
      new ApiObject(this, name, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name: `portal-${name}` },
        spec: {
          project: 'default',
          source: {
            repoURL: 'https://git.example.org/platform/portal.git',
            targetRevision: 'main',
            path: 'dist',
            directory: { include: `${name}.k8s.yaml` },
          },
          destination: { server: 'https://kubernetes.default.svc', namespace: name },
          // Production waits for somebody to press the button.
          syncPolicy: name === 'production' ? {} : { automated: { prune: true, selfHeal: true } },
          ignoreDifferences: GitOps.argoCdIgnoreDifferences(),
        },
      });
    }
  }
}
