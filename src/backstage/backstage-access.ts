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
