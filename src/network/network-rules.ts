import { isIP } from 'net';
import * as kplus from 'cdk8s-plus-28';
import { ErrorCode } from '../base/error-code';
import { Problems } from '../base/problems';
import { endpointOf } from '../config/store-url';

/** Every address: a NetworkPolicy knows no host names. */
export const ANYWHERE: readonly string[] = ['0.0.0.0/0', '::/0'];

/** Name servers, wherever they are: in the cluster, or on the node, where no selector finds them. */
export function dnsEgress(ports: readonly number[]): kplus.k8s.NetworkPolicyEgressRule {
  return { ports: ports.flatMap(port => ['UDP', 'TCP'].map(protocol => ({ port: kplus.k8s.IntOrString.fromNumber(port), protocol }))) };
}

export function tcpPorts(ports: readonly number[]): kplus.k8s.NetworkPolicyPort[] {
  return [...new Set(ports)].sort((a, b) => a - b).map(port => ({ port: kplus.k8s.IntOrString.fromNumber(port), protocol: 'TCP' }));
}

export function ipBlocks(cidrs: readonly string[]): kplus.k8s.NetworkPolicyPeer[] {
  return cidrs.map(cidr => ({ ipBlock: { cidr } }));
}

/** The pods of a namespace, all or those with these labels. */
export function namespacePeer(namespace: string, podLabels: { [label: string]: string } = {}): kplus.k8s.NetworkPolicyPeer {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...(Object.keys(podLabels).length > 0 ? { podSelector: { matchLabels: podLabels } } : {}),
  };
}

/** The port that the URL of a substituter or a source leads to; undefined if it leads nowhere outside of the pod. */
export function urlPort(url: string): number | undefined {
  const endpoint = endpointOf(url);
  return endpoint && (endpoint.port === '' ? DEFAULT_PORTS[endpoint.protocol] : Number(endpoint.port));
}

const DEFAULT_PORTS: { readonly [protocol: string]: number } = { 'http:': 80, 'https:': 443, 'ssh:': 22, 'ssh-ng:': 22, 'git:': 9418, 'socks5:': 1080, 'socks5h:': 1080 };

/** Record an empty list: in a rule it stands for everything, while whoever writes it mostly means nothing. */
export function checkNotEmpty(problems: Problems, code: ErrorCode, prop: string, list: readonly unknown[] | undefined): void {
  if (list?.length === 0) {
    problems.add(code, prop, list, 'To Kubernetes an empty list is no limit at all.', 'Leave it out, or name at least one.');
  }
}

/** Record the entries that are no CIDRs. */
export function checkCidrs(problems: Problems, prop: string, cidrs?: readonly string[]): void {
  checkNotEmpty(problems, 'CDK8SNIX1104', prop, cidrs);
  cidrs?.forEach((cidr, i) => {
    const [address, bits, ...rest] = cidr.split('/');
    const version = isIP(address);
    if (version === 0) {
      problems.add('CDK8SNIX1104', `${prop}[${i}]`, cidr, 'A CIDR is an address, a slash and a number of bits.', 'Use for example "10.0.0.0/8".');
    } else if (bits === undefined || rest.length > 0 || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) {
      problems.add('CDK8SNIX1104', `${prop}[${i}]`, cidr, 'The number of bits is missing or out of range.',
        `Did you mean "${address}/${version === 4 ? 32 : 128}"?`);
    }
  });
}
