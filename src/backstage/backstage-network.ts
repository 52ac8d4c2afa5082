import { NixNetworkPolicyOptions } from '../network/network-options';

/**
 * What may reach the portal, and what it may reach, besides what every environment may: name servers, caches and substituters.
 *
 * The portal may reach its database, and the API server if it has access to the cluster. What it integrates, GitHub for example, needs a port in
 * `externalPorts`.
 *
 * `metadata` are those of the portal's policy. The names of the two beside it, for Nix and for a bundled database, end in `-nix` and `-database` then.
 */
export interface BackstageNetworkPolicyOptions extends NixNetworkPolicyOptions {
  /**
   * The namespaces whose pods may reach the portal: that of the ingress controller or of the Gateway, and those of whoever measures it.
   *
   * @default - all, and the outside
   */
  readonly fromNamespaces?: string[];
}
