/** A pod, or the template of one, inside a manifest: whatever YAML can hold, hence `any`. */
export interface PodManifest {
  /** JSON path of the pod inside the object; empty for a bare pod. */
  readonly path: string;
  readonly metadata: any;
  readonly spec: any;
}

/** A container of any sort. */
export interface ContainerManifest {
  /** JSON path of the container inside the object. */
  readonly path: string;
  readonly container: any;
  readonly sort: ContainerSort;
}

export type ContainerSort = 'initContainers' | 'containers' | 'ephemeralContainers';

/** In the order in which they start. */
const SORTS: ContainerSort[] = ['initContainers', 'containers', 'ephemeralContainers'];

const POD_OF_KIND: Record<string, string[]> = {
  Pod: [],
  PodTemplate: ['template'],
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Whether objects of this kind start pods. */
export function startsPods(kind: string): boolean {
  return Object.hasOwn(POD_OF_KIND, kind);
}

/** The pod of a workload; undefined for an object that has none. */
export function podOf(manifest: any): PodManifest | undefined {
  if (!startsPods(manifest.kind)) {
    return undefined;
  }
  const steps = POD_OF_KIND[manifest.kind];
  const pod = steps.reduce<any>((value, step) => value?.[step], manifest);
  return pod && { path: ['', ...steps].join('.'), metadata: pod.metadata ?? {}, spec: pod.spec ?? {} };
}

/** The containers of a pod, of every sort. */
export function containersOf(pod: PodManifest): ContainerManifest[] {
  return SORTS.flatMap(sort => listOf(pod.spec[sort]).map((container, i) => ({
    path: `${pod.path}.spec.${sort}[${i}]`,
    container,
    sort,
  })));
}

/** A list that may be absent or, in a manifest nobody checked, anything else. */
export function listOf(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}
