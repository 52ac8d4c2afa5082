import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixImage } from '../image/nix-image';
import { beforeWriting } from '../pod/written-manifest';
import { NixProgram } from '../program/nix-program';

/**
 * Stay up until told to stop. As process 1 a plain `sleep` would ignore TERM and cost the grace period at each restart.
 */
export const STAY_UP = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done';

/** Of those of a workload, what a workspace asks. */
interface WorkspaceProps {
  readonly programs?: NixProgram[];
  readonly containerResources?: kplus.ContainerResources;
}

/**
 * Give a workload that is meant to stay up a shell with Nix to `kubectl exec` into, unless it gets a container of its own.
 */
export function workspaceUnlessContainers(workload: kplus.AbstractPod, image: NixImage, props: WorkspaceProps): void {
  const { programs, containerResources: resources } = props;
  if (Array.isArray(programs)) {
    // It was meant to run something else; that there is nothing is told elsewhere.
    return;
  }
  beforeWriting(ApiObject.of(workload), () => {
    // Only now is it known that nobody added a container.
    if (workload.containers.length === 0) {
      workload.addContainer({ name: 'workspace', image: image.reference, command: ['sh', '-c', STAY_UP], resources });
    }
  });
}
