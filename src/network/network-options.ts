import { ApiObjectMetadata } from 'cdk8s';

/**
 * An HTTP proxy between the pods and the outside.
 */
export interface NixProxyOptions {
  /**
   * The proxy for `http:` URLs, for example `http://proxy.example.org:3128`. No user and password: they would stand in the manifest.
   *
   * @default - none
   */
  readonly httpProxy?: string;

  /**
   * The proxy for `https:` URLs; its own URL mostly begins with `http:` too.
   *
   * @default - none
   */
  readonly httpsProxy?: string;

  /**
   * What is reached without the proxy: host names, suffixes (`.example.org`), addresses and CIDRs. The pod itself, the Services of the
   * cluster (`.svc`, `.cluster.local`) and the caches of `useBinaryCache` are added.
   *
   * @default - nothing else
   */
  readonly noProxy?: string[];
}

/**
 * Options of `NixEnvironment.restrictNetwork`.
 */
export interface NixNetworkPolicyOptions {
  /**
   * Where the substituters, the proxy and other outside hosts are, as CIDRs. A NetworkPolicy knows no host names.
   *
   * @default - anywhere
   */
  readonly externalCidrs?: string[];

  /**
   * More TCP ports that may be reached there, for example 22 for sources by SSH.
   *
   * @default - those of the substituters and of the flakes of programs, or of the proxy
   */
  readonly externalPorts?: number[];

  /**
   * The ports of the name servers, UDP and TCP. OpenShift's listen on 5353.
   *
   * @default [53]
   */
  readonly dnsPorts?: number[];

  /**
   * Name, labels and annotations of the NetworkPolicy.
   *
   * @default - a name made by cdk8s, the labels of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}
