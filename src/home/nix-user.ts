import { checkArguments } from '../base/argument-check';
import { isPlainAbsolutePath } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * Options of `NixUser.of`.
 */
export interface NixUserOptions {
  /**
   * The user id the containers run as. Files of the store belong to it.
   *
   * @default 1001
   */
  readonly uid?: number;

  /**
   * The primary group id.
   *
   * @default - the same number as `uid`
   */
  readonly gid?: number;

  /**
   * The group that owns the volumes of the pod (`fsGroup`).
   *
   * @default - the same number as `gid`
   */
  readonly fsGroup?: number;

  /**
   * The login name, given to programs as `USER`.
   *
   * @default 'code'
   */
  readonly name?: string;

  /**
   * The home folder, given to programs as `HOME`: an absolute path.
   *
   * @default - `/home/` and the name
   */
  readonly home?: string;
}

/**
 * Options of `NixUser.arbitrary`.
 */
export interface ArbitraryNixUserOptions {
  /**
   * The login name, given to programs as `USER`.
   *
   * @default 'code'
   */
  readonly name?: string;

  /**
   * The home folder, given to programs as `HOME`: an absolute path.
   *
   * @default - `/home/` and the name
   */
  readonly home?: string;
}

const MAX_ID = 2 ** 31 - 1;

/** Where an image has its programs, which a volume there would hide: the home of some system users. */
const HOLDS_PROGRAMS = /^(\/usr)?\/(s?bin|lib(32|64)?)$|^\/usr(\/local(\/s?bin)?)?$/;

/**
 * Who runs the containers and owns the store.
 *
 * Nix runs in single-user mode: the store belongs to this user and no daemon is needed.
 *
 * @example NixUser.of({ uid: 1000, name: 'node' })
 */
export class NixUser {
  /**
   * The user of our images: `code`, 1001:1001, home `/home/code`.
   */
  public static code(): NixUser {
    checkArguments('NixUser.code', arguments);
    return new NixUser({});
  }

  /**
   * Another user. Ids of 0 are refused: see `NixUser.root`.
   *
   * @param options ids, name and home
   */
  public static of(options: NixUserOptions): NixUser {
    checkArguments('NixUser.of', arguments);
    return new NixUser(options);
  }

  /**
   * Root, by name, for clusters and images that leave no choice. Such a pod is refused by a
   * namespace that enforces Pod Security `restricted`.
   */
  public static root(): NixUser {
    checkArguments('NixUser.root', arguments);
    return new NixUser({ uid: 0, gid: 0, fsGroup: 0, name: 'root', home: '/root' }, true);
  }

  /**
   * Whoever the cluster picks, as OpenShift does: each namespace has user ids of its own, in group 0. The manifests name no ids then,
   * so that the cluster's policy (the SCC `restricted-v2`) can fill them in.
   *
   * The store belongs to the user of its namespace. If the namespace is made anew around the same volume, its new user takes over what
   * only an owner can change, given that the volume's driver supports fsGroup.
   *
   * @param options name and home
   */
  public static arbitrary(options: ArbitraryNixUserOptions = {}): NixUser {
    checkArguments('NixUser.arbitrary', arguments);
    return new NixUser(options, false, true);
  }

  /** The user id; undefined if the cluster picks it. */
  public readonly uid?: number;

  /** The primary group id; undefined if the cluster picks it. */
  public readonly gid?: number;

  /** The group that owns the volumes of the pod; undefined if the cluster picks it. */
  public readonly fsGroup?: number;

  /** The login name. */
  public readonly name: string;

  /** The home folder. */
  public readonly home: string;

  /** Whether this is root, asked for by name. */
  public readonly isRoot: boolean;

  private constructor(options: NixUserOptions, isRoot: boolean = false, isArbitrary: boolean = false) {
    if (!isArbitrary) {
      this.uid = options.uid ?? 1001;
      this.gid = options.gid ?? this.uid;
      this.fsGroup = options.fsGroup ?? this.gid;
    }
    this.name = options.name ?? 'code';
    this.home = options.home ?? `/home/${this.name}`;
    this.isRoot = isRoot;
  }

  /**
   * @internal
   */
  public _validate(problems: Problems): void {
    const ids: Array<[string, number | undefined]> = [['user.uid', this.uid], ['user.gid', this.gid], ['user.fsGroup', this.fsGroup]];
    for (const [prop, id] of ids) {
      if (id === undefined) {
        continue;
      }
      if (!Number.isInteger(id) || id < 0 || id > MAX_ID) {
        problems.add('CDK8SNIX0401', prop, id, `An id is a whole number from 1 to ${MAX_ID}.`, 'Use for example 1001.');
      } else if (id === 0 && !this.isRoot) {
        problems.add('CDK8SNIX0401', prop, id, 'Id 0 is root, which Pod Security `restricted` refuses.',
          'Use another id, or say NixUser.root() if it must be root.');
      }
    }
    if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(this.name)) {
      problems.add('CDK8SNIX0402', 'user.name', this.name, 'A login name has lower-case letters, digits, "-" and "_", 32 at most.',
        'Use for example "code".');
    }
    if (!isPlainAbsolutePath(this.home)) {
      problems.add('CDK8SNIX0402', 'user.home', this.home, 'The home is an absolute path of letters, digits, ".", "_", "+" and "-".',
        'Use for example "/home/code".');
    } else if (/^\/(nix|tmp|mnt|proc|sys|dev|etc)(\/|$)/.test(this.home) || HOLDS_PROGRAMS.test(this.home)) {
      problems.add('CDK8SNIX0402', 'user.home', this.home, 'The environment or the system has this folder.', 'Use for example "/home/code".');
    }
  }
}
