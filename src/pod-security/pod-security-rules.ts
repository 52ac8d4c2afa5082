import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';

/** A field of a pod and its value. */
export interface PodField {
  /** JSON path inside the object. */
  readonly path: string;
  /** Undefined if it is not set. */
  readonly value: unknown;
  /** The container it belongs to; undefined for a field of the whole pod. */
  readonly container?: string;
}

/** One control of the Pod Security Standards. */
export interface PodSecurityRule {
  readonly name: string;
  readonly remedy: string;
  /** The fields of a pod that violate it. */
  readonly violations: (pod: PodManifest) => PodField[];
}

/** What `baseline` lets a container add. */
export const BASELINE_CAPABILITIES: readonly string[] = [
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
];

const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports', 'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_wmem',
];

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];

const CORE_VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'];

const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

const CONFINED = ['RuntimeDefault', 'Localhost'];

/** The controls of the profile `baseline`. Where releases of Kubernetes differ, the newest one counts. */
export const BASELINE_RULES: PodSecurityRule[] = [
  {
    name: 'hostProcess',
    remedy: 'Remove windowsOptions.hostProcess.',
    violations: pod => givenSecurityFields(pod, 'windowsOptions', 'hostProcess').filter(isOn),
  },
  {
    name: 'hostNamespaces',
    remedy: 'Remove it: the pod has namespaces of its own.',
    violations: pod => ['hostNetwork', 'hostPID', 'hostIPC'].map(name => podField(pod, name)).filter(isOn),
  },
  {
    name: 'privileged',
    remedy: 'Set privileged to false, and add the one capability that is needed.',
    violations: pod => givenContainerFields(pod, 'securityContext', 'privileged').filter(isOn),
  },
  {
    name: 'capabilities',
    remedy: `Add none but ${BASELINE_CAPABILITIES.join(', ')}.`,
    violations: pod => items(givenContainerFields(pod, 'securityContext', 'capabilities', 'add')).filter(noneOf(BASELINE_CAPABILITIES)),
  },
  {
    name: 'hostPathVolumes',
    remedy: 'Use a persistentVolumeClaim or an emptyDir.',
    violations: pod => volumeFields(pod).filter(({ path }) => path.endsWith('.hostPath')),
  },
  {
    name: 'hostPorts',
    remedy: 'Remove hostPort and use a Service.',
    violations: pod => items(givenContainerFields(pod, 'ports')).map(port => step(port, 'hostPort')).filter(noneOf([undefined, 0])),
  },
  {
    name: 'hostProbesAndHostLifecycle',
    remedy: 'Remove host: the kubelet asks the pod itself.',
    violations: pod => containersHandlers(pod).map(handler => step(handler, 'host')).filter(noneOf([undefined, ''])),
  },
  {
    name: 'appArmorProfile',
    remedy: 'Remove it, or use RuntimeDefault or Localhost.',
    violations: pod => [
      ...givenSecurityFields(pod, 'appArmorProfile', 'type').filter(noneOf(CONFINED)),
      ...appArmorAnnotations(pod).filter(({ value }) => !/^(runtime\/default|localhost\/.*)?$/.test(String(value))),
    ],
  },
  {
    name: 'seLinuxOptions',
    remedy: `Set no user and no role, and no type but ${SELINUX_TYPES.filter(Boolean).join(', ')}.`,
    violations: pod => [
      ...givenSecurityFields(pod, 'seLinuxOptions', 'type').filter(noneOf(SELINUX_TYPES)),
      ...['user', 'role'].flatMap(name => givenSecurityFields(pod, 'seLinuxOptions', name)).filter(noneOf([''])),
    ],
  },
  {
    name: 'procMount',
    remedy: 'Remove it, or use Default.',
    violations: pod => givenContainerFields(pod, 'securityContext', 'procMount').filter(noneOf(['Default'])),
  },
  {
    name: 'seccompProfile_baseline',
    remedy: 'Use RuntimeDefault or Localhost.',
    violations: pod => givenSecurityFields(pod, 'seccompProfile', 'type').filter(noneOf(CONFINED)),
  },
  {
    name: 'sysctls',
    remedy: `Set none but ${SAFE_SYSCTLS.join(', ')}.`,
    violations: pod => items([podField(pod, 'securityContext', 'sysctls')]).map(sysctl => step(sysctl, 'name')).filter(noneOf(SAFE_SYSCTLS)),
  },
];

/** The controls that the profile `restricted` adds to `baseline`. */
export const RESTRICTED_RULES: PodSecurityRule[] = [
  {
    name: 'restrictedVolumes',
    remedy: `Use a volume of type ${CORE_VOLUMES.join(', ')}.`,
    violations: pod => volumeFields(pod).filter(({ path }) => !CORE_VOLUMES.includes(path.split('.').pop()!)),
  },
  {
    name: 'allowPrivilegeEscalation',
    remedy: 'Set allowPrivilegeEscalation to false.',
    violations: pod => onLinux(pod, () => containerFields(pod, 'securityContext', 'allowPrivilegeEscalation').filter(noneOf([false]))),
  },
  {
    name: 'runAsNonRoot',
    remedy: 'Set runAsNonRoot to true for the pod or for each container.',
    violations: pod => inherited(pod, [true], 'runAsNonRoot'),
  },
  {
    name: 'runAsUser',
    remedy: 'Use a user id other than 0.',
    violations: pod => securityFields(pod, 'runAsUser').filter(({ value }) => value === 0),
  },
  {
    name: 'seccompProfile_restricted',
    remedy: 'Set seccompProfile.type to RuntimeDefault or Localhost for the pod or for each container.',
    violations: pod => onLinux(pod, () => inherited(pod, CONFINED, 'seccompProfile', 'type')),
  },
  {
    name: 'capabilities_restricted',
    remedy: 'Drop ALL, and add none but NET_BIND_SERVICE.',
    violations: pod => onLinux(pod, () => [
      ...containerFields(pod, 'securityContext', 'capabilities', 'drop').filter(({ value }) => !listOf(value).includes('ALL')),
      ...items(givenContainerFields(pod, 'securityContext', 'capabilities', 'add')).filter(noneOf(['NET_BIND_SERVICE'])),
    ]),
  },
];

/** A field in something; most are fine, and nobody asks for their paths. */
class FieldIn implements PodField {
  public readonly value: unknown;

  constructor(private readonly place: string | PodField, owner: any, private readonly names: readonly string[], public readonly container?: string) {
    this.value = valueIn(owner, names);
  }

  public get path(): string {
    return [typeof this.place === 'string' ? this.place : this.place.path, ...this.names].join('.');
  }
}

function valueIn(owner: any, names: readonly string[]): unknown {
  let inner = owner;
  for (const name of names) {
    inner = inner?.[name];
  }
  return inner ?? undefined;
}

function isOn({ value }: PodField): boolean {
  return value === true;
}

function noneOf(allowed: readonly unknown[]): (field: PodField) => boolean {
  return ({ value }) => !allowed.includes(value ?? undefined);
}

/** The field of a value that is an object; a field of nothing is not set. */
function step(field: PodField, name: string): PodField {
  return new FieldIn(field, field.value, [name], field.container);
}

function items(fields: PodField[]): PodField[] {
  return fields.flatMap(field => listOf(field.value).map((item, i) => ({ path: `${field.path}[${i}]`, value: item, container: field.container })));
}

function podField(pod: PodManifest, ...names: string[]): PodField {
  return new FieldIn(`${pod.path}.spec`, pod.spec, names);
}

function containerFields(pod: PodManifest, ...names: string[]): PodField[] {
  return containersOf(pod).map(({ path, container }) => new FieldIn(path, container, names, container.name));
}

/** Those that are set: of most fields in a pod there is none. */
function givenContainerFields(pod: PodManifest, ...names: string[]): PodField[] {
  const given: PodField[] = [];
  for (const { path, container } of containersOf(pod)) {
    if (valueIn(container, names) !== undefined) {
      given.push(new FieldIn(path, container, names, container.name));
    }
  }
  return given;
}

function givenSecurityFields(pod: PodManifest, ...names: string[]): PodField[] {
  const given = givenContainerFields(pod, 'securityContext', ...names);
  const own = podField(pod, 'securityContext', ...names);
  return own.value === undefined ? given : [own, ...given];
}

/** A field of the security contexts of the pod and of all its containers. */
function securityFields(pod: PodManifest, ...names: string[]): PodField[] {
  return [podField(pod, 'securityContext', ...names), ...containerFields(pod, 'securityContext', ...names)];
}

/** Where a field that containers inherit from the pod has, or ends up with, another value than those allowed. */
function inherited(pod: PodManifest, allowed: unknown[], ...names: string[]): PodField[] {
  const [whole, ...each] = securityFields(pod, ...names);
  const isAllowed = ({ value }: PodField) => allowed.includes(value);
  return [
    ...[whole].filter(({ value }) => value !== undefined).filter(field => !isAllowed(field)),
    ...each.filter(field => field.value === undefined ? !isAllowed(whole) : !isAllowed(field)),
  ];
}

/** The sources of the volumes: `.spec.volumes[0].emptyDir`. */
function volumeFields(pod: PodManifest): PodField[] {
  return items([podField(pod, 'volumes')]).flatMap(volume =>
    Object.keys(volume.value as object).filter(name => name !== 'name').map(name => step(volume, name)).filter(({ value }) => value !== undefined));
}

const HANDLERS = [['livenessProbe'], ['readinessProbe'], ['startupProbe'], ['lifecycle', 'postStart'], ['lifecycle', 'preStop']];

/** What asks a container, or is told to it: of those that there are. */
function containersHandlers(pod: PodManifest): PodField[] {
  return HANDLERS.flatMap(names => givenContainerFields(pod, ...names))
    .flatMap(owner => ['httpGet', 'tcpSocket'].map(handler => step(owner, handler)));
}

function appArmorAnnotations(pod: PodManifest): PodField[] {
  return Object.entries(pod.metadata.annotations ?? {}).filter(([key]) => key.startsWith(APP_ARMOR_ANNOTATION)).map(([key, value]) => ({
    path: `${pod.path}.metadata.annotations["${key}"]`,
    value,
    container: key.slice(APP_ARMOR_ANNOTATION.length),
  }));
}

/** Windows has none of these settings, and the standard exempts pods that say they run there. */
function onLinux(pod: PodManifest, violations: () => PodField[]): PodField[] {
  return pod.spec.os?.name === 'windows' ? [] : violations();
}
