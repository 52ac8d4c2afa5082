import { Problem } from '../base/problems';
import { NixUser } from '../home/nix-user';
import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions, usesNix } from '../pod/pod-merge';
import { PodSecurityLevel } from '../pod/pod-security-level';
import { BASELINE_CAPABILITIES } from '../pod-security/pod-security-rules';

const { BASELINE, PRIVILEGED, RESTRICTED } = PodSecurityLevel;

/** Prop and field of the ids that decide who owns a file. */
const IDS = [['user', 'runAsUser'], ['group', 'runAsGroup'], ['fsGroup', 'fsGroup']] as const;

/** The option of NixUser that is asked for by each. */
const OPTION = { user: 'uid', group: 'gid', fsGroup: 'fsGroup' } as const;

/**
 * Whether somebody else than the owner of the store would use it.
 *
 * @param context the security context of a container that uses Nix, or of the pod
 */
export function checkIds(prop: string, context: any = {}, user: NixUser, isPod: boolean): Problem[] {
  const owner = { user: user.uid, group: user.gid, fsGroup: isPod ? user.fsGroup : undefined };
  const isAnother = (id: unknown, ours: number | undefined): boolean => typeof id === 'number' && ours !== undefined && id !== ours;
  // Anything but a number is refused for that.
  return IDS.filter(([name, field]) => isAnother(context[field], owner[name])).map(([name, field]) => {
    const value = context[field];
    const theirs = value !== 0 ? `NixUser.of with ${OPTION[name]} ${value}` : 'NixUser.root()';
    // Group 0 is no privilege, and nobody becomes root for it.
    const instead = value === 0 && name !== 'user' ? '' : `, give the environment that user (${theirs})`;
    const beside = isPod ? '' : ', or let only the other containers have Nix'
      + (value === 0 && name === 'user' ? ' (the option `containers`, with podSecurity: PodSecurityLevel.BASELINE)' : ' (the option `containers`)');
    return {
      code: 'CDK8SNIX0403' as const,
      prop: `${prop}.${name}`,
      value,
      problem: `The store belongs to ${name} ${owner[name]}, and Nix works only for its owner.`,
      remedy: `Leave it out${instead}${beside}.`,
    };
  });
}

/** Root where the workload says that it is not. In what cdk8s-plus makes that is nobody's wish but its default. */
export function checkRoot(pod: PodManifest, additions: PodAdditions): Problem[] {
  return [
    ...nonRoot('securityContext', pod.spec.securityContext),
    ...containersOf(pod).filter(({ container }) => usesNix(container, additions))
      .flatMap(({ container }) => nonRoot(`containers[${container.name}].securityContext`, container.securityContext)),
  ];
}

function nonRoot(prop: string, context: any = {}): Problem[] {
  return context.runAsNonRoot !== true ? [] : [{
    code: 'CDK8SNIX0403',
    prop: `${prop}.runAsNonRoot`,
    value: true,
    problem: 'The environment runs as root, NixUser.root(), which this forbids.',
    remedy: 'Leave it out, or give the environment another user.',
  }];
}

/** What a container asks for that the level does not allow. */
export function checkPrivileges({ name: container, securityContext: context = {} }: any, user: NixUser, level: PodSecurityLevel): Problem[] {
  if (level === PRIVILEGED) {
    return [];
  }
  const needs = (needed: PodSecurityLevel): string => `or ask for it by name: podSecurity: PodSecurityLevel.${needed.toUpperCase()}`;
  const refuse = (name: string, value: unknown, needed: PodSecurityLevel, remedy: string): Problem => ({
    code: 'CDK8SNIX0404',
    prop: `containers[${container}].securityContext.${name}`,
    value,
    problem: `Pod Security \`${level}\` refuses this.`,
    remedy: `${remedy}, ${needs(needed)}.`,
  });
  const added = listOf(context.capabilities?.add);
  const beyondBaseline = added.filter(capability => !BASELINE_CAPABILITIES.includes(capability));
  const problems = [
    ...(context.privileged ? [refuse('privileged', true, PRIVILEGED, 'Leave it out')] : []),
    ...(beyondBaseline.length > 0 ? [refuse('capabilities.add', beyondBaseline, PRIVILEGED, 'Add none, or NET_BIND_SERVICE')] : []),
  ];
  if (level === BASELINE) {
    return problems;
  }
  const forbidden = added.filter(capability => capability !== 'NET_BIND_SERVICE');
  const root = context.runAsUser === 0 && !user.isRoot;
  return [
    ...problems,
    // A privileged container has to allow escalation; one message is enough then.
    ...(context.allowPrivilegeEscalation && !context.privileged ? [refuse('allowPrivilegeEscalation', true, BASELINE, 'Leave it out')] : []),
    ...(beyondBaseline.length === 0 && forbidden.length > 0 ? [refuse('capabilities.add', forbidden, BASELINE, 'Add none, or NET_BIND_SERVICE')] : []),
    ...(root ? [refuse('user', 0, BASELINE, 'Use a user id above 0')] : []),
    ...(context.runAsNonRoot === false && !user.isRoot && !root ? [refuse('ensureNonRoot', false, BASELINE, 'Leave it out')] : []),
  ];
}

/** The level at which the pods of an environment can run: root, which was asked for by name, is not `restricted`. */
export function effectiveLevel(wanted: PodSecurityLevel | undefined, user: NixUser): PodSecurityLevel {
  const level = wanted ?? RESTRICTED;
  return level === RESTRICTED && user.isRoot ? BASELINE : level;
}
