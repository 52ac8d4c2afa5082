import { containersOf, PodManifest } from './pod-manifest';
import { Problem } from '../base/problems';

/** What an API server takes only of containers that run beside others. */
const OF_RUNNING = ['startupProbe', 'readinessProbe', 'livenessProbe', 'lifecycle'] as const;

/** Probes and hooks of init containers that have to end before anything else starts: cdk8s-plus adds a probe to each container with a port. */
export function checkInitContainers(pod: PodManifest): Problem[] {
  const ending = containersOf(pod).filter(({ sort, container }) => sort === 'initContainers' && container.restartPolicy !== 'Always');
  return ending.flatMap(({ container }) => OF_RUNNING.filter(field => container[field]).map((field): Problem => ({
    code: 'CDK8SNIX0530',
    prop: `initContainers[${container.name}].${field}`,
    value: container[field],
    problem: 'An init container ends before the others start, and has none.',
    remedy: `Leave ${field === 'startupProbe' ? 'out its port, for which cdk8s-plus adds this probe' : 'it out'}, or let it run beside the others: restartPolicy Always.`,
  })));
}
