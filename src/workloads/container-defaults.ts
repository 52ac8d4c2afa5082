import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { defaultPullPolicy } from '../image/pull-policy';
import { checkGivenPorts } from '../pod/container-ports';

/** kplus asks for a whole CPU for each container; a workspace mostly waits for its user. */
const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(2048) },
};

/** The props of a container of our workloads: small requests, and no pull of what is pinned and present. */
export function withContainerDefaults(container: kplus.ContainerProps, workload: kplus.AbstractPod): kplus.ContainerProps {
  checkGivenPorts(container, workload);
  return {
    ...container,
    resources: container.resources ?? RESOURCES,
    imagePullPolicy: container.imagePullPolicy ?? defaultPullPolicy(container.image),
  };
}
