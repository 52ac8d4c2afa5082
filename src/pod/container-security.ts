import { listOf } from './pod-manifest';
import { PodSecurityLevel } from './pod-security-level';

/**
 * A container as tight as it can be: what it says itself stays, as far as the level allows it (the checks refuse the rest), and what it does not
 * say is what `restricted` asks for, unless that could not work together with what it says.
 *
 * @param podContext the security context of its pod, with ours
 */
export function secure(container: any, podContext: any, level: PodSecurityLevel): any {
  const context = container.securityContext ?? {};
  // A root that the level forbids is refused, unless a patch makes it another user: for that one it is written.
  const isRefused = level === PodSecurityLevel.RESTRICTED && (podContext?.runAsUser ?? 0) !== 0;
  const isRoot = !isRefused && (context.runAsUser ?? podContext?.runAsUser) === 0;
  const profile = profileOf(podContext, level);
  return {
    ...container,
    securityContext: {
      readOnlyRootFilesystem: true,
      privileged: false,
      ...context,
      // The kubelet refuses a container that is both; cdk8s-plus says `true` for whoever says nothing.
      runAsNonRoot: isRoot ? false : context.runAsNonRoot ?? true,
      ...(level === PodSecurityLevel.RESTRICTED && !isRoot ? restricted(context, profile) : lenient(context, isRoot, profile)),
    },
  };
}

/** The seccomp profile of a container that names none: that of its pod, as far as the level allows it. */
function profileOf(podContext: any, level: PodSecurityLevel): object {
  const profile = podContext?.seccompProfile;
  return profile === undefined || (profile.type === 'Unconfined' && level !== PodSecurityLevel.PRIVILEGED) ? { type: 'RuntimeDefault' } : profile;
}

function restricted(context: any, profile: object): object {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { ...context.capabilities, drop: ['ALL'] },
    seccompProfile: context.seccompProfile ?? profile,
  };
}

/**
 * Root without capabilities cannot even read what belongs to others, and `sudo` needs what its caller does not have: both keep the runtime's few
 * unless they name theirs. A privileged container has all, and no seccomp profile.
 */
function lenient(context: any, isRoot: boolean, profile: object): object {
  const mayEscalate = context.privileged === true || listOf(context.capabilities?.add).includes('SYS_ADMIN');
  const allowPrivilegeEscalation = mayEscalate || (context.allowPrivilegeEscalation ?? false);
  const keepsSome = isRoot || allowPrivilegeEscalation || listOf(context.capabilities?.drop).length > 0;
  return {
    allowPrivilegeEscalation,
    capabilities: keepsSome ? context.capabilities : { ...context.capabilities, drop: ['ALL'] },
    seccompProfile: context.seccompProfile ?? (context.privileged ? undefined : profile),
  };
}
