import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { HomeManager } from './home-manager';
import { packageFile, packageFiles } from '../base/package-file';
import { renderResources } from '../base/resources';
import { PodPart } from '../pod/pod-merge';
import { SharedFiles } from '../pod/shared-files';
import { StoreContainers } from '../store/store-containers';

/** Names in the pod. They are contract: people refer to them in patches and in `kubectl logs -c`. */
export const ACTIVATE_HOME = 'activate-home';
const VOLUME = 'nix-home-manager';
const FOLDER = '/opt/cdk8s-nix-home';

const SCRIPT = 'install-container.sh';

/** Evaluating nixpkgs takes hundreds of MiB. */
const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(2048) },
};

/** The script and the flake, by their paths in the container below `FOLDER`. */
function files(): Array<[string, string]> {
  return [
    [SCRIPT, packageFile(`images/${SCRIPT}`)],
    ...packageFiles('nix').map((path): [string, string] => [path, packageFile(path)]),
  ];
}

/** The key of a ConfigMap cannot hold a slash. */
function keyOf(path: string): string {
  return path.replace(/\//g, '.');
}

/**
 * What activates a home configuration in the pods of an environment: an init container that sees what the workload
 * will see, with the script and the bundled flake in a ConfigMap.
 */
export function homeActivation(scope: Construct, homeManager: HomeManager, storeContainers: StoreContainers): Partial<PodPart> {
  const configMap = SharedFiles.of(scope, VOLUME, () => Object.fromEntries(files().map(([path, content]) => [keyOf(path), content])));
  return {
    nixInitContainers: [{
      name: ACTIVATE_HOME,
      image: storeContainers.shellImage,
      imagePullPolicy: storeContainers.pullPolicy(),
      command: ['sh', `${FOLDER}/${SCRIPT}`],
      env: Object.entries(homeManager._variables(`${FOLDER}/nix`)).map(([name, value]) => ({ name, value })),
      resources: renderResources(storeContainers.resources(homeManager._resources, RESOURCES)),
      volumeMounts: [{ name: VOLUME, mountPath: FOLDER, readOnly: true }],
    }],
    volumes: [{
      name: VOLUME,
      configMap: { name: configMap.name, items: files().map(([path]) => ({ key: keyOf(path), path })) },
    }],
  };
}
