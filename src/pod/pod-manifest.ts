import { isOfGroup } from './object-kind';

/** What a pod and the template of one are: whatever YAML can hold, hence `any`. */
export interface PodContent {
  readonly metadata: any;
  readonly spec: any;
}

/** A pod, or the template of one, inside a manifest. */
export interface PodManifest extends PodContent {
  /** JSON path of the pod inside the manifest; empty for a bare pod. */
  readonly path: string;
  /** The object that the pod belongs to: the manifest itself, or the one of a List. */
  readonly owner: any;
  /** What the template stands in, with the number of replicas and the like; undefined for a bare pod. */
  readonly beside?: any;
}

/** A container of any sort. */
export interface ContainerManifest {
  /** JSON path of the container inside the manifest. */
  readonly path: string;
  readonly container: any;
  readonly sort: ContainerSort;
}

export type ContainerSort = 'initContainers' | 'containers' | 'ephemeralContainers';

/** In the order in which they start. */
const SORTS: ContainerSort[] = ['initContainers', 'containers', 'ephemeralContainers'];

/** Where objects of a kind have their pod, and in which API groups there is that kind. */
interface PodPlace {
  readonly groups: readonly string[];
  readonly steps: readonly string[];
}

const IN_TEMPLATE = ['spec', 'template'];
const OF_APPS: PodPlace = { groups: ['apps', 'extensions', 'core'], steps: IN_TEMPLATE };

/**
 * Where the pod of an object is. The group counts: Volcano has a Job of its own, and most Services start no pods. A manifest that names
 * none is taken at its word.
 */
const POD_OF_KIND: ReadonlyMap<string, PodPlace> = new Map<string, PodPlace>([
  ['Pod', { groups: ['core'], steps: [] }],
  ['PodTemplate', { groups: ['core'], steps: ['template'] }],
  ['ReplicationController', { groups: ['core'], steps: IN_TEMPLATE }],
  ['Deployment', OF_APPS],
  ['ReplicaSet', OF_APPS],
  ['DaemonSet', OF_APPS],
  ['StatefulSet', OF_APPS],
  ['Job', { groups: ['batch', 'core'], steps: IN_TEMPLATE }],
  ['CronJob', { groups: ['batch', 'core'], steps: ['spec', 'jobTemplate', 'spec', 'template'] }],
  ['Rollout', { groups: ['argoproj.io'], steps: IN_TEMPLATE }],
  ['DeploymentConfig', { groups: ['apps.openshift.io'], steps: IN_TEMPLATE }],
  ['Service', { groups: ['serving.knative.dev'], steps: IN_TEMPLATE }],
]);

/** A pod as it was found. Its containers are listed once: each rule that it is held to asks for them. */
class FoundPod implements PodManifest {
  #containers?: readonly ContainerManifest[];

  constructor(
    public readonly path: string,
    public readonly owner: any,
    public readonly beside: any,
    public readonly metadata: any,
    public readonly spec: any,
  ) {}

  /** Of `spec` as it was when they were first asked for; nobody changes a manifest that is being looked at. */
  public get containers(): readonly ContainerManifest[] {
    this.#containers ??= listContainers(this);
    return this.#containers;
  }
}

/** What tells an object's kind: a manifest, or a construct that makes one. */
export interface Kinded {
  readonly kind: string;
  readonly apiVersion?: string;
}

/** Whether objects of this kind start pods. */
export function startsPods(object: Kinded): boolean {
  return stepsOf(object) !== undefined;
}

/** Whether objects of this kind are lists of others, as `kubectl get -o yaml` prints them, or a kind that only sounds like it. */
export function mayBeList({ kind }: Kinded): boolean {
  return kind.endsWith('List');
}

/** The objects of a manifest, and where they are: itself, or what is in a List. */
export function objectsOf(manifest: any): Array<{ readonly path: string; readonly object: any }> {
  if (!isList(manifest)) {
    return [{ path: '', object: manifest }];
  }
  return listOf(manifest.items).flatMap((item, i) => {
    const object = itemOf(manifest, item);
    return typeof object?.kind !== 'string' ? [] : objectsOf(object).map(inner => ({ path: `.items[${i}]${inner.path}`, object: inner.object }));
  });
}

/**
 * The manifest with its objects changed: itself, or what is in a List.
 *
 * @param change gets an object, and where it is
 */
export function mapObjects(manifest: any, change: (object: any, path: string) => any): any {
  if (!isList(manifest)) {
    return change(manifest, '');
  }
  return {
    ...manifest,
    items: listOf(manifest.items).map((item, i) => {
      const object = itemOf(manifest, item);
      const changed = typeof object?.kind !== 'string' ? item : mapObjects(object, (inner, path) => change(inner, `.items[${i}]${path}`));
      return changed === object ? item : changed;
    }),
  };
}

/** An item of a list; one of a DeploymentList need not say that it is a Deployment, and servers do not say so. */
function itemOf({ kind, apiVersion }: any, item: any): any {
  const kindOfAll = kind.slice(0, -'List'.length);
  return kindOfAll === '' || !isObject(item) || item.kind !== undefined ? item : { apiVersion, kind: kindOfAll, ...item };
}

/**
 * The pods of a manifest, those in a List too.
 *
 * @param podTemplates where else pods are, as JSON pointers into an object; `*` stands for each item of a list or map
 */
export function podsOf(manifest: any, podTemplates: readonly string[] = []): PodManifest[] {
  return objectsOf(manifest).flatMap(({ path, object }) => podPaths(object, podTemplates).map((steps): PodManifest => {
    const pod = valueAt(object, steps);
    const pathOfPod = path + steps.map(step => typeof step === 'number' ? `[${step}]` : `.${step}`).join('');
    return new FoundPod(pathOfPod, object, steps.length === 0 ? undefined : valueAt(object, steps.slice(0, -1)), pod.metadata ?? {}, pod.spec ?? {});
  }));
}

/** Whether a JSON pointer leads to a pod template in an object of the manifest. */
export function leadsToPod(manifest: any, podTemplate: string): boolean {
  return objectsOf(manifest).some(({ object }) => toldPaths(object, [podTemplate]).length > 0);
}

/** An object, which is no List, with its pods changed. */
export function mapPods(object: any, podTemplates: readonly string[], change: (pod: PodContent) => PodContent): any {
  return podPaths(object, podTemplates).reduce((changed, steps) => replaceAt(changed, steps, pod => ({
    // Metadata come first, where there were none.
    ...(pod.metadata ? {} : { metadata: undefined }),
    ...pod,
    ...change({ metadata: pod.metadata ?? {}, spec: pod.spec ?? {} }),
  })), object);
}

/** The containers of a pod, of every sort. */
export function containersOf(pod: PodManifest): readonly ContainerManifest[] {
  return pod instanceof FoundPod ? pod.containers : listContainers(pod);
}

function listContainers({ path, spec }: PodManifest): ContainerManifest[] {
  const all: ContainerManifest[] = [];
  for (const sort of SORTS) {
    listOf(spec[sort]).forEach((container, i) => {
      if (isObject(container)) {
        all.push({ path: `${path}.spec.${sort}[${i}]`, container, sort });
      }
    });
  }
  return all;
}

/** Whether a value of YAML has fields. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list that may be absent or, in a manifest nobody checked, anything else. */
export function listOf(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a manifest is a list of objects. */
export function isList(manifest: any): boolean {
  return typeof manifest?.kind === 'string' && mayBeList(manifest) && Array.isArray(manifest.items);
}

type Steps = ReadonlyArray<string | number>;

function stepsOf(object: Kinded): readonly string[] | undefined {
  const known = POD_OF_KIND.get(object.kind);
  return known && isOfGroup(object, known.groups) ? known.steps : undefined;
}

/** Where the pods of an object are: as it was told, and otherwise where its kind has them. */
function podPaths(object: any, podTemplates: readonly string[]): Steps[] {
  const told = toldPaths(object, podTemplates);
  const known = stepsOf(object);
  return told.length > 0 ? told : known && valueAt(object, known) ? [known] : [];
}

function toldPaths(object: any, podTemplates: readonly string[]): Steps[] {
  if (podTemplates.length === 0) {
    return [];
  }
  const paths = podTemplates.flatMap(pointer => follow(object, pointer)).filter(steps => listOf(valueAt(object, steps)?.spec?.containers).length > 0);
  // Two pointers may lead to one pod.
  return [...new Map(paths.map(steps => [steps.join('/'), steps])).values()];
}

/** Where a JSON pointer leads. */
function follow(object: any, pointer: string): Steps[] {
  const steps = pointer.split('/').slice(1).map(step => step.replace(/~1/g, '/').replace(/~0/g, '~'));
  return steps.reduce<Steps[]>((paths, step) => paths.flatMap((path): Steps[] => {
    const value = valueAt(object, path);
    if (Array.isArray(value)) {
      return step === '*' ? value.map((_, i) => [...path, i]) : [[...path, Number(step)]];
    }
    return step === '*' && isObject(value) && !('*' in value) ? Object.keys(value).map(key => [...path, key]) : [[...path, step]];
  }), [[]]);
}

function valueAt(value: any, steps: Steps): any {
  return steps.reduce((inner, step) => inner?.[step], value);
}

function replaceAt(value: any, [step, ...rest]: Steps, change: (inner: any) => any): any {
  if (step === undefined) {
    return change(value);
  }
  const inner = replaceAt(value[step], rest, change);
  return Array.isArray(value) ? value.map((item, i) => i === step ? inner : item) : { ...value, [step]: inner };
}
