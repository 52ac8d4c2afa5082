import { Manifest, titleOf } from '../../support/kubernetes/manifest';

/** Says what in a value the harness does not understand, each with its path. */
type Check = (value: any, path: string) => string[];

const played: Check = () => [];

/** What makes no difference to one pod on one node without a network: scheduling, the pace of a rollout. */
const noEffect: Check = () => [];

const only = (...values: unknown[]): Check => (value, path) =>
  values.includes(value) ? [] : [`${path} is ${JSON.stringify(value)}; only ${values.map(allowed => JSON.stringify(allowed)).join(', ')} is played`];

const list = (item: Check): Check => (value, path) => value.flatMap((entry: unknown, i: number) => item(entry, `${path}[${i}]`));

const fields = (known: Record<string, Check>): Check => (value, path) => Object.entries(value).flatMap(([name, child]) =>
  Object.hasOwn(known, name) ? (child === undefined || child === null ? [] : known[name](child, `${path}.${name}`)) : [`${path}.${name} is not played`]);

const all = (...names: string[]): Record<string, Check> => Object.fromEntries(names.map(name => [name, played]));

const none = (...names: string[]): Record<string, Check> => Object.fromEntries(names.map(name => [name, noEffect]));

const keys = fields({ ...all('name', 'optional'), items: list(fields(all('key', 'path', 'mode'))) });

const claimSpec = fields({ ...all('resources'), ...none('accessModes', 'storageClassName'), volumeMode: only('Filesystem') });

const claimTemplate = fields({ metadata: fields({ ...all('name'), ...none('labels', 'annotations') }), spec: claimSpec });

const volume = fields({
  ...all('name'),
  emptyDir: fields({ medium: only('', 'Memory'), ...all('sizeLimit') }),
  configMap: fields({ ...all('name', 'defaultMode', 'optional'), items: played }),
  secret: fields({ ...all('secretName', 'defaultMode', 'optional'), items: played }),
  projected: fields({ ...all('defaultMode'), sources: list(fields({ configMap: keys, secret: keys })) }),
  persistentVolumeClaim: fields({ ...all('claimName'), readOnly: only(false) }),
  ephemeral: fields({ volumeClaimTemplate: claimTemplate }),
  image: fields(all('reference', 'pullPolicy')),
});

const variable = fields({
  ...all('name', 'value'),
  valueFrom: fields({
    secretKeyRef: fields(all('name', 'key', 'optional')),
    configMapKeyRef: fields(all('name', 'key', 'optional')),
    fieldRef: fields({ ...none('apiVersion'), fieldPath: only('metadata.name', 'metadata.namespace', 'metadata.uid') }),
  }),
});

const seccomp = fields({ type: only('RuntimeDefault', 'Unconfined') });

const containerSecurity = fields({
  ...all('runAsUser', 'runAsGroup', 'runAsNonRoot', 'readOnlyRootFilesystem', 'allowPrivilegeEscalation'),
  capabilities: fields(all('drop', 'add')),
  privileged: only(false),
  seccompProfile: seccomp,
});

const probe = fields({
  exec: fields(all('command')),
  httpGet: fields({ ...all('path', 'port'), scheme: only('HTTP') }),
  ...all('periodSeconds', 'failureThreshold', 'initialDelaySeconds', 'timeoutSeconds'),
  ...none('successThreshold'),
});

const container = fields({
  ...all('name', 'image', 'command', 'args', 'workingDir', 'terminationMessagePath', 'terminationMessagePolicy'),
  ports: list(fields({ ...all('name', 'containerPort'), protocol: only('TCP') })),
  imagePullPolicy: only('Always', 'IfNotPresent', 'Never'),
  resources: fields({ limits: fields({ ...all('cpu', 'memory'), ...none('ephemeral-storage') }), ...none('requests') }),
  env: list(variable),
  envFrom: list(fields({ ...all('prefix'), secretRef: fields(all('name', 'optional')), configMapRef: fields(all('name', 'optional')) })),
  volumeMounts: list(fields(all('name', 'mountPath', 'subPath', 'readOnly'))),
  securityContext: containerSecurity,
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
});

const podSpec = fields({
  initContainers: list(container),
  containers: list(container),
  volumes: list(volume),
  securityContext: fields({ ...all('runAsUser', 'runAsGroup', 'runAsNonRoot', 'fsGroup', 'fsGroupChangePolicy', 'supplementalGroups'), seccompProfile: seccomp }),
  terminationGracePeriodSeconds: played,
  automountServiceAccountToken: only(false),
  hostNetwork: only(false),
  hostPID: only(false),
  hostIPC: only(false),
  shareProcessNamespace: only(false),
  setHostnameAsFQDN: only(false),
  enableServiceLinks: played,
  restartPolicy: only('Always', 'OnFailure', 'Never'),
  ...none('dnsPolicy', 'serviceAccountName', 'nodeSelector', 'affinity', 'tolerations', 'topologySpreadConstraints', 'priorityClassName'),
});

const metadata = fields({ ...all('name', 'namespace', 'labels'), ...none('annotations') });

const template = fields({ metadata, spec: podSpec });

const jobSpec = fields({
  template,
  parallelism: only(1),
  completions: only(1),
  ...none('backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'),
});

const set = { ...all('selector'), ...none('minReadySeconds', 'revisionHistoryLimit'), template };

const KINDS: Record<string, Record<string, Check>> = {
  Pod: { spec: podSpec },
  Deployment: { spec: fields({ ...set, ...all('replicas'), strategy: fields({ ...all('type'), ...none('rollingUpdate') }), ...none('progressDeadlineSeconds') }) },
  StatefulSet: {
    spec: fields({
      ...set,
      ...all('replicas'),
      volumeClaimTemplates: list(claimTemplate),
      persistentVolumeClaimRetentionPolicy: fields({ whenDeleted: only('Retain'), whenScaled: only('Retain') }),
      ...none('serviceName', 'podManagementPolicy', 'updateStrategy'),
    }),
  },
  DaemonSet: { spec: fields({ ...set, ...none('updateStrategy') }) },
  Job: { spec: jobSpec },
  CronJob: {
    spec: fields({
      jobTemplate: fields({ metadata, spec: jobSpec }),
      ...none('schedule', 'timeZone', 'suspend', 'concurrencyPolicy', 'startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
    }),
  },
  PersistentVolumeClaim: { spec: claimSpec },
  ConfigMap: all('data', 'binaryData', 'immutable'),
  Secret: { ...all('data', 'stringData', 'immutable'), ...none('type') },
  // Its name is one of the sandbox where the pods behind it and their clients are together.
  Service: {
    spec: fields({
      ...all('selector', 'clusterIP'),
      ports: list(fields({ ...all('port', 'targetPort'), ...none('name'), protocol: only('TCP') })),
      type: only('ClusterIP'),
      externalIPs: list(only()),
      ...none('publishNotReadyAddresses'),
    }),
  },
  // No node is drained.
  PodDisruptionBudget: { spec: noEffect },
  // As with a network plugin that does not enforce them.
  NetworkPolicy: { spec: noEffect },
};

/**
 * Refuses what the harness would leave out in silence: a test must not pass because half of the manifest was not tried.
 *
 * @throws with each such field
 */
export function refuseWhatIsNotPlayed(objects: Manifest[]): void {
  const problems = objects.flatMap(object => Object.hasOwn(KINDS, object.kind)
    ? fields({ ...all('apiVersion', 'kind'), metadata, ...KINDS[object.kind] })(object, titleOf(object))
    : [`${titleOf(object)}: the kind is not played`]);
  if (problems.length > 0) {
    throw new Error(`The test's kubelet does not understand all of the manifest (see test/e2e/README.md):\n${problems.join('\n')}`);
  }
}
