import { ACCESS_MODES, isKnownWord, KnownWords, oneOf, VOLUME_MODES, wordWanted } from './known-words';
import { isKind } from './object-kind';
import { isObject } from './pod-manifest';
import { Problem } from '../base/problems';

/** What a field is in Kubernetes, as far as it is read or written here, and has no better message of its own elsewhere. */
type Shape = 'text' | 'texts' | 'switch' | KnownWords | MapShape | ListShape;

/** A map, and the shapes of what is in it. */
interface MapShape {
  readonly fields: ReadonlyArray<readonly [field: string, shape: Shape]>;
}

/** A list of such maps. */
interface ListShape {
  readonly items: MapShape;
}

const map = (fields: { readonly [field: string]: Shape } = {}): MapShape => ({ fields: Object.entries(fields) });
const list = (fields: { readonly [field: string]: Shape } = {}): ListShape => ({ items: map(fields) });

const METADATA = map({ labels: map(), annotations: map() });

const SECCOMP = map({ type: oneOf('RuntimeDefault', 'Localhost', 'Unconfined') });

const CONTAINER = {
  image: 'text',
  imagePullPolicy: { ...oneOf('Always', 'IfNotPresent', 'Never'), mayBeEmpty: true },
  restartPolicy: oneOf('Always', 'OnFailure', 'Never'),
  workingDir: 'text',
  command: 'texts',
  args: 'texts',
  env: list({ valueFrom: map() }),
  envFrom: list(),
  ports: list({ protocol: { ...oneOf('TCP', 'UDP', 'SCTP'), mayBeEmpty: true } }),
  volumeMounts: list({ mountPath: 'text', subPath: 'text', readOnly: 'switch' }),
  volumeDevices: list({ devicePath: 'text' }),
  resources: map({ requests: map(), limits: map() }),
  securityContext: map({ capabilities: map({ add: 'texts', drop: 'texts' }), seccompProfile: SECCOMP }),
  livenessProbe: map(),
  readinessProbe: map(),
  startupProbe: map(),
  lifecycle: map(),
} as const;

const SELECTOR = map({ matchLabels: map(), matchExpressions: list({ operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: 'texts' }) });
const POD_TERM = { labelSelector: SELECTOR, topologyKey: 'text', namespaces: 'texts' } as const;
const PODS_NEAR = map({
  requiredDuringSchedulingIgnoredDuringExecution: list(POD_TERM),
  preferredDuringSchedulingIgnoredDuringExecution: list({ podAffinityTerm: map(POD_TERM) }),
});
const OF_NODES = list({ operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'), values: 'texts' });
const NODE_TERM = { matchExpressions: OF_NODES, matchFields: OF_NODES } as const;
const NODES = map({
  requiredDuringSchedulingIgnoredDuringExecution: map({ nodeSelectorTerms: list(NODE_TERM) }),
  preferredDuringSchedulingIgnoredDuringExecution: list({ preference: map(NODE_TERM) }),
});

const CLAIM = map({ accessModes: ACCESS_MODES, volumeMode: VOLUME_MODES });

const POD = map({
  initContainers: list(CONTAINER),
  containers: list(CONTAINER),
  volumes: list({ ephemeral: map({ volumeClaimTemplate: map({ spec: CLAIM }) }) }),
  securityContext: map({ sysctls: list(), seccompProfile: SECCOMP }),
  nodeSelector: map(),
  nodeName: 'text',
  affinity: map({ podAffinity: PODS_NEAR, podAntiAffinity: PODS_NEAR, nodeAffinity: NODES }),
  topologySpreadConstraints: list({
    topologyKey: 'text', whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'), labelSelector: SELECTOR, matchLabelKeys: 'texts',
  }),
  tolerations: list(),
  hostNetwork: 'switch',
  hostPID: 'switch',
  hostIPC: 'switch',
});

const STRATEGY = map({ strategy: map({ rollingUpdate: map(), rollingParams: map() }) });
const KEPT = { ...oneOf('Retain', 'Delete'), mayBeEmpty: true };
const RETENTION = map({ whenDeleted: KEPT, whenScaled: KEPT });
const UPDATE = { updateStrategy: map({ rollingUpdate: map() }) };

/** What an object has, and what is in its `spec` by its kind: another kind may mean something else by such a field. */
const OBJECT = map({ metadata: map({ name: 'text', labels: map(), annotations: map() }) });
const SPECS: ReadonlyArray<readonly [kind: string, group: string, shape: MapShape]> = [
  ['Deployment', 'apps', STRATEGY],
  ['DeploymentConfig', 'apps.openshift.io', STRATEGY],
  ['Rollout', 'argoproj.io', map({ strategy: map({ canary: map({ steps: list() }), blueGreen: map() }) })],
  ['StatefulSet', 'apps', map({ ...UPDATE, volumeClaimTemplates: list({ metadata: map(), spec: CLAIM }), persistentVolumeClaimRetentionPolicy: RETENTION })],
  ['DaemonSet', 'apps', map(UPDATE)],
  ['CronJob', 'batch', map({ concurrencyPolicy: { ...oneOf('Allow', 'Forbid', 'Replace'), mayBeEmpty: true } })],
];

/**
 * Whether the fields of a pod are what Kubernetes reads there: a manifest that no class has made may have anything, such as variables by their
 * names, or a number for a path. An API server would refuse it, and all that comes after this reads them.
 */
export function checkShapes({ path = '', metadata, spec }: { readonly path?: string; readonly metadata?: any; readonly spec: any }): Problem[] {
  return [...check(`${path}.metadata`, metadata, METADATA), ...check(`${path}.spec`, spec, POD)];
}

/** The same of the object that a pod belongs to. */
export function checkObjectShapes(object: any): Problem[] {
  const [,, shape] = SPECS.find(([kind, group]) => isKind(object, kind, group)) ?? [];
  return [...check('', object, OBJECT), ...(shape === undefined ? [] : check('.spec', object.spec, shape))];
}

/** The same of the names and labels of both alone. */
export function isMetadataReadable(object: any, podMetadata: unknown): boolean {
  return fits(object, OBJECT) && fits(podMetadata, METADATA);
}

/** Every pod is asked, each time something of it is read, and nearly all are fine. */
function check(prop: string, value: unknown, shape: Shape): Problem[] {
  return fits(value, shape) ? [] : problemsOf(prop, value, shape);
}

function fits(value: any, shape: Shape): boolean {
  if (value === undefined || value === null) {
    return true;
  }
  if (typeof shape === 'string') {
    return shape === 'text' ? typeof value === 'string' : shape === 'switch' ? typeof value === 'boolean' : isTexts(value);
  }
  if ('words' in shape) {
    return isKnownWord(value, shape);
  }
  if ('items' in shape) {
    return isObjects(value) && value.every(item => fits(item, shape.items));
  }
  if (!isObject(value)) {
    return false;
  }
  for (const [field, inner] of shape.fields) {
    if (!fits(value[field], inner)) {
      return false;
    }
  }
  return true;
}

function problemsOf(prop: string, value: any, shape: Shape): Problem[] {
  if (typeof shape !== 'string' && !('words' in shape)) {
    if ('items' in shape && isObjects(value)) {
      return value.flatMap((item, i) => check(`${prop}[${i}]`, item, shape.items));
    }
    if (!('items' in shape) && isObject(value)) {
      return shape.fields.flatMap(([field, inner]) => check(`${prop}.${field}`, value[field], inner));
    }
  }
  return [{ code: 'CDK8SNIX0520', prop, value, ...wanted(value, shape) }];
}

function wanted(value: any, shape: Shape): Pick<Problem, 'problem' | 'remedy'> {
  if (shape === 'text') {
    return { problem: 'It is text.', remedy: isPlain(value) ? `Put it in quotes: "${value}".` : 'Write a text, without fields or items.' };
  }
  if (shape === 'switch') {
    return { problem: 'It is true or false, and no text or number.', remedy: 'Write true or false, without quotes.' };
  }
  if (shape === 'texts') {
    const items = (Array.isArray(value) ? value : [value]);
    return {
      problem: 'It is a list of texts.',
      remedy: items.every(isPlain) ? `Make it a list of texts, with numbers in quotes: ${JSON.stringify(items.map(String))}.` : 'Write it as "- …", a text each.',
    };
  }
  if ('words' in shape) {
    return wordWanted(value, shape);
  }
  return 'items' in shape ? { problem: 'It is a list of objects.', remedy: 'Write it as "- name: …", an item each.' }
    : { problem: 'It is an object, with fields.', remedy: 'Write it as "name: …", a field each, or leave it out.' };
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isObjects(value: unknown): value is any[] {
  return Array.isArray(value) && value.every(isObject);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
