import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { packageFile } from '../base/package-file';
import { renderResources } from '../base/resources';
import { PodPart } from '../pod/pod-merge';
import { SharedFiles } from '../pod/shared-files';
import { StoreContainers } from '../store/store-containers';

const VOLUME = { script: 'nix-netrc-script', parts: 'nix-netrc-parts', merged: 'nix-netrc' };
const SCRIPT_DIR = '/opt/cdk8s-nix-netrc';
const PARTS_DIR = '/mnt/nix-netrc-parts';
const MERGED_DIR = '/etc/cdk8s-nix-netrc';

/** Where containers that use Nix find the netrc made of several. */
export const MERGED_NETRC = `${MERGED_DIR}/netrc`;

const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(10) },
  memory: { request: Size.mebibytes(16), limit: Size.mebibytes(64) },
};

/**
 * What joins several netrc Secrets to the one file that Nix reads: an init container that writes into a volume in memory. The
 * Secrets themselves are mounted nowhere else.
 */
export function mergedNetrc(scope: Construct, secrets: readonly kplus.SecretValue[], containers: StoreContainers): Partial<PodPart> {
  const script = SharedFiles.of(scope, 'nix-netrc-script', () => ({ 'merge-netrc.sh': packageFile('scripts/merge-netrc.sh') }));
  const sources = secrets.map(({ secret, key }, i) => ({
    // The number keeps the order; the rest is for the messages.
    secret: { name: secret.name, items: [{ key, path: `${String(i).padStart(2, '0')}-${secret.name}-${key}` }] },
  }));
  return {
    initContainers: [{
      name: 'merge-netrc',
      image: containers.shellImage,
      imagePullPolicy: containers.pullPolicy(),
      command: ['sh', `${SCRIPT_DIR}/merge-netrc.sh`],
      env: [{ name: 'NETRC_PARTS', value: PARTS_DIR }, { name: 'NETRC_FILE', value: MERGED_NETRC }],
      resources: renderResources(containers.resources(undefined, RESOURCES)),
      volumeMounts: [
        { name: VOLUME.script, mountPath: SCRIPT_DIR, readOnly: true },
        { name: VOLUME.parts, mountPath: PARTS_DIR, readOnly: true },
        { name: VOLUME.merged, mountPath: MERGED_DIR },
      ],
    }],
    volumes: [
      { name: VOLUME.script, configMap: { name: script.name } },
      { name: VOLUME.parts, projected: { sources, defaultMode: 0o440 } },
      { name: VOLUME.merged, emptyDir: { medium: 'Memory', sizeLimit: kplus.k8s.Quantity.fromString('1Mi') } },
    ],
    mounts: [{ name: VOLUME.merged, mountPath: MERGED_DIR, readOnly: true }],
  };
}
