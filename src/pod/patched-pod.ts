import { isObject, listOf, PodContent } from './pod-manifest';
import { PodAdditions } from './pod-merge';

/**
 * A merged pod in which what its own manifest says of security and nodes stands as it was said, where ours took the place of that: for a look
 * at what patches make of it. All that a patch may lead to is there.
 *
 * @param made the pod before it was merged
 */
export function asSaid(merged: PodContent, made: PodContent): PodContent {
  const theirs = [...listOf(made.spec.initContainers), ...listOf(made.spec.containers)];
  const said = new Map(theirs.map(container => [container.name, container.securityContext]));
  const containersAsSaid = (containers: unknown): any[] => listOf(containers)
    .map(container => ({ ...container, securityContext: overlay(container.securityContext, said.get(container.name)) }));
  return {
    metadata: { ...merged.metadata, annotations: overlay(merged.metadata.annotations, made.metadata.annotations) },
    spec: {
      ...merged.spec,
      nodeSelector: overlay(merged.spec.nodeSelector, made.spec.nodeSelector),
      securityContext: overlay(merged.spec.securityContext, made.spec.securityContext),
      initContainers: containersAsSaid(merged.spec.initContainers),
      containers: containersAsSaid(merged.spec.containers),
    },
  };
}

function overlay(merged: any, made: any): any {
  return isObject(merged) && isObject(made)
    ? Object.fromEntries(Object.keys({ ...merged, ...made }).map(field => [field, overlay(merged[field], made[field])])) : made ?? merged;
}

/**
 * A pod without what was added to it, whatever has become of that since: the inverse of `mergePod`, but for the security contexts. Ours
 * come first among the init containers, and last among volumes and mounts.
 */
export function withoutAdditions({ metadata, spec }: PodContent, additions: PodAdditions): PodContent {
  const ourMounts = [...additions.mounts, ...additions.scratchMounts];
  const strip = (container: any): any => ({
    ...container,
    command: withoutFirst(container.command, additions.commandPrefix),
    volumeMounts: withoutLast(listOf(container.volumeMounts), 'mountPath', ourMounts.map(mount => mount.mountPath)),
  });
  const ourContainers = [...additions.initContainers, ...additions.nixInitContainers].map(container => container.name);
  return {
    metadata,
    spec: {
      ...spec,
      initContainers: withoutLast([...listOf(spec.initContainers)].reverse(), 'name', ourContainers).reverse().map(strip),
      containers: listOf(spec.containers).map(strip),
      volumes: withoutLast(listOf(spec.volumes), 'name', additions.volumes.map(volume => volume.name)),
    },
  };
}

function withoutFirst(items: unknown, first: readonly unknown[]): unknown {
  return Array.isArray(items) && first.every((item, i) => items[i] === item) ? items.slice(first.length) : items;
}

function withoutLast(items: any[], field: string, values: string[]): any[] {
  const indexes = new Set(values.map(value => items.map(item => item[field]).lastIndexOf(value)));
  return items.filter((_, i) => !indexes.has(i));
}
