import { checkPod, noContainer } from './workload-checks';
import { Problem } from '../base/problems';
import { NixUser } from '../home/nix-user';
import { checkPlainPod } from '../pod/container-checks';
import { containersOf, listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';
import { textOf } from '../pod/text-of';

/** How many are remembered: the workloads of an app are of a few shapes. */
const MOST = 50;

/** What was fine, by all that the checks read of it: something else is another text, so nothing here is ever out of date. */
const known = new Set<string>();

/**
 * What is wrong with a pod by itself. A loop that makes a thousand workloads makes a thousand pods that say the same, but for names and labels: what
 * was fine in one is not looked at in the next.
 */
export function checkOwnPod(pod: PodManifest, additions: PodAdditions, user: NixUser): Problem[] {
  const text = seen(pod, additions, user);
  if (text !== undefined && known.has(text)) {
    return [];
  }
  const problems = [
    ...checkPlainPod(pod),
    ...(containersOf(pod).some(({ sort }) => sort === 'containers') ? [] : [noContainer(pod.owner)]),
    ...checkPod(pod, additions, user),
  ];
  if (text !== undefined && problems.length === 0) {
    remember(text);
  }
  return problems;
}

/** All that these checks read, but for names which only messages have; undefined if there is no text for it. */
function seen({ owner, metadata, spec }: PodManifest, additions: PodAdditions, user: NixUser): string | undefined {
  const { containerNames, firstContainers, initContainers, nixInitContainers, mounts, variables, volumes } = additions;
  const nameOf = ({ name }: { readonly name: string }): string => name;
  return textOf([
    spec, metadata.annotations, owner.kind, owner.apiVersion, listOf(owner.spec?.volumeClaimTemplates).map(template => template?.metadata?.name),
    user.uid, user.gid, user.fsGroup, user.isRoot,
    additions.level, additions.leavesOthersAlone, additions.nodeSelector,
    containerNames && [...containerNames], firstContainers && [...firstContainers],
    initContainers.map(nameOf), nixInitContainers.map(nameOf), mounts, variables,
    // What a volume is, and not which: each workload has a claim of its own.
    volumes.map(volume => [volume.name, Object.keys(volume)]),
  ]);
}

function remember(text: string): void {
  if (known.size >= MOST) {
    known.clear();
  }
  known.add(text);
}
