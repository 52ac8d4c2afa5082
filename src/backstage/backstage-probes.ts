import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/**
 * How Kubernetes asks the portal how it is. A probe in the prop `container` takes the place of ours.
 */
export interface BackstageProbesOptions {
  /**
   * Whether to ask at all. Without, only the probes in the prop `container` are there.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * What is asked whether the portal has started, and may get requests. Portals of the old backend system have `/healthcheck`.
   *
   * @default '/.backstage/health/v1/readiness'
   */
  readonly readinessPath?: string;

  /**
   * What is asked whether the portal is alive.
   *
   * @default '/.backstage/health/v1/liveness'
   */
  readonly livenessPath?: string;

  /**
   * What the portal speaks on its port. HTTPS, whose certificate is not checked, is for one with `backend.https` in its configuration.
   *
   * @default kplus.ConnectionScheme.HTTP
   */
  readonly scheme?: kplus.ConnectionScheme;

  /**
   * How long the portal may take to start, before it is taken for dead. In whole seconds; rounded up to a number of periods.
   *
   * @default - that of the preset
   */
  readonly startup?: Duration;

  /**
   * The time between two questions, in whole seconds.
   *
   * @default Duration.seconds(10)
   */
  readonly period?: Duration;

  /**
   * How long an answer may take, in whole seconds.
   *
   * @default Duration.seconds(5)
   */
  readonly timeout?: Duration;
}
