import { NixWorkloadOptions } from './nix-workload-options';
import { NixEnableOptions } from '../environment/nix-enable-options';

/** What a workload says of its containers, as `enable()` takes it. */
export function enableOptions(props: NixWorkloadOptions): NixEnableOptions {
  const { nixContainers, initContainersFirst, podSecurity, leaveOthersAlone } = props;
  return { containers: nixContainers, initContainersFirst, podSecurity, leaveOthersAlone };
}
