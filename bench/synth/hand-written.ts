import { Chart, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/** The files of a ConfigMap, as it has them. */
export type Files = Pick<kplus.ConfigMapProps, 'data' | 'binaryData'>;

/** What all workloads of a chart share, as somebody who knows what they do would write it too. */
export interface Shared {
  readonly scripts: kplus.ConfigMap;
}

export function shareByHand(chart: Chart, scripts: Files): Shared {
  return { scripts: new kplus.ConfigMap(chart, 'scripts', { ...scripts, immutable: true }) };
}

const IMAGE = 'docker.io/nixos/nix:2.34.7@sha256:bf1d938835ab96312f098fa6c2e9cab367728e0aad0646ee3e02a787c80d8fb8';

const RESTRICTED: kplus.ContainerSecurityContextProps = {
  capabilities: { drop: [kplus.Capability.ALL] },
  seccompProfile: { type: kplus.SeccompProfileType.RUNTIME_DEFAULT },
};

/**
 * The objects of `new NixDeployment(chart, id)`, written with cdk8s-plus-28 alone: what the library is measured against.
 */
export function writeByHand(chart: Chart, id: string, shared: Shared, nixConf: Files): void {
  const claim = new kplus.PersistentVolumeClaim(chart, `${id}-store`, {
    storage: Size.gibibytes(20),
    accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
  });
  const config = new kplus.ConfigMap(chart, `${id}-config`, nixConf);
  const store = kplus.Volume.fromPersistentVolumeClaim(chart, `${id}-store-volume`, claim, { name: 'nix-store' });
  const scripts = kplus.Volume.fromConfigMap(chart, `${id}-scripts-volume`, shared.scripts, { name: 'nix-scripts' });
  const configVolume = kplus.Volume.fromConfigMap(chart, `${id}-config-volume`, config, { name: 'nix-config' });
  const tmp = kplus.Volume.fromEmptyDir(chart, `${id}-tmp-volume`, 'nix-tmp');
  const value = (text: string) => kplus.EnvValue.fromValue(text);
  const podUid = kplus.EnvValue.fromFieldRef(kplus.EnvFieldPaths.POD_UID);
  const script = (name: string, volumeMounts: kplus.VolumeMount[], envVariables: { [name: string]: kplus.EnvValue }): kplus.ContainerProps => ({
    name,
    image: IMAGE,
    imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
    command: ['sh', `/opt/cdk8s-nix/${name}.sh`],
    envVariables: { ...envVariables, HOME: value('/tmp'), TMPDIR: value('/tmp') },
    volumeMounts: [...volumeMounts, { path: '/opt/cdk8s-nix', volume: scripts, readOnly: true }, { path: '/tmp', volume: tmp }],
    resources: { cpu: { request: kplus.Cpu.millis(100) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(512) } },
    securityContext: RESTRICTED,
  });

  new kplus.Deployment(chart, id, {
    replicas: 1,
    strategy: kplus.DeploymentStrategy.recreate(),
    podMetadata: {
      annotations: { 'example.org/config-checksum': '0123456789ab', 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': 'nix-tmp' },
    },
    securityContext: { user: 1001, group: 1001, fsGroup: 1001, fsGroupChangePolicy: kplus.FsGroupChangePolicy.ON_ROOT_MISMATCH },
    initContainers: [
      script('seed-nix-store',
        [{ path: '/mnt/nix-volume', volume: store }, { path: '/mnt/nix-store', volume: store, subPath: '.' }, { path: '/mnt/nix-home', volume: store }],
        { SEED_IMAGE: value(IMAGE), NIX_FOLDER: value('/mnt/nix-store/nix'), NIX_HOME_FOLDER: value('/mnt/nix-home/home'), NIX_POD_UID: podUid }),
    ],
    containers: [{
      name: 'workspace',
      image: IMAGE,
      imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
      command: ['sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'],
      envVariables: {
        HOME: value('/home/code'),
        USER: value('code'),
        PATH: value('/home/code/.nix-profile/bin:/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'),
        NIX_CONF_DIR: value('/etc/cdk8s-nix'),
        NIX_SSL_CERT_FILE: value('/nix/.cdk8s-nix/ca-bundle.crt'),
      },
      volumeMounts: [
        { path: '/nix', volume: store, subPath: 'nix' },
        { path: '/etc/cdk8s-nix', volume: configVolume, readOnly: true },
        { path: '/etc/profile.d/cdk8s-nix.sh', volume: configVolume, subPath: 'profile.sh', readOnly: true },
        { path: '/home/code', volume: store, subPath: 'home' },
        { path: '/tmp', volume: tmp },
      ],
      resources: { cpu: { request: kplus.Cpu.millis(100) }, memory: { request: Size.mebibytes(256), limit: Size.mebibytes(2048) } },
      securityContext: RESTRICTED,
    }],
  });
}
