import * as kplus from 'cdk8s-plus-28';
import { foldersToMake, VolumePlace } from './folders-to-make';
import { listOf } from './pod-manifest';

/** An init container that makes folders before the container runtime does so as root: a variable for each volume tells it which. */
export interface FolderMaker {
  readonly container: string;
  readonly places: ReadonlyArray<VolumePlace & { readonly variable: string }>;
}

/**
 * The pod with the folders told, one a line. Read from the pod as it is now, so after all else.
 */
export function withFolders(spec: any, maker: FolderMaker | undefined): any {
  const variables = (maker?.places ?? []).flatMap(place => {
    const folders = foldersToMake(spec, place);
    // The kubelet would take $(NAME) for a variable.
    return folders.length === 0 ? [] : [{ name: place.variable, value: folders.join('\n').replace(/\$/g, '$$$$') }];
  });
  return variables.length === 0 ? spec : {
    ...spec,
    initContainers: listOf(spec.initContainers).map(container => container.name === maker!.container
      ? { ...container, env: joinLines([...listOf(container.env), ...variables]) } : container),
  };
}

/** Variables of one name become one, of the lines of all. */
function joinLines(variables: kplus.k8s.EnvVar[]): kplus.k8s.EnvVar[] {
  const joined = new Map<string, kplus.k8s.EnvVar>();
  variables.forEach(variable => {
    const before = joined.get(variable.name);
    joined.set(variable.name, before ? { ...before, value: [...new Set(`${before.value}\n${variable.value}`.split('\n'))].join('\n') } : variable);
  });
  return [...joined.values()];
}
