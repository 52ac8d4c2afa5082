import { EnvironmentParts, homeVolume, profilePath } from './environment-part';
import { NixEnableOptions } from './nix-enable-options';
import { effectiveLevel } from './privilege-checks';
import { NixUser } from '../home/nix-user';
import { PodAdditions, PodPart } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';
import { FOLDERS_OF } from '../store/store-containers';

/** Which of our volumes a node may lose without anybody missing them, so that the cluster autoscaler can drain it. */
const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/** What is the same for all: an app of a thousand environments has it once. */
const SAFE_TO_LOSE = { [SAFE_TO_EVICT]: [VOLUME.tmp] };
const SCRATCH_MOUNTS = [{ name: VOLUME.tmp, mountPath: '/tmp' }];
const TMP = { volume: VOLUME.tmp, path: '/tmp', variable: FOLDERS_OF.tmp };
const RUNTIME_DEFAULT = { type: 'RuntimeDefault' };
const NONE = {};

/** What the environment says itself. */
type OwnRules = Pick<PodAdditions, 'annotations' | 'labels' | 'containerNames' | 'commandPrefix' | 'runtimeClassName'>;

/**
 * How the parts of an environment go into a pod, and what holds for the pod as a whole. Field by field: for a thousand pods it takes several times as
 * long to spread objects into one.
 */
export function podRules(part: PodPart, environment: EnvironmentParts, options: NixEnableOptions, own: OwnRules): PodAdditions {
  const { home, store, storeContainers, user } = environment;
  return {
    initContainers: part.initContainers,
    nixInitContainers: part.nixInitContainers,
    volumes: part.volumes,
    mounts: part.mounts,
    variables: part.variables,
    workloadVariables: part.workloadVariables,
    annotations: own.annotations,
    labels: own.labels,
    containerNames: own.containerNames,
    commandPrefix: own.commandPrefix,
    runtimeClassName: own.runtimeClassName,
    podSecurityContext: podSecurity(user),
    profilePath: profilePath(user, store),
    scratchMounts: SCRATCH_MOUNTS,
    firstContainers: options.initContainersFirst && new Set(options.initContainersFirst),
    leavesOthersAlone: options.leaveOthersAlone ?? false,
    level: effectiveLevel(options.podSecurity, user),
    nodeSelector: store.architecture === undefined ? NONE : { 'kubernetes.io/arch': store.architecture },
    folderMaker: {
      container: storeContainers.homeMaker,
      places: [
        { volume: homeVolume(home), path: user.home, variable: FOLDERS_OF.home },
        TMP,
      ],
    },
    // What a runtime of the node reads are annotations, and ours are none of its.
    annotationLists: store.runtime ? NONE : SAFE_TO_LOSE,
  };
}

/** Who runs in the pods: what goes with the parts into every one of them. */
function podSecurity(user: NixUser): PodAdditions['podSecurityContext'] {
  return {
    runAsNonRoot: !user.isRoot,
    runAsUser: user.uid,
    runAsGroup: user.gid,
    fsGroup: user.fsGroup,
    // `Always` walks the whole store at every start: minutes for a large one.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: RUNTIME_DEFAULT,
  };
}
