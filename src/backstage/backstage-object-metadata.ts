import { ApiObjectMetadata } from 'cdk8s';

/**
 * Names, labels and annotations of the objects that no other prop describes. What refers to them follows.
 *
 * Those of the Deployment, the Service, the Ingress and the HTTPRoute stand in the props `deployment`, `service`, `ingress` and `httpRoute`,
 * those of a bundled database in its options, and those of the claim in the options of the store.
 */
export interface BackstageObjectMetadata {
  /**
   * The ConfigMap with Backstage's configuration.
   *
   * @default - a name made by cdk8s
   */
  readonly configMap?: ApiObjectMetadata;

  /**
   * The ServiceAccount, if it is one of ours.
   *
   * @default - a name made by cdk8s
   */
  readonly serviceAccount?: ApiObjectMetadata;

  /**
   * The ClusterRole.
   *
   * @default - a name made by cdk8s
   */
  readonly clusterRole?: ApiObjectMetadata;

  /**
   * The ClusterRoleBinding.
   *
   * @default - a name made by cdk8s
   */
  readonly clusterRoleBinding?: ApiObjectMetadata;
}
