import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { CONFIG_FOLDER } from './portal-container';
import { Problem } from '../base/problems';

const NAME = 'backstage-config';

/** The volume of the configuration, mounted into the portal's container. */
export function mountConfig(scope: Construct, container: kplus.Container, configMapName: string): kplus.Volume {
  const imported = kplus.ConfigMap.fromConfigMapName(scope, 'ImportedConfig', configMapName);
  const volume = kplus.Volume.fromConfigMap(scope, 'ConfigVolume', imported, { name: NAME });
  container.mount(CONFIG_FOLDER, volume, { readOnly: true });
  return volume;
}

/** Another volume of its name, of which cdk8s-plus would only say that there are two. */
export function volumeProblems({ volumes, containers, initContainers }: kplus.Deployment, config: kplus.Volume): Problem[] {
  const mounted = [...containers, ...initContainers].flatMap(({ mounts }) => mounts.map(({ volume }) => volume));
  return [...volumes, ...mounted].some(volume => volume.name === NAME && volume !== config) ? [{
    code: 'CDK8SNIX0504', prop: 'volumes', value: NAME, problem: 'The volume with the portal\'s configuration has this name.', remedy: 'Give yours another name.',
  }] : [];
}
