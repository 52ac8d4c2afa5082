import { k8s } from 'cdk8s-plus-28';
import { quantity } from '../../support/kubernetes/quantity';

/** What a container may use at most, as arguments of `podman run`. The kernel kills it for more memory: exit code 137. */
export function limitArguments(container: k8s.Container): string[] {
  const { cpu, memory } = container.resources?.limits ?? {};
  return [
    ...(memory === undefined ? [] : ['--memory', `${Math.floor(quantity(memory)!)}b`]),
    ...(cpu === undefined ? [] : ['--cpus', `${quantity(cpu)}`]),
  ];
}

/**
 * The size of a volume in memory, in bytes: its limit, and no more than the pod may use.
 *
 * @returns undefined if nothing limits it but the node
 */
export function memoryVolumeSize(sizeLimit: unknown, pod: k8s.PodSpec): number | undefined {
  const ofPod = Math.max(memoryOf(pod.containers).reduce((sum, limit) => sum + limit, 0), ...memoryOf(pod.initContainers ?? []));
  const size = Math.min(ofPod, bytesOf(sizeLimit));
  return Number.isFinite(size) ? Math.floor(size) : undefined;
}

function memoryOf(containers: k8s.Container[]): number[] {
  return containers.map(container => bytesOf(container.resources?.limits?.memory));
}

function bytesOf(limit: unknown): number {
  return limit === undefined ? Infinity : quantity(limit)!;
}
