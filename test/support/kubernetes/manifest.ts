/** An object as it stands in a manifest file: whatever YAML can hold, hence `any` below the top level. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: any;
}

/** Where a rule reports a mistake: a JSON path inside the object, and what is wrong with the value there. */
export type Report = (path: string, mistake: string) => void;

/** A pod template, or a bare pod, inside a manifest. */
export interface PodTemplate {
  readonly path: string;
  readonly metadata: any;
  readonly spec: any;
}

const TEMPLATE_PATHS: Record<string, string[]> = {
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

export function podTemplateOf(manifest: Manifest): PodTemplate | undefined {
  const steps = TEMPLATE_PATHS[manifest.kind];
  const template = steps?.reduce<any>((value, step) => value?.[step], manifest);
  return template && { path: ['', ...steps].join('.'), metadata: template.metadata ?? {}, spec: template.spec ?? {} };
}

/** The containers of a pod of every sort, each with its JSON path. */
export function containersOf(pod: PodTemplate): { path: string; container: any; sort: string }[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap(sort =>
    list(pod.spec[sort]).map((container, i) => ({ path: `${pod.path}.spec.${sort}[${i}]`, container, sort })));
}

/** Kind and name, as kubectl prints them. */
export function titleOf(manifest: Manifest): string {
  return `${manifest.kind}/${manifest.metadata?.name}`;
}

/** Rules look at objects that the schema check may already have refused: a field of the wrong type counts as absent. */
export function list(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}

export function entries(value: unknown): [string, any][] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
}

export function duplicates(values: unknown[]): unknown[] {
  return [...new Set(values.filter((value, i) => value !== undefined && values.indexOf(value) !== i))];
}
