import { App, Chart, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { GitOps, NixDeployment, NixStore, PodSecurity, RestrictedNamespace } from 'cdk8s-nix';

/** What differs between the environments. All else is the same everywhere. */
export interface EnvironmentProps {
  readonly storeSize: Size;
  readonly storageClassName?: string;
}

/** One environment: a namespace of its own, and a workspace in it. */
export class Environment extends Chart {
  constructor(scope: Construct, id: string, props: EnvironmentProps) {
    super(scope, id, { namespace: id });
    new RestrictedNamespace(this, 'namespace', { metadata: { name: id } });
    new NixDeployment(this, 'workspace', {
      store: NixStore.persistent({ size: props.storeSize, storageClassName: props.storageClassName }),
    });
    GitOps.argoCd(this);
    PodSecurity.enforce(this);
  }
}

/** All environments of the repository; `cdk8s synth` writes one file for each. */
export function environments(app: App): void {
  new Environment(app, 'development', { storeSize: Size.gibibytes(20) });
  new Environment(app, 'staging', { storeSize: Size.gibibytes(20) });
  new Environment(app, 'production', { storeSize: Size.gibibytes(100), storageClassName: 'fast' });
}
