import * as kplus from 'cdk8s-plus-28';
import { NixEnvironmentProps } from './nix-environment-props';
import { NixConfig } from '../config/nix-config';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { BoundStore } from '../pod/bound-store';
import { PodAdditions, PodPart } from '../pod/pod-merge';
import { HOME_FOLDER, VOLUME } from '../pod/pod-names';
import { SharedFiles } from '../pod/shared-files';
import { StoreContainers } from '../store/store-containers';

const DEFAULT_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The profile that always holds Nix itself, whatever HOME is. */
const DEFAULT_PROFILE = '/nix/var/nix/profiles/default';

/** 0440 in the decimal that JSON needs: the files belong to root and to the fsGroup. */
const READABLE_BY_GROUP = 0o440;

/** What an environment is made of, as far as its pods see it. */
export interface EnvironmentParts {
  readonly user: NixUser;
  readonly home: NixHome;
  readonly store: BoundStore;
  readonly storeContainers: StoreContainers;
  readonly config: NixConfig;
  /** None where nothing is seeded. */
  readonly scripts?: SharedFiles;
  readonly path: NixEnvironmentProps['path'];
  readonly nixPath: NixEnvironmentProps['nixPath'];
}

/**
 * What every pod of an environment gets: the store, nix.conf and the home.
 *
 * @param look at the names alone, which spares rendering the containers
 */
export function environmentPart(parts: EnvironmentParts, look?: 'names'): Partial<PodPart> {
  if (parts.store.runtime) {
    return homeAlone(parts);
  }
  return {
    initContainers: look ? parts.storeContainers.names().map(name => ({ name })) : parts.storeContainers.render(),
    volumes: volumes(parts),
    mounts: mounts(parts),
    variables: variables(parts),
  };
}

/** What is left where the node brings the programs, and has a nix.conf of its own. */
function homeAlone({ home, user }: EnvironmentParts): Partial<PodPart> {
  return {
    volumes: [{ name: VOLUME.home, emptyDir: { sizeLimit: quantity(home) } }, { name: VOLUME.tmp, emptyDir: {} }],
    mounts: [{ name: VOLUME.home, mountPath: user.home }],
    variables: [{ name: 'HOME', value: user.home }, { name: 'USER', value: user.name }],
  };
}

function quantity(home: NixHome): kplus.k8s.Quantity | undefined {
  return home.sizeLimit && kplus.k8s.Quantity.fromString(`${home.sizeLimit.toMebibytes()}Mi`);
}

/** Who runs in the pods: what goes with the parts into every one of them. */
export function podSecurity(user: NixUser): PodAdditions['podSecurityContext'] {
  return {
    runAsNonRoot: !user.isRoot,
    runAsUser: user.uid,
    runAsGroup: user.gid,
    fsGroup: user.fsGroup,
    // `Always` walks the whole store at every start: minutes for a large one.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** The folders through which Nix and what was installed with it are found. */
export function profilePath(user: NixUser, store: BoundStore): string[] {
  return store.runtime ? [] : [`${user.home}/.nix-profile/bin`, `${store.served?.profile ?? DEFAULT_PROFILE}/bin`];
}

/** The volume that the home is on. */
export function homeVolume(home: NixHome): string {
  return home.isOnStoreVolume ? VOLUME.store : VOLUME.home;
}

function volumes({ config, home, scripts, store, storeContainers }: EnvironmentParts): PodPart['volumes'] {
  const secrets = config._secretFiles.sources;
  return [
    ...(store.source ? [{ name: VOLUME.store, ...store.source }] : []),
    ...storeContainers.volumes(),
    ...(scripts ? [{ name: VOLUME.scripts, configMap: { name: scripts.name } }] : []),
    { name: VOLUME.config, configMap: { name: config.name } },
    ...(secrets.length > 0 ? [{ name: VOLUME.secrets, projected: { sources: secrets, defaultMode: READABLE_BY_GROUP } }] : []),
    ...(home.isOnStoreVolume ? [] : [{ name: VOLUME.home, emptyDir: { sizeLimit: quantity(home) } }]),
    { name: VOLUME.tmp, emptyDir: {} },
  ];
}

function mounts({ config, home, storeContainers, user }: EnvironmentParts): PodPart['mounts'] {
  const secrets = config._secretFiles;
  return [
    storeContainers.storeMount(),
    { name: VOLUME.config, mountPath: config._configDir, readOnly: true },
    // Login shells reset PATH from /etc/profile, which reads this folder last.
    { name: VOLUME.config, mountPath: '/etc/profile.d/cdk8s-nix.sh', subPath: 'profile.sh', readOnly: true },
    ...(secrets.sources.length > 0 ? [{ name: VOLUME.secrets, mountPath: secrets.mountPath, readOnly: true }] : []),
    { name: homeVolume(home), mountPath: user.home, subPath: HOME_FOLDER },
  ];
}

function variables({ config, nixPath, path, store, user }: EnvironmentParts): PodPart['variables'] {
  return [
    { name: 'HOME', value: user.home },
    { name: 'USER', value: user.name },
    { name: 'PATH', value: [...profilePath(user, store), ...path ?? DEFAULT_PATH].join(':') },
    { name: 'NIX_CONF_DIR', value: config._configDir },
    // What a driver serves may have no certificates; then those of the image are better than none.
    ...(store.served ? [] : [{ name: 'NIX_SSL_CERT_FILE', value: `${DEFAULT_PROFILE}/etc/ssl/certs/ca-bundle.crt` }]),
    ...(nixPath === undefined ? [] : [{ name: 'NIX_PATH', value: nixPath }]),
  ];
}
