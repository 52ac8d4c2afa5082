import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { PullPolicy } from './image-store';
import { limitArguments } from './limits';
import { expand, VariableSources, variablesOf } from './variables';
import { mountSource, MountedVolume } from './volumes';
import { podman } from '../../support/podman';

/** What the containers of a pod have in common. */
export interface PodContext extends VariableSources {
  /** Files of the pod on this machine. */
  readonly folder: string;
  /** The container that holds the pod's network. */
  readonly sandbox: string;
  readonly security: k8s.PodSecurityContext;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  /** The image in the local storage that stands for a reference. */
  readonly localImage: (reference: string, policy?: PullPolicy) => string;
}

/** The arguments of `podman run` that make a container what its manifest says. */
export function containerArguments(container: k8s.Container, pod: PodContext): string[] {
  const image = pod.localImage(container.image!, container.imagePullPolicy as PullPolicy | undefined);
  refuseRoot(container, pod, image);
  const variables = variablesOf(container, pod);
  return [
    '--pull=never', '--http-proxy=false', '--no-hosts',
    '--network', `container:${pod.sandbox}`, '--hostname', pod.name,
    ...identity(container, pod),
    ...privileges(container, pod),
    ...limitArguments(container),
    ...[...variables].flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(container.workingDir ? ['--workdir', container.workingDir] : []),
    ...mounts(container, pod),
    ...program(container, image, variables),
  ];
}

/** Where the container leaves its last words, on this machine. */
export function terminationLog(container: k8s.Container, pod: PodContext): string {
  return path.join(pod.folder, 'containers', container.name, 'termination-log');
}

function refuseRoot(container: k8s.Container, pod: PodContext, image: string): void {
  const { runAsNonRoot, runAsUser } = { ...pod.security, ...container.securityContext };
  if (!runAsNonRoot) {
    return;
  }
  const user = runAsUser?.toString() ?? podman(['image', 'inspect', '--format', '{{.Config.User}}', image]).split(':')[0];
  if (user === '' || user === '0') {
    throw new Error(`CreateContainerConfigError: container "${container.name}" has runAsNonRoot and would run as root`);
  }
  if (!/^\d+$/.test(user)) {
    throw new Error(`CreateContainerConfigError: container "${container.name}" has runAsNonRoot and image has non-numeric user (${user})`);
  }
}

/** Ids as the manifest says; no entry in `/etc/passwd`, which podman would write, though the file is the image's. */
function identity(container: k8s.Container, pod: PodContext): string[] {
  const { runAsUser, runAsGroup } = { ...pod.security, ...container.securityContext };
  const groups = [...(pod.security.fsGroup === undefined ? [] : [pod.security.fsGroup]), ...(pod.security.supplementalGroups ?? [])];
  return [
    '--passwd=false',
    ...(runAsUser === undefined ? [] : ['--user', runAsGroup === undefined ? `${runAsUser}` : `${runAsUser}:${runAsGroup}`]),
    ...groups.flatMap(group => ['--group-add', `${group}`]),
  ];
}

/** Nothing is taken from a container that its manifest does not take; podman's own writable folders under a read-only root are off. */
function privileges(container: k8s.Container, pod: PodContext): string[] {
  const { capabilities, allowPrivilegeEscalation, readOnlyRootFilesystem, seccompProfile } = { ...pod.security, ...container.securityContext };
  return [
    ...(capabilities?.drop ?? []).flatMap(capability => ['--cap-drop', capability]),
    ...(capabilities?.add ?? []).flatMap(capability => ['--cap-add', capability]),
    ...(allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
    ...(seccompProfile?.type === 'RuntimeDefault' ? [] : ['--security-opt', 'seccomp=unconfined']),
    ...(readOnlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
  ];
}

function mounts(container: k8s.Container, pod: PodContext): string[] {
  const bind = (source: string, target: string, readOnly: boolean) => ['--mount', `type=bind,source=${source},target=${target},readonly=${readOnly}`];
  const log = terminationLog(container, pod);
  writeAnew(log, 0o666);
  return [
    ...(container.volumeMounts ?? []).flatMap(mount => {
      const volume = pod.volumes.get(mount.name);
      if (!volume) {
        throw new Error(`container "${container.name}" mounts the volume "${mount.name}", which the pod does not have`);
      }
      return bind(mountSource(volume, mount.subPath), mount.mountPath, volume.readOnly || mount.readOnly === true);
    }),
    ...bind(log, container.terminationMessagePath ?? '/dev/termination-log', false),
    ...bind(path.join(pod.folder, 'hosts'), '/etc/hosts', false),
  ];
}

/** `command` replaces the image's entry point and its arguments, `args` its arguments alone. */
function program(container: k8s.Container, image: string, variables: ReadonlyMap<string, string>): string[] {
  const expanded = (words?: string[]) => (words ?? []).map(word => expand(word, variables));
  return [
    ...(container.command ? ['--entrypoint', JSON.stringify(expanded(container.command))] : []),
    image,
    ...expanded(container.args),
  ];
}

function writeAnew(file: string, mode: number): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
}
