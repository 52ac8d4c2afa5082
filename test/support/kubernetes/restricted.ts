import { containersOf, PodManifest, podsOf } from '../../../src/pod/pod-manifest';
import { podSecurityViolations } from '../../../src/pod-security/pod-security-check';
import { manifestsOf } from '../kubernetes-schema';
import { titleOf } from './manifest';

/**
 * Why pods do not conform to the profile `restricted`, and more than it asks for: a read-only root file system.
 *
 * The library's own check judges here what the library synthesizes. So that one mistake cannot hide another, what matters most
 * is stated a second time, in plain words and without its code.
 */
export function restrictedProblems(source: unknown): string[] {
  const pods = manifestsOf(source).flatMap(manifest => podsOf(manifest).map(pod => ({ manifest, pod })));
  if (pods.length === 0) {
    return ['there are no pods'];
  }
  return pods.flatMap(({ manifest, pod }) => [
    ...podSecurityViolations(manifest).map(violation => violation.message),
    ...plainProblems(pod).map(problem => `${titleOf(manifest)} ${problem}`),
  ]);
}

function plainProblems(pod: PodManifest): string[] {
  const problems: string[] = [];
  for (const { path, container } of containersOf(pod)) {
    const context = { ...pod.spec.securityContext, ...container.securityContext };
    const wanted: [boolean, string][] = [
      [context.runAsNonRoot === true && context.runAsUser !== 0, 'runs as non-root'],
      [context.allowPrivilegeEscalation === false && !context.privileged, 'cannot gain privileges'],
      [JSON.stringify(context.capabilities?.drop) === '["ALL"]' && !context.capabilities.add?.length, 'has no capabilities'],
      [context.seccompProfile?.type === 'RuntimeDefault', 'has the seccomp profile of the runtime'],
      [context.readOnlyRootFilesystem === true, 'has a read-only root file system'],
    ];
    problems.push(...wanted.filter(([holds]) => !holds).map(([, what]) => `${path}: not true that it ${what}`));
  }
  const { hostNetwork, hostPID, hostIPC, volumes } = pod.spec;
  if (hostNetwork || hostPID || hostIPC || volumes?.some((volume: any) => volume.hostPath)) {
    problems.push(`${pod.path}.spec: not true that it leaves the node alone`);
  }
  return problems;
}
