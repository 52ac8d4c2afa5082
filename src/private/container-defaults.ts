import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixImage } from '../nix-image';

/** kplus asks for a whole CPU for each container; a workspace mostly waits for its user. */
const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(2048) },
};

/**
 * Stay up until told to stop. As process 1 a plain `sleep` would ignore TERM and cost the grace period at each restart.
 */
const STAY_UP = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done';

/** The props of a container of our workloads: small requests, and no pull of what is pinned and present. */
export function withContainerDefaults(container: kplus.ContainerProps): kplus.ContainerProps {
  return {
    ...container,
    resources: container.resources ?? RESOURCES,
    imagePullPolicy: container.imagePullPolicy ?? kplus.ImagePullPolicy.IF_NOT_PRESENT,
  };
}

/** The container of a workload that was given none: a shell with Nix to `kubectl exec` into. */
export function workspaceContainer(image: NixImage): kplus.ContainerProps {
  return { name: 'workspace', image: image.reference, command: ['sh', '-c', STAY_UP] };
}
