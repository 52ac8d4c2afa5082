import { ApiObject, ApiObjectMetadata, Chart, Lazy } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { CaBundle } from './ca-bundle';
import { ClusterCache } from './cluster-cache';
import { NixNetworkPolicyOptions, NixProxyOptions } from './network-options';
import { ANYWHERE, checkCidrs, checkNotEmpty, dnsEgress, ipBlocks, namespacePeer, tcpPorts, urlPort } from './network-rules';
import { checkProxy, proxyFor, proxyVariables } from './proxy';
import { isDnsSubdomain } from '../base/kubernetes-name';
import { validateMetadata } from '../base/object-metadata';
import { Problems } from '../base/problems';
import { checkInTree } from '../base/tree';
import { NixConfig } from '../config/nix-config';
import { endpointOf } from '../config/store-url';
import { NodeRuntime } from '../pod/bound-store';
import { environmentLabels } from '../pod/pod-labels';
import { PodPart } from '../pod/pod-merge';

/**
 * Programs that bring a list of certificates of their own, by the variable that names another one. Only Node adds it to its own list.
 */
const CA_VARIABLES: readonly string[] = [
  'NIX_SSL_CERT_FILE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'REQUESTS_CA_BUNDLE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS',
];

/** How the pods of an environment reach the outside: proxy, certificates, caches in the cluster, and what is forbidden. */
export class EnvironmentNetwork {
  private readonly caches: ClusterCache[] = [];
  private policy?: ApiObject;

  constructor(
    private readonly scope: Construct,
    private readonly problems: Problems,
    private readonly config: NixConfig,
    private readonly proxy: NixProxyOptions | undefined,
    private readonly caBundle: CaBundle | undefined,
    /** Set if the node brings the programs. */
    private readonly runtime?: NodeRuntime,
  ) {
    if (proxy) {
      checkProxy(problems, proxy);
    }
    caBundle?._validate(problems);
  }

  public part(): Partial<PodPart> {
    const ca = this.caBundle?._volume;
    return {
      volumes: ca ? [ca.volume] : [],
      mounts: ca ? [ca.mount] : [],
      variables: [
        ...(ca ? CA_VARIABLES.map(name => ({ name, value: ca.file })) : []),
        ...(this.proxy ? proxyVariables(this.proxy, this.caches.map(cache => cache._host(this.namespace))) : []),
      ],
    };
  }

  public useCache(cache: ClusterCache): void {
    if (this.caches.includes(cache)) {
      return;
    }
    checkInTree('useBinaryCache', cache).forEach(problem => this.problems.record(problem));
    if (this.runtime) {
      this.problems.add('CDK8SNIX1206', 'useBinaryCache', cache.node.path, 'The runtime of the node brings the programs with a Nix of its own, which does not hear of this.',
        'Leave it out, or use a store that is seeded.');
    }
    const theirs = Chart.of(cache).namespace;
    if ((theirs === undefined) !== (this.namespace === undefined)) {
      this.problems.add('CDK8SNIX0805', 'useBinaryCache', cache.node.path,
        `The cache is in ${show(theirs)}, the environment in ${show(this.namespace)}: nobody can tell whether one reaches the other by its name.`,
        'Set the namespace on both charts, or on none.');
    }
    if (theirs !== this.namespace && this.namespace !== undefined) {
      cache.allowFrom(this.namespace);
    }
    this.caches.push(cache);
    cache.substituters(this.namespace).forEach(substituter => this.config._addClusterCache(substituter));
  }

  /** Grows with what is added. */
  public get revision(): number {
    return this.caches.length;
  }

  /** @param sources where else the pods fetch from, asked as the policy is written */
  public restrict(options: NixNetworkPolicyOptions, sources: () => readonly string[]): ApiObject {
    if (this.policy) {
      throw new Error(`CDK8SNIX1106 ${this.scope.node.path}: restricted twice. Call restrictNetwork once, and add a NetworkPolicy of your own for more.`);
    }
    checkCidrs(this.problems, 'externalCidrs', options.externalCidrs);
    this.checkPorts('externalPorts', options.externalPorts);
    this.checkPorts('dnsPorts', options.dnsPorts);
    checkNotEmpty(this.problems, 'CDK8SNIX1105', 'dnsPorts', options.dnsPorts);
    this.checkMetadata(options.metadata);
    this.policy = new kplus.k8s.KubeNetworkPolicy(this.scope, 'NetworkPolicy', { metadata: options.metadata, spec: Lazy.any({ produce: () => this.rules(options, sources()) }) });
    return this.policy;
  }

  private rules(options: NixNetworkPolicyOptions, sources: readonly string[]): kplus.k8s.NetworkPolicySpec {
    const ports = tcpPorts([...this.externalPorts(sources), ...options.externalPorts ?? []]);
    return {
      podSelector: { matchLabels: environmentLabels(this.scope) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [
        dnsEgress(options.dnsPorts ?? [53]),
        ...this.caches.map(cache => ({ to: [this.peer(cache)], ports: tcpPorts([cache._podPort]) })),
        ...(ports.length === 0 ? [] : [{ to: ipBlocks(options.externalCidrs ?? ANYWHERE), ports }]),
      ],
    };
  }

  private peer(cache: ClusterCache): kplus.k8s.NetworkPolicyPeer {
    const namespace = Chart.of(cache).namespace;
    return namespace === undefined || namespace === this.namespace
      ? { podSelector: { matchLabels: cache._podLabels } }
      : namespacePeer(namespace, cache._podLabels);
  }

  /** What goes through a proxy needs only the proxy to be reached. */
  private externalPorts(sources: readonly string[]): number[] {
    return [...this.config._externalUrls, ...sources].flatMap(url => {
      const endpoint = endpointOf(url);
      return (endpoint && urlPort(proxyFor(endpoint, this.proxy) ?? url)) ?? [];
    });
  }

  private checkMetadata({ name, namespace, labels, annotations }: ApiObjectMetadata = {}): void {
    if (name !== undefined && !isDnsSubdomain(name)) {
      this.problems.add('CDK8SNIX0514', 'metadata.name', name, 'The name of an object has lower-case letters, digits, "-" and "."; 253 at most.', 'Use for example "workspace".');
    }
    if (namespace !== undefined && namespace !== this.namespace) {
      this.problems.add('CDK8SNIX0514', 'metadata.namespace', namespace, `A policy holds for its own namespace, and the pods are in ${show(this.namespace)}.`,
        'Leave it out, and set the namespace on the chart.');
    }
    validateMetadata(this.problems, { labels, annotations }, { labels: 'metadata.labels', annotations: 'metadata.annotations' });
  }

  private checkPorts(prop: string, ports: readonly number[] = []): void {
    ports.forEach((port, i) => {
      if (!Number.isInteger(port) || port < 1 || port > 65535) {
        this.problems.add('CDK8SNIX1105', `${prop}[${i}]`, port, 'A port is a whole number from 1 to 65535.', 'Use for example 443.');
      }
    });
  }

  private get namespace(): string | undefined {
    return Chart.of(this.scope).namespace;
  }
}

function show(namespace: string | undefined): string {
  return namespace === undefined ? 'the namespace of the release' : `the namespace "${namespace}"`;
}
