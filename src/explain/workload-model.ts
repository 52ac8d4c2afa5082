import { containersOf, listOf, objectsOf, PodManifest, podsOf } from '../pod/pod-manifest';
import { PodSecurityLevel } from '../pod/pod-security-level';
import { violationsOfPod } from '../pod-security/pod-security-check';
import { PodSecurityViolation } from '../pod-security/pod-security-violation';

/** A workload as people think of it: what starts in which order, what it mounts where, and what it may do. */
export interface WorkloadModel {
  /** Kind and name. */
  readonly title: string;
  /** How many, how they are replaced, when they run. */
  readonly scale: string;
  /** User, groups, service account. */
  readonly identity: string;
  /** In the order in which they start. */
  readonly containers: ContainerModel[];
  readonly volumes: VolumeModel[];
  readonly verdict: string;
  readonly violations: PodSecurityViolation[];
}

export interface ContainerModel {
  readonly name: string;
  /** Init, sidecar, or nothing special. */
  readonly role: string;
  readonly image: string;
  readonly command: string;
  readonly env: VariableModel[];
  readonly mounts: MountModel[];
}

export interface VariableModel {
  readonly name: string;
  /** The value, or where it comes from. */
  readonly value: string;
  /** The Secret it comes from. */
  readonly secret?: string;
}

export interface MountModel {
  readonly container: string;
  readonly volume: string;
  readonly path: string;
  /** The folder or file of the volume; empty for all of it. */
  readonly subPath: string;
  readonly readOnly: boolean;
}

export interface VolumeModel {
  readonly name: string;
  /** What is behind it. */
  readonly source: string;
  /** Equal for volumes of several workloads that are the same object; undefined for one that each pod has for itself. */
  readonly sharedAs?: string;
  readonly mounts: MountModel[];
}

/** The workloads among the objects of a manifest. */
export function workloadModels(manifests: any[]): WorkloadModel[] {
  const objects = manifests.flatMap(objectsOf).map(({ object }) => object);
  return objects.flatMap(object => podsOf(object)).map(pod => workloadModel(pod, objects));
}

function workloadModel(pod: PodManifest, manifests: any[]): WorkloadModel {
  const { owner } = pod;
  const containers = containersOf(pod).map(({ container, sort }) => containerModel(container, sort));
  const templates = listOf(owner.spec?.volumeClaimTemplates);
  const violations = violationsOfPod(pod, PodSecurityLevel.RESTRICTED);
  return {
    title: `${owner.kind} ${owner.metadata?.name}`,
    scale: scaleOf(owner),
    identity: identityOf(pod.spec),
    containers,
    volumes: [
      ...listOf(pod.spec.volumes).map(volume => ({ name: volume.name, ...sourceOf(volume, manifests) })),
      ...templates.map(template => ({ name: template.metadata?.name, source: `a claim for each pod${claimDetails(template.spec)}` })),
    ].map(volume => ({ ...volume, mounts: containers.flatMap(({ mounts }) => mounts.filter(mount => mount.volume === volume.name)) })),
    verdict: verdictOf(violations),
    violations,
  };
}

function scaleOf({ kind, spec = {} }: any): string {
  const { replicas, strategy, updateStrategy, schedule, concurrencyPolicy } = spec;
  switch (kind) {
    case 'CronJob': return `at ${schedule}, concurrency ${concurrencyPolicy ?? 'Allow'}`;
    case 'DaemonSet': return 'one pod on each node';
    case 'Deployment':
    case 'StatefulSet': return scaleOfSeveral(replicas, (strategy ?? updateStrategy)?.type ?? 'RollingUpdate');
    case 'DeploymentConfig': return scaleOfSeveral(replicas, strategy?.type ?? 'Rolling');
    case 'Rollout': return scaleOfSeveral(replicas, strategy?.blueGreen ? 'blueGreen' : 'canary');
    case 'Service': return 'as many pods as requests need';
    default: return 'one pod';
  }
}

function scaleOfSeveral(replicas: number | undefined, update: string): string {
  const count = replicas ?? 1;
  return `${count} ${count === 1 ? 'pod' : 'pods'}, update by ${update}`;
}

function identityOf(spec: any): string {
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext ?? {};
  return [
    runAsUser === undefined ? 'user of the image' : `user ${runAsUser}:${runAsGroup ?? 'group of the image'}`,
    ...(fsGroup === undefined ? [] : [`volumes of group ${fsGroup}`]),
    spec.automountServiceAccountToken === false ? 'no service account token' : `service account ${spec.serviceAccountName ?? 'default'}`,
  ].join(', ');
}

function containerModel(container: any, sort: string): ContainerModel {
  return {
    name: container.name,
    role: sort !== 'initContainers' ? '' : container.restartPolicy === 'Always' ? 'sidecar' : 'init',
    image: container.image,
    command: [...listOf(container.command), ...listOf(container.args)].map(word => /^[-\w./:=@%+,]+$/.test(word) ? word : JSON.stringify(word)).join(' '),
    env: [...listOf(container.env).map(variableModel), ...listOf(container.envFrom).map(sourceOfAll)],
    mounts: listOf(container.volumeMounts).map(({ name, mountPath, subPath, readOnly }) =>
      ({ container: container.name, volume: name, path: mountPath, subPath: subPath ?? '', readOnly: readOnly === true })),
  };
}

/** Values of Secrets are never shown: a manifest that holds the Secret too may be explained in a public place. */
function variableModel({ name, value, valueFrom = {} }: any): VariableModel {
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  if (secretKeyRef) {
    return { name, value: `from Secret ${secretKeyRef.name}, key ${secretKeyRef.key}`, secret: secretKeyRef.name };
  }
  if (configMapKeyRef) {
    return { name, value: `from ConfigMap ${configMapKeyRef.name}, key ${configMapKeyRef.key}` };
  }
  const field = fieldRef?.fieldPath ?? resourceFieldRef?.resource;
  return { name, value: field ? `from ${field}` : value ?? '' };
}

function sourceOfAll({ prefix = '', secretRef, configMapRef }: any): VariableModel {
  const source = secretRef ? `Secret ${secretRef.name}` : `ConfigMap ${configMapRef?.name}`;
  return { name: `${prefix}*`, value: `from ${source}, all keys`, secret: secretRef?.name };
}

function sourceOf(volume: any, manifests: any[]): Pick<VolumeModel, 'source' | 'sharedAs'> {
  const object = (kind: string, name: string, details = '') => ({ source: `${kind} ${name}${details}`, sharedAs: `${kind}/${name}` });
  const { persistentVolumeClaim, configMap, secret, emptyDir, hostPath, ephemeral, image } = volume;
  if (persistentVolumeClaim) {
    const name = persistentVolumeClaim.claimName;
    const claim = manifests.find(({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata?.name === name);
    return object('claim', name, claim ? claimDetails(claim.spec) : ' (not in this manifest)');
  }
  if (configMap) { return object('ConfigMap', configMap.name); }
  if (secret) { return object('Secret', secret.secretName); }
  if (hostPath) { return { source: `folder ${hostPath.path} of the node` }; }
  if (ephemeral) { return { source: `a claim that lives with the pod${claimDetails(ephemeral.volumeClaimTemplate?.spec)}` }; }
  if (image) { return { source: `image ${image.reference}` }; }
  if (emptyDir) { return { source: ['empty folder', emptyDir.medium && 'in memory', emptyDir.sizeLimit && `up to ${emptyDir.sizeLimit}`].filter(Boolean).join(' ') }; }
  return { source: Object.keys(volume).find(key => key !== 'name') ?? 'nothing' };
}

function claimDetails(spec: any): string {
  const details = [spec?.resources?.requests?.storage, ...listOf(spec?.accessModes), spec?.storageClassName].filter(Boolean);
  return details.length > 0 ? ` (${details.join(', ')})` : '';
}

function verdictOf(violations: PodSecurityViolation[]): string {
  if (violations.length === 0) {
    return 'conforms to restricted';
  }
  const level = violations.some(violation => violation.level === PodSecurityLevel.BASELINE) ? 'neither to restricted nor to baseline' : 'to baseline, not to restricted';
  return `conforms ${level}: ${violations.length} ${violations.length === 1 ? 'violation' : 'violations'}`;
}
