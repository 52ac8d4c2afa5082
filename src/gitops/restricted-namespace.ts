import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { checkConstruct } from '../base/argument-check';
import { isDnsLabel } from '../base/kubernetes-name';
import { Problems } from '../base/problems';
import { PodSecurityLevel } from '../pod/pod-security-level';

/**
 * Props of a namespace with Pod Security labels.
 */
export interface RestrictedNamespaceProps extends kplus.NamespaceProps {
  /**
   * What is refused in this namespace.
   *
   * @default PodSecurityLevel.RESTRICTED
   */
  readonly level?: PodSecurityLevel;

  /**
   * The version of the Pod Security Standards, as `v1.28`, so that an upgrade of the cluster does not change what is refused.
   *
   * @default - the cluster's own (`latest`)
   */
  readonly version?: string;
}

/**
 * A namespace that enforces Pod Security `restricted`, which all workloads of this library pass.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-admission/
 *
 * @example new RestrictedNamespace(chart, 'namespace', { metadata: { name: 'development' } });
 */
export class RestrictedNamespace extends kplus.Namespace {
  constructor(scope: Construct, id: string, props: RestrictedNamespaceProps = {}) {
    checkConstruct('RestrictedNamespace', arguments, new.target, RestrictedNamespace);
    super(scope, id, props);
    const level = props.level ?? PodSecurityLevel.RESTRICTED;
    const version = props.version ?? 'latest';
    this.validateProps(props.metadata?.name, version);
    // A warning where nothing is refused would be noise; all three modes say the same.
    for (const mode of ['enforce', 'audit', 'warn']) {
      this.metadata.addLabel(`pod-security.kubernetes.io/${mode}`, level);
      this.metadata.addLabel(`pod-security.kubernetes.io/${mode}-version`, version);
    }
  }

  private validateProps(name: string | undefined, version: string): void {
    const problems = new Problems(this);
    if (!/^(latest|v1\.\d{1,3})$/.test(version)) {
      problems.add('CDK8SNIX1004', 'version', version, 'A version of the Pod Security Standards is `latest` or `v1.` and a number.', 'Use for example "v1.28".');
    }
    if (name !== undefined && !isDnsLabel(name)) {
      problems.add('CDK8SNIX1004', 'metadata.name', name, 'A namespace has lower-case letters, digits and "-"; 63 at most.', 'Use for example "development".');
    }
  }
}
