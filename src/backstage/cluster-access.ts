import { Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackstageObjectMetadata } from './backstage-object-metadata';

/** What Backstage's Kubernetes plugin asks for. */
const READABLE: kplus.ApiResource[] = [
  kplus.ApiResource.PODS, kplus.ApiResource.SERVICES, kplus.ApiResource.CONFIG_MAPS,
  kplus.ApiResource.LIMIT_RANGES, kplus.ApiResource.RESOURCE_QUOTAS,
  kplus.ApiResource.DEPLOYMENTS, kplus.ApiResource.REPLICA_SETS, kplus.ApiResource.STATEFUL_SETS, kplus.ApiResource.DAEMON_SETS,
  kplus.ApiResource.HORIZONTAL_POD_AUTOSCALERS, kplus.ApiResource.INGRESSES, kplus.ApiResource.JOBS, kplus.ApiResource.CRON_JOBS,
  kplus.ApiResource.custom({ apiGroup: '', resourceType: 'pods/log' }),
  kplus.ApiResource.custom({ apiGroup: 'metrics.k8s.io', resourceType: 'pods' }),
];

/** Who the portal is in the cluster, and what it may read there. */
export interface ClusterAccess {
  readonly account: kplus.IServiceAccount;
  /** The account, if it is one of ours. */
  readonly ownAccount?: kplus.ServiceAccount;
  readonly role: kplus.ClusterRole;
  readonly binding: kplus.ClusterRoleBinding;
}

/** Let an account, given or of our own, read what the Kubernetes plugin shows: no Secrets, and no verb that changes anything. */
export function readCluster(scope: Construct, given: kplus.IServiceAccount | undefined, metadata: BackstageObjectMetadata): ClusterAccess {
  const ownAccount = given ? undefined : new kplus.ServiceAccount(scope, 'ServiceAccount', { metadata: metadata.serviceAccount, automountToken: false });
  const role = new kplus.ClusterRole(scope, 'ClusterRole', { metadata: metadata.clusterRole });
  role.allowRead(...READABLE);
  const binding = new kplus.ClusterRoleBinding(role, 'ClusterRoleBinding', { metadata: metadata.clusterRoleBinding, role });
  binding.addSubjects(ownAccount ?? inNamespace(given!, Chart.of(scope).namespace));
  return { account: ownAccount ?? given!, ownAccount, role, binding };
}

/** kplus takes an imported account for one of the namespace `default`; a pod can only have one of its own namespace. */
function inNamespace({ kind, name }: kplus.IServiceAccount, namespace: string | undefined): kplus.ISubject {
  return { toSubjectConfiguration: () => ({ kind, name, apiGroup: '', namespace }) } as kplus.ISubject;
}
