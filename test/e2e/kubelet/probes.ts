import { k8s } from 'cdk8s-plus-28';
import { portNumber } from './services';
import { wait, within } from './waiting';
import { Outcome } from '../../support/podman';

/** Where probes are run. */
export interface ProbeRunner {
  /** In the container that is asked. */
  exec(command: string[]): Outcome;
  /** In the pod's network, from outside of the container, which need not have a program for it. */
  inSandbox(command: string[]): Outcome;
}

/**
 * Gives a container the time that the kubelet would until all its probes pass, but asks more often, so that no test waits for a
 * period to end. A liveness probe only has to pass once.
 *
 * @returns what is wrong
 */
export function awaitProbes(container: k8s.Container, runner: ProbeRunner): string | undefined {
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
    const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe ?? {};
    const patience = periodSeconds * (failureThreshold - 1);
    wait(probe ? initialDelaySeconds : 0);
    if (probe && !within(patience, () => passes(container, probe, runner))) {
      return `its probe did not pass in ${patience} s`;
    }
  }
  return undefined;
}

function passes(container: k8s.Container, { exec, httpGet, timeoutSeconds = 1 }: k8s.Probe, runner: ProbeRunner): boolean {
  if (!httpGet) {
    return runner.exec(exec!.command!).code === 0;
  }
  const url = `http://127.0.0.1:${portNumber(httpGet.port, [container])}${httpGet.path ?? '/'}`;
  return runner.inSandbox(['timeout', `${timeoutSeconds}`, 'wget', '-q', '-O', '/dev/null', url]).code === 0;
}
