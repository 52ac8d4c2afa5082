import { ApiObjectMetadata } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/**
 * How the portal is reached from outside through an Ingress, under host and path of the base URL.
 *
 * A portal knows nothing of its path: the controller has to take it off, which each does by an annotation of its own.
 */
export interface BackstageIngressOptions {
  /**
   * The ingress class.
   *
   * @default - the default class of the cluster
   */
  readonly className?: string;

  /**
   * The Secret with the certificate for the host of the base URL. Needed if that is https and nothing in front of the cluster ends TLS.
   *
   * @default - none
   */
  readonly tlsSecret?: kplus.ISecret;

  /**
   * Annotations of the Ingress, for its controller.
   *
   * @default - none
   */
  readonly annotations?: { [name: string]: string };

  /**
   * Name and labels of the Ingress.
   *
   * @default - a name made by cdk8s, the labels of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}

/**
 * How the portal is reached from outside through a Gateway, under host and path of the base URL: an HTTPRoute of the Gateway API.
 */
export interface BackstageHttpRouteOptions {
  /** The name of the Gateway. */
  readonly gateway: string;

  /**
   * The namespace of the Gateway, which has to let routes of other namespaces in.
   *
   * @default - that of the portal
   */
  readonly gatewayNamespace?: string;

  /**
   * The name of the Gateway's listener.
   *
   * @default - all listeners that fit
   */
  readonly listener?: string;

  /**
   * The host names that lead to the portal. That of the base URL has to be among them, or be covered by one like `*.example.org`.
   *
   * @default - the host of the base URL
   */
  readonly hostnames?: string[];

  /**
   * Take the path of the base URL off before a request reaches the portal, as Backstage needs it. A Gateway has to support the filter
   * `URLRewrite` for that.
   *
   * @default true
   */
  readonly stripPath?: boolean;

  /**
   * Name, labels and annotations of the HTTPRoute.
   *
   * @default - a name made by cdk8s, the labels of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}
