import { ApiObject, ApiObjectMetadata, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackstageDatabase } from './backstage-database';
import { BackstageNetworkPolicyOptions } from './backstage-network';
import { isDnsLabel } from '../base/kubernetes-name';
import { Problems } from '../base/problems';
import { ANYWHERE, checkNotEmpty, ipBlocks, namespacePeer, tcpPorts } from '../network/network-rules';

/** What the rules are about. */
export interface PortalNetwork {
  readonly deployment: kplus.Deployment;
  readonly port: number;
  readonly database: BackstageDatabase;
  readonly databaseStatefulSet?: kplus.StatefulSet;
  readonly readsCluster: boolean;
}

/** Where API servers listen: behind their Service, and on their nodes, which is what most network plugins compare. */
const API_SERVER_PORTS: readonly number[] = [443, 6443];

const POSTGRES_PORT = 5432;

/**
 * The policies of the portal and of a bundled database. They add up with that of the environment, which knows neither.
 *
 * @returns the policies, that of the portal first
 */
export function restrictPortal(scope: Construct, network: PortalNetwork, options: BackstageNetworkPolicyOptions): ApiObject[] {
  const { deployment, databaseStatefulSet } = network;
  const from = options.fromNamespaces?.map(namespace => namespacePeer(namespace));
  const egress = [...databaseEgress(network, options, Chart.of(scope).namespace), ...apiServerEgress(network)];
  const portal = new kplus.k8s.KubeNetworkPolicy(scope, 'NetworkPolicy', {
    metadata: options.metadata,
    spec: {
      podSelector: { matchLabels: deployment.matchLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from, ports: tcpPorts([network.port]) }],
      egress,
    },
  });
  return databaseStatefulSet ? [portal, databasePolicy(scope, deployment, databaseStatefulSet, alongside(options.metadata, 'database'))] : [portal];
}

/** The metadata of a policy beside the portal's own: the same, with a name of its own. */
export function alongside(metadata: ApiObjectMetadata | undefined, what: string): ApiObjectMetadata | undefined {
  return metadata?.name === undefined ? metadata : { ...metadata, name: `${metadata.name}-${what}` };
}

/** Record a namespace that cannot be. */
export function checkNetwork(problems: Problems, { fromNamespaces }: BackstageNetworkPolicyOptions): void {
  checkNotEmpty(problems, 'CDK8SNIX0910', 'networkPolicy.fromNamespaces', fromNamespaces);
  for (const [i, namespace] of (fromNamespaces ?? []).entries()) {
    if (!isDnsLabel(namespace)) {
      problems.add('CDK8SNIX0910', `networkPolicy.fromNamespaces[${i}]`, namespace, 'A namespace has lower-case letters, digits and "-"; 63 at most.',
        'Use for example "ingress-nginx".');
    }
  }
}

function databaseEgress(
  { database, databaseStatefulSet }: PortalNetwork, { externalCidrs }: BackstageNetworkPolicyOptions, namespace: string | undefined,
): kplus.k8s.NetworkPolicyEgressRule[] {
  if (databaseStatefulSet) {
    return [{ to: [{ podSelector: { matchLabels: databaseStatefulSet.matchLabels } }], ports: tcpPorts([POSTGRES_PORT]) }];
  }
  const { existing } = database._source;
  const outside = ipBlocks(externalCidrs ?? ANYWHERE);
  const ports = tcpPorts([existing?.port ?? POSTGRES_PORT]);
  if (!existing) {
    // Only the Secret knows where it is: mostly beside the portal.
    return [{ to: [{ podSelector: {} }, ...outside], ports }];
  }
  const { host } = existing;
  const inNamespace = (theirs: string | undefined) => theirs === undefined || theirs === namespace ? { podSelector: {} } : namespacePeer(theirs);
  // A Service, or one pod of it.
  const inCluster = /^[^.:]+(?:(?:\.[^.]+)?\.(?<namespace>[^.]+)\.svc(?:\..+)?)?$/.exec(host)?.groups;
  if (inCluster) {
    return [{ to: [inNamespace(inCluster.namespace)], ports }];
  }
  // Either a Service and its namespace, or a domain: what blocks of addresses cover, are pods to no network plugin for sure.
  const perhaps = /^[^.:]+\.(?<namespace>[a-z][a-z0-9-]*)$/.exec(host)?.groups;
  return [{ to: [...(perhaps ? [inNamespace(perhaps.namespace)] : []), ...outside], ports }];
}

function apiServerEgress({ readsCluster }: PortalNetwork): kplus.k8s.NetworkPolicyEgressRule[] {
  return readsCluster ? [{ to: ipBlocks(ANYWHERE), ports: tcpPorts(API_SERVER_PORTS) }] : [];
}

function databasePolicy(
  scope: Construct, deployment: kplus.Deployment, database: kplus.StatefulSet, metadata: ApiObjectMetadata | undefined,
): ApiObject {
  return new kplus.k8s.KubeNetworkPolicy(scope, 'DatabaseNetworkPolicy', {
    metadata,
    spec: {
      podSelector: { matchLabels: database.matchLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: { matchLabels: deployment.matchLabels } }], ports: tcpPorts([POSTGRES_PORT]) }],
      egress: [],
    },
  });
}
