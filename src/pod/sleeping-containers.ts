import { containersOf, listOf, PodManifest } from './pod-manifest';
import { Problem } from '../base/problems';

/** Commands that listen nowhere, as people write them to keep a container up: by a shell or without. */
const SLEEPING = /^(\S*sh -[le]*c (-- )?)?(exec )?(\S*\/)?(sleep (infinity|inf|\d+[smhd]?)|tail -[fF] \/dev\/null|while (true|:) ?; ?do sleep (infinity|inf|\d+[smhd]?) ?; ?done) ?;?$/;

/** The probes of a container, by the names of their props in cdk8s-plus. */
const PROBES = { startup: 'startupProbe', readiness: 'readinessProbe', liveness: 'livenessProbe' } as const;

const FIELDS_OF_PROBES = Object.values(PROBES);

/**
 * Probes that never pass, since the container they ask does nothing but sleep: cdk8s-plus gives one to each container with a port. What another
 * container of the pod listens on is asked of the same address.
 */
export function checkSleepingContainers(pod: PodManifest): Problem[] {
  const all = containersOf(pod).map(({ container }) => container);
  return all.filter(hasProbe).filter(isAsleep).flatMap(container => {
    const elsewhere = all.filter(other => other !== container).flatMap(other => listOf(other.ports).map(({ containerPort }) => containerPort));
    return Object.entries(PROBES).flatMap(([prop, field]): Problem[] => {
      const { port, host } = container[field]?.tcpSocket ?? container[field]?.httpGet ?? container[field]?.grpc ?? {};
      return port === undefined || host !== undefined || elsewhere.includes(port) ? [] : [{
        code: 'CDK8SNIX0521',
        prop: `containers[${container.name}].${prop}`,
        value: port,
        problem: `The container runs "${commandOf(container)}", which listens on no port, so the pod would never be ready.`,
        remedy: 'Leave the port out, for which cdk8s-plus adds a startup probe, or give the container a probe that its command can pass.',
      }];
    });
  });
}

function hasProbe(container: any): boolean {
  return FIELDS_OF_PROBES.some(field => container[field]);
}

function isAsleep(container: any): boolean {
  return SLEEPING.test(commandOf(container));
}

function commandOf({ command, args }: any): string {
  return [...listOf(command), ...listOf(args)].join(' ').trim().replace(/\s+/g, ' ');
}
