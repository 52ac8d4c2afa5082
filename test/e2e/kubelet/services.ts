import { k8s } from 'cdk8s-plus-28';
import { selects } from '../../support/kubernetes/label-selector';
import { Manifest } from '../../support/kubernetes/manifest';

/** A port of a Service that is another one in the pods behind it. */
export interface Forward {
  readonly port: number;
  readonly targetPort: number;
}

/** What has to be led elsewhere for the clients of a pod: the names of all Services are those of one loopback interface, so equal ports meet. */
export function forwardsTo(template: k8s.PodTemplateSpec, services: Manifest[]): Forward[] {
  return services
    .filter(({ spec }) => spec.selector && spec.clusterIP !== 'None' && selects({ matchLabels: spec.selector }, template.metadata?.labels))
    .flatMap(({ spec }) => spec.ports ?? [])
    .map(({ port, targetPort = port }) => ({ port, targetPort: portNumber(targetPort, template.spec!.containers) }))
    .filter(({ port, targetPort }) => port !== targetPort);
}

/** A port of a pod, which a container may have given a name. */
export function portNumber(port: unknown, containers: k8s.Container[]): number {
  const number = typeof port === 'number' ? port : containers.flatMap(container => container.ports ?? []).find(({ name }) => name === port)?.containerPort;
  if (number === undefined) {
    throw new Error(`no container has a port "${port}"`);
  }
  return number;
}
