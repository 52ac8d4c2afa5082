import { Size, SizeRoundingBehavior } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixSeedOptions } from './nix-seed';
import { renderResources } from '../base/resources';
import { NixImage } from '../image/nix-image';
import { defaultPullPolicy } from '../image/pull-policy';
import { BoundStore, StoreReach } from '../pod/bound-store';
import { STORE_FOLDER, VOLUME } from '../pod/pod-names';
import { POD_UID } from '../pod/pod-uid';

/** Names of the containers, and of their scripts. They are contract: people refer to them in `kubectl logs -c`. */
export const SEED = 'seed-nix-store';
const CHECK = 'check-nix-store';

const SCRIPTS_DIR = '/opt/cdk8s-nix';
const STORE_ROOT = '/mnt/nix-volume';
const CHECK_ROOT = '/mnt/nix-store';
const HOME_ROOT = '/mnt/nix-home';
/** Where check-nix-store.sh looks for them. */
const HOME_FILES_FROM = '/mnt/nix-home-files';
const HOME_FILES_TO = '/mnt/nix-home-placed';

/** What is the same for all: an app of a thousand environments has it once. */
const SCRIPT_VARIABLES: readonly kplus.k8s.EnvVar[] = [POD_UID, { name: 'HOME', value: '/tmp' }, { name: 'TMPDIR', value: '/tmp' }];
const SCRIPT_MOUNTS: readonly kplus.k8s.VolumeMount[] = [
  { name: VOLUME.scripts, mountPath: SCRIPTS_DIR, readOnly: true },
  { name: VOLUME.tmp, mountPath: '/tmp' },
];
const JSON_LOG: kplus.k8s.EnvVar = { name: 'SEED_LOG', value: 'json' };
const SHARED_STORE: kplus.k8s.EnvVar = { name: 'SEED_WAL', value: 'no' };
const SEEDED_FOLDER: kplus.k8s.EnvVar = { name: 'NIX_FOLDER', value: `${CHECK_ROOT}/${STORE_FOLDER}` };
const SERVED_STORE: readonly kplus.k8s.EnvVar[] = [{ name: 'NIX_FOLDER', value: CHECK_ROOT }, { name: 'NIX_SERVED', value: 'yes' }];
const VOLUME_MOUNT: kplus.k8s.VolumeMount = { name: VOLUME.store, mountPath: STORE_ROOT };
/**
 * The same by way of a subPath, as the workload sees it. Not the folder: it is not there yet, and a kubelet that had to make it would make
 * it root's, or could not.
 */
const CHECK_MOUNT: kplus.k8s.VolumeMount = { name: VOLUME.store, mountPath: CHECK_ROOT, subPath: '.' };
/** Where the programs of the image's Nix expect to be, so that they run here as they would in the image. */
const IMAGE_MOUNT: kplus.k8s.VolumeMount = { name: VOLUME.seedImage, mountPath: '/nix', subPath: 'nix', readOnly: true };
const STORE_MOUNT: kplus.k8s.VolumeMount = { name: VOLUME.store, mountPath: '/nix', subPath: STORE_FOLDER };

/** The variables that tell the container that makes the home which folders to make in which volume. */
export const FOLDERS_OF = { home: 'NIX_HOME_FOLDERS', tmp: 'NIX_TMP_FOLDERS' } as const;

/** A home, as far as the container that makes it has to know it. */
export interface HomeToMake {
  readonly volume: string;
  /** The folder of the volume. */
  readonly folder: string;
  /** Folders in it, relative to it. */
  readonly folders: readonly string[];
  /** How the container sees the files that it copies for the home, and what it is told of them. */
  readonly files: (from: string, to: string) => Pick<kplus.k8s.Container, 'env' | 'volumeMounts'>;
}

/** What the seed needs besides what a store in memory takes. */
const SEED_MEMORY = Size.mebibytes(512);
const SEED_REQUESTS = { cpu: { request: kplus.Cpu.millis(100) }, memory: { request: Size.mebibytes(64) } };

/** What nearly every seed asks for: rendered once for a thousand of them. */
const SEED_RESOURCES = renderResources({ cpu: SEED_REQUESTS.cpu, memory: { ...SEED_REQUESTS.memory, limit: SEED_MEMORY } });

const CHECK_RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(10) },
  memory: { request: Size.mebibytes(16), limit: Size.mebibytes(64) },
};

/**
 * The init container that brings the store into being, and what it needs. It is one, since a kubelet takes most of a second for each: the seed
 * ends with a look at the store as the workload sees it, and makes the home. A store that comes ready-made is only looked at.
 */
export class StoreContainers {
  /** The image that runs the scripts. */
  public readonly shellImage: string;

  constructor(
    private readonly image: NixImage,
    private readonly seed: NixSeedOptions,
    private readonly store: BoundStore,
    private readonly home: HomeToMake,
    /** Resources of all containers we bring, where they have none of their own. */
    private readonly forAll?: kplus.ContainerResources,
    private readonly isRoot = false,
  ) {
    this.shellImage = seed.source?._shellImage ?? image.reference;
  }

  public render(): kplus.k8s.Container[] {
    return [this.store.served ? this.checkContainer() : this.seedContainer()];
  }

  /** The container that makes the home. */
  public get homeMaker(): string {
    return this.store.served ? CHECK : SEED;
  }

  /** How a container sees the store. */
  public storeMount(): kplus.k8s.VolumeMount {
    const { served } = this.store;
    return served
      ? { name: VOLUME.store, mountPath: '/nix', ...(served.readOnly ? { readOnly: true } : {}) }
      : STORE_MOUNT;
  }

  /** Volumes that only these containers mount. */
  public volumes(): kplus.k8s.Volume[] {
    if (this.store.served || !this.isImageMounted()) {
      return [];
    }
    // Newer than the schema of kplus-28.
    const image = { reference: this.image.reference, pullPolicy: this.pullPolicy(this.image.reference) };
    return [{ name: VOLUME.seedImage, image } as kplus.k8s.Volume];
  }

  private seedContainer(): kplus.k8s.Container {
    const variables = [
      { name: 'SEED_IMAGE', value: this.image.reference },
      ...(this.seed.jobs === undefined ? [] : [{ name: 'SEED_JOBS', value: String(this.seed.jobs) }]),
      // The seed registers paths in a database that pods of other nodes may have open: all must lock it in the same way.
      ...(this.store.reach === StoreReach.MANY_NODES ? [SHARED_STORE] : []),
      SEEDED_FOLDER,
    ];
    const mounts = this.isImageMounted() ? [VOLUME_MOUNT, IMAGE_MOUNT, CHECK_MOUNT] : [VOLUME_MOUNT, CHECK_MOUNT];
    const container = this.scriptContainer(SEED, variables, mounts, this.seedResources());
    // As root Nix insists on a store that it could write, even to read it: here the one of the image.
    return this.isRoot ? { ...container, securityContext: { readOnlyRootFilesystem: false } } : container;
  }

  /** The resources of the seed where it does something else as well, which needs more. */
  public seedResourcesFor(own: kplus.ContainerResources | undefined, suitable: kplus.ContainerResources): kplus.ContainerResources {
    const { request, limit } = suitable.memory ?? {};
    return this.resources(own ?? this.seed.resources, { ...suitable, memory: { request, limit: this.withStoreInMemory(limit!) } });
  }

  private seedResources(): kplus.k8s.ResourceRequirements {
    const own = this.seed.resources ?? this.forAll;
    if (own === undefined && !this.store.inMemory) {
      return SEED_RESOURCES;
    }
    const { cpu, memory } = SEED_REQUESTS;
    return renderResources(own ?? { cpu, memory: { ...memory, limit: this.withStoreInMemory(SEED_MEMORY) } });
  }

  private withStoreInMemory(limit: Size): Size | undefined {
    const { inMemory } = this.store;
    if (!inMemory) {
      return limit;
    }
    const store = inMemory.limit?.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR }) ?? 0;
    return !inMemory.limit ? undefined : Size.mebibytes(limit.toMebibytes() + store);
  }

  /**
   * Sees the store as the workload does, and makes the home as its user. Only the place differs: a volume at /nix hides the
   * image's own store, where its shell is, and if that volume is empty, nobody is left to say so.
   */
  private checkContainer(): kplus.k8s.Container {
    return this.scriptContainer(CHECK, SERVED_STORE, [{ ...this.storeMount(), mountPath: CHECK_ROOT }],
      renderResources(this.resources(this.seed.resources, CHECK_RESOURCES)));
  }

  /** Whether the seed sees the home where it sees the store: a mount more takes time at each start. */
  private isHomeBesideStore(): boolean {
    return !this.store.served && this.home.volume === VOLUME.store;
  }

  /** An init container that runs the script of the same name, and makes the home. */
  private scriptContainer(
    name: string, variables: readonly kplus.k8s.EnvVar[], mounts: readonly kplus.k8s.VolumeMount[], resources: kplus.k8s.ResourceRequirements,
  ): kplus.k8s.Container {
    const { folder, folders, volume } = this.home;
    const files = this.home.files(HOME_FILES_FROM, HOME_FILES_TO);
    const isBesideStore = this.isHomeBesideStore();
    return {
      name,
      image: this.shellImage,
      imagePullPolicy: this.pullPolicy(),
      command: ['sh', `${SCRIPTS_DIR}/${name}.sh`],
      env: variables.concat(
        { name: 'NIX_HOME_FOLDER', value: `${isBesideStore ? STORE_ROOT : HOME_ROOT}/${folder}` },
        folders.length > 0 ? { name: FOLDERS_OF.home, value: folders.join('\n') } : [],
        files.env ?? [],
        this.seed.jsonLog ? JSON_LOG : [],
        SCRIPT_VARIABLES,
      ),
      resources,
      volumeMounts: mounts.concat(isBesideStore ? [] : { name: volume, mountPath: HOME_ROOT }, files.volumeMounts ?? [], SCRIPT_MOUNTS),
    };
  }

  /** When the image of these containers is pulled. */
  public pullPolicy(reference: string = this.shellImage): kplus.ImagePullPolicy {
    return this.seed.imagePullPolicy ?? defaultPullPolicy(reference);
  }

  /**
   * The resources of a container that we bring: its own, those of all of ours, or what suits its task.
   */
  public resources(own: kplus.ContainerResources | undefined, suitable: kplus.ContainerResources): kplus.ContainerResources {
    return own ?? this.forAll ?? suitable;
  }

  private isImageMounted(): boolean {
    return this.seed.source?._shellImage !== undefined;
  }
}
