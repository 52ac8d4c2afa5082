import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BoundHome } from './bound-home';
import { EphemeralHomeOptions, ExistingHomeOptions, NixHomeOptions, PersistentHomeOptions, VolumeHomeOptions } from './home-options';
import { checkHomePath, checkHomePlaces, HomeEntry } from './home-path';
import { NixHomeFile } from './nix-home-file';
import { checkArguments } from '../base/argument-check';
import { BoundStore, StoreContext, StoreReach, VolumeRole } from '../pod/bound-store';
import { HOME_FOLDER } from '../pod/pod-names';
import { bindExisting } from '../store/existing-store';
import { bindPersistent } from '../store/persistent-store';
import { bindVolume } from '../store/volume-store';

const ROLE: VolumeRole = { id: 'Home', prop: 'home', factory: 'NixHome' };

const DEFAULT_SIZE = Size.gibibytes(10);

const { READ_WRITE_ONCE, READ_WRITE_MANY } = kplus.PersistentVolumeAccessMode;

/**
 * Where the home folder of the user lives, and what is in it from the start.
 *
 * Nix refuses a HOME that belongs to somebody else, so an init container makes the folder as the user of the
 * pod, whichever volume it is on.
 *
 * @example NixHome.ephemeral({ folders: ['app', '.cache/tool'] })
 */
export class NixHome {
  /**
   * In the folder `home/` of the store volume: it lives as long as the store does. The profile links
   * in a home point into the store, so the two belong together.
   *
   * @param options folders and files
   */
  public static onStoreVolume(options: NixHomeOptions = {}): NixHome {
    checkArguments('NixHome.onStoreVolume', arguments);
    return new NixHome(options, true, false, () => ({ folder: HOME_FOLDER, reach: StoreReach.EACH_POD }));
  }

  /**
   * In an emptyDir: every pod starts with an empty home.
   *
   * @param options the size limit, folders and files
   */
  public static ephemeral(options: EphemeralHomeOptions = {}): NixHome {
    checkArguments('NixHome.ephemeral', arguments);
    const sizeLimit = options.sizeLimit && kplus.k8s.Quantity.fromString(`${options.sizeLimit.toMebibytes()}Mi`);
    const bound = { source: { emptyDir: { sizeLimit } }, folder: HOME_FOLDER, reach: StoreReach.EACH_POD };
    return new NixHome(options, false, true, () => bound, options.sizeLimit);
  }

  /**
   * On a claim of its own: it may be larger or smaller than the store, of another class, and outlive it. What was installed in the home is in the
   * store, so with a new store it has to be installed again.
   *
   * @param options size, class, access, folders and files
   */
  public static persistent(options: PersistentHomeOptions = {}): NixHome {
    checkArguments('NixHome.persistent', arguments);
    const accessModes = options.accessModes ?? [READ_WRITE_ONCE];
    const { labels, annotations, storageClassName, dataSource, retain } = options;
    return NixHome.onVolume(options, HOME_FOLDER, false, context => bindPersistent(context, {
      size: options.size ?? DEFAULT_SIZE,
      // There is no database in it that could not be shared.
      shared: accessModes.includes(READ_WRITE_MANY),
      accessModes,
      labels,
      annotations,
      storageClassName,
      dataSource,
      retain,
    }));
  }

  /**
   * On a claim that exists already, by its name.
   *
   * @param claimName the name of the PersistentVolumeClaim, in the namespace of the workload
   * @param options its access modes, the folder of the volume, folders and files
   */
  public static existing(claimName: string, options: ExistingHomeOptions = {}): NixHome {
    checkArguments('NixHome.existing', arguments);
    const accessModes = options.accessModes ?? [READ_WRITE_ONCE];
    return NixHome.onVolume(options, options.folder ?? HOME_FOLDER, false,
      context => bindExisting(context, claimName, { accessModes, shared: accessModes.includes(READ_WRITE_MANY) }));
  }

  /**
   * On any other volume that the user or the fsGroup can write.
   *
   * @param volume the volume; a hostPath is refused
   * @param options the folder of the volume, folders and files
   */
  public static fromVolume(volume: kplus.Volume, options: VolumeHomeOptions = {}): NixHome {
    checkArguments('NixHome.fromVolume', arguments);
    const { emptyDir } = (volume as unknown as { _toKube(): kplus.k8s.Volume })._toKube();
    return NixHome.onVolume(options, options.folder ?? HOME_FOLDER, emptyDir !== undefined, context => bindVolume(context, volume));
  }

  private static onVolume(options: NixHomeOptions, folder: string, isEphemeral: boolean, bind: (context: StoreContext) => BoundStore): NixHome {
    return new NixHome(options, false, isEphemeral, context => {
      checkHomePath(context.problems, 'home.folder', folder);
      const { claim, source, reach } = bind(context);
      return { source, reach, folder, saysModes: claim !== undefined };
    });
  }

  /** The files in it. */
  public readonly files: NixHomeFile[];

  private readonly folders: string[];

  private constructor(
    options: NixHomeOptions,
    /** Whether the home is on the store volume. */
    public readonly isOnStoreVolume: boolean,
    /** Whether every pod starts with an empty home. */
    public readonly isEphemeral: boolean,
    private readonly binder: (context: StoreContext) => BoundHome,
    /** The most an ephemeral home may hold. */
    public readonly sizeLimit?: Size,
  ) {
    this.files = options.files ?? [];
    this.folders = options.folders ?? [];
  }

  /**
   * Make the objects the home needs.
   *
   * @internal
   */
  public _bind(context: Omit<StoreContext, 'role'>): BoundHome {
    this.folders.forEach((folder, i) => checkHomePath(context.problems, `home.folders[${i}]`, folder));
    this.files.forEach((file, i) => file._validate(context.problems, `home.files[${i}]`));
    checkHomePlaces(context.problems, this._entries);
    return this.binder({ ...context, role: ROLE });
  }

  /**
   * What is in it from the start.
   *
   * @internal
   */
  public get _entries(): HomeEntry[] {
    return [
      ...this.files.map((file, i) => ({ prop: `home.files[${i}].path`, path: file.path, isFolder: file._name === undefined, isMount: true })),
      ...this.folders.map((path, i) => ({ prop: `home.folders[${i}]`, path, isFolder: true, isMount: false })),
    ];
  }

  /**
   * The folders to make, relative to the home.
   *
   * @internal
   */
  public get _folders(): string[] {
    return this.folders;
  }
}
