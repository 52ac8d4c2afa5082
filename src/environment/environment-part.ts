import * as kplus from 'cdk8s-plus-28';
import { NixEnvironmentProps } from './nix-environment-props';
import { CONFIG_DIR, NixConfig } from '../config/nix-config';
import { BoundHome } from '../home/bound-home';
import { homeFileMounts, homeFilePlacing, homeFileVolumes } from '../home/home-files';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { BoundStore } from '../pod/bound-store';
import { PodPart } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';
import { SharedFiles } from '../pod/shared-files';
import { HomeToMake, StoreContainers } from '../store/store-containers';

const DEFAULT_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The profile that always holds Nix itself, whatever HOME is. */
const DEFAULT_PROFILE = '/nix/var/nix/profiles/default';

/** What sets the variables of home-manager, in the folder of nix.conf. */
export const SESSION_SCRIPT = 'session.sh';

/** 0440 in the decimal that JSON needs: the files belong to root and to the fsGroup. */
const READABLE_BY_GROUP = 0o440;

const NO_VOLUMES: kplus.k8s.Volume[] = [];
const TMP: kplus.k8s.Volume = { name: VOLUME.tmp, emptyDir: {} };
const CONFIG_MOUNT: kplus.k8s.VolumeMount = { name: VOLUME.config, mountPath: CONFIG_DIR, readOnly: true };
/** Login shells reset PATH from /etc/profile, which reads this folder last. */
const LOGIN_MOUNT: kplus.k8s.VolumeMount = { name: VOLUME.config, mountPath: '/etc/profile.d/cdk8s-nix.sh', subPath: 'profile.sh', readOnly: true };
const CONFIG_VARIABLE: kplus.k8s.EnvVar = { name: 'NIX_CONF_DIR', value: CONFIG_DIR };
const CERTIFICATES: kplus.k8s.EnvVar = { name: 'NIX_SSL_CERT_FILE', value: '/nix/.cdk8s-nix/ca-bundle.crt' };

/** What an environment is made of, as far as its pods see it. */
export interface EnvironmentParts {
  readonly user: NixUser;
  readonly home: NixHome;
  readonly boundHome: BoundHome;
  readonly store: BoundStore;
  readonly storeContainers: StoreContainers;
  readonly config: NixConfig;
  /** None where nothing is seeded. */
  readonly scripts?: SharedFiles;
  readonly path: NixEnvironmentProps['path'];
  readonly nixPath: NixEnvironmentProps['nixPath'];
}

/** What every pod of an environment gets: the store, nix.conf and the home. */
export function environmentPart(parts: EnvironmentParts): Partial<PodPart> {
  if (parts.store.runtime) {
    return homeAlone(parts);
  }
  // Most of it is the same for all: an app of a thousand environments has that once. And its lists are kept until they are written:
  // `concat` leaves no room to grow in them, as `...` does.
  return {
    initContainers: parts.storeContainers.render(),
    volumes: volumes(parts),
    mounts: mounts(parts),
    variables: variables(parts),
  };
}

/** What is left where the node brings the programs, and has a nix.conf of its own. */
function homeAlone({ boundHome, user }: EnvironmentParts): Partial<PodPart> {
  return {
    volumes: [{ name: VOLUME.home, ...boundHome.source }, TMP],
    mounts: [{ name: VOLUME.home, mountPath: user.home }],
    variables: [{ name: 'HOME', value: user.home }, { name: 'USER', value: user.name }],
  };
}

/** The folders through which Nix and what was installed with it are found. */
export function profilePath(user: NixUser, store: BoundStore): string[] {
  return store.runtime ? [] : [`${userProfile(user)}/bin`, `${store.served?.profile ?? DEFAULT_PROFILE}/bin`];
}

/** The profile of what the user installs, home-manager too. */
export function userProfile(user: NixUser): string {
  return `${user.home}/.nix-profile`;
}

/** The home, for the container that makes it. */
export function homeToMake(home: NixHome, { folder }: BoundHome): HomeToMake {
  return { volume: homeVolume(home), folder, folders: home._folders, files: (from, to) => homeFilePlacing(home.files, from, to) };
}

/** The volume that the home is on. */
export function homeVolume(home: NixHome): string {
  return home.isOnStoreVolume ? VOLUME.store : VOLUME.home;
}

function volumes({ boundHome, config, home, scripts, store, storeContainers }: EnvironmentParts): PodPart['volumes'] {
  const secrets = config._secretFiles.sources;
  return NO_VOLUMES.concat(
    store.source ? { name: VOLUME.store, ...store.source } : [],
    storeContainers.volumes(),
    scripts ? { name: VOLUME.scripts, configMap: { name: scripts.name } } : [],
    { name: VOLUME.config, configMap: { name: config.name } },
    secrets.length > 0 ? { name: VOLUME.secrets, projected: { sources: secrets, defaultMode: READABLE_BY_GROUP } } : [],
    boundHome.source ? { name: VOLUME.home, ...boundHome.source } : [],
    homeFileVolumes(home.files),
    TMP,
  );
}

function mounts({ boundHome, config, home, storeContainers, user }: EnvironmentParts): PodPart['mounts'] {
  const secrets = config._secretFiles;
  return [storeContainers.storeMount(), CONFIG_MOUNT, LOGIN_MOUNT].concat(
    secrets.sources.length > 0 ? { name: VOLUME.secrets, mountPath: secrets.mountPath, readOnly: true } : [],
    { name: homeVolume(home), mountPath: user.home, subPath: boundHome.folder },
    homeFileMounts(home.files, user.home),
  );
}

function variables({ nixPath, path, store, user }: EnvironmentParts): PodPart['variables'] {
  return [
    { name: 'HOME', value: user.home },
    { name: 'USER', value: user.name },
    { name: 'PATH', value: [...profilePath(user, store), ...path ?? DEFAULT_PATH].join(':') },
    CONFIG_VARIABLE,
    // What a driver serves may have no certificates; then those of the image are better than none. For others scripts/link-certificates.sh makes it.
    ...(store.served ? [] : [CERTIFICATES]),
    ...(nixPath === undefined ? [] : [{ name: 'NIX_PATH', value: nixPath }]),
  ];
}
