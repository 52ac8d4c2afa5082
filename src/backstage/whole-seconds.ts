import { Duration } from 'cdk8s';

/** A duration as Kubernetes counts: in whole seconds, from one on. What has parts of them is refused elsewhere, without stopping there. */
export function wholeSeconds(duration: Duration): number {
  return Math.max(1, Math.ceil(duration.toMilliseconds() / 1000));
}
