import { ApiObjectMetadata, Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { checkArguments } from '../base/argument-check';
import { CaBundle } from '../network/ca-bundle';

/**
 * A database server in the cluster that speaks no TLS.
 */
export interface InClusterBackstageDatabaseOptions {
  /** The host name of the server. */
  readonly host: string;

  /**
   * The port of the server.
   *
   * @default 5432
   */
  readonly port?: number;

  /**
   * The user's name.
   *
   * @default 'backstage'
   */
  readonly user?: string;

  /** The Secret, and the key in it, with the user's password. */
  readonly password: kplus.SecretValue;

  /**
   * The name of one database for all plugins, in which each has a schema of its own.
   *
   * @default - a database for each plugin, which Backstage makes, and its user has to be allowed to
   */
  readonly name?: string;
}

/**
 * A PostgreSQL server that exists already.
 */
export interface ExistingBackstageDatabaseOptions extends InClusterBackstageDatabaseOptions {
  /**
   * Speak TLS with the server. Its certificate is always checked then.
   *
   * @default true
   */
  readonly tls?: boolean;

  /**
   * The certificates to check the server's with.
   *
   * @default - those that Node.js has
   */
  readonly caBundle?: CaBundle;
}

/**
 * A database that one Secret describes. The defaults are the keys that CloudNativePG writes into the Secret `<cluster>-app`.
 */
export interface BackstageDatabaseSecretOptions {
  /** The Secret, in the namespace of the portal. */
  readonly secret: kplus.ISecret;

  /**
   * The key with the host name of the server.
   *
   * @default 'host'
   */
  readonly hostKey?: string;

  /**
   * The key with the port of the server.
   *
   * @default 'port'
   */
  readonly portKey?: string;

  /**
   * The key with the user's name.
   *
   * @default 'username'
   */
  readonly userKey?: string;

  /**
   * The key with the user's password.
   *
   * @default 'password'
   */
  readonly passwordKey?: string;

  /**
   * The key with the name of the database. All plugins use it, each with a schema of its own.
   *
   * @default 'dbname'
   */
  readonly nameKey?: string;

  /**
   * Speak TLS with the server. Its certificate is always checked then.
   *
   * @default true
   */
  readonly tls?: boolean;

  /**
   * The certificates to check the server's with, for CloudNativePG the key `ca.crt` of the Secret `<cluster>-ca`.
   *
   * @default - those that Node.js has
   */
  readonly caBundle?: CaBundle;
}

/**
 * A PostgreSQL server of our own, for development.
 */
export interface BundledBackstageDatabaseOptions {
  /** The Secret, and the key in it, with the password that the server is set up with. */
  readonly password: kplus.SecretValue;

  /**
   * The user that the server is set up with. A server that has data already keeps the one it has.
   *
   * @default 'backstage'
   */
  readonly user?: string;

  /**
   * The name of one database for all plugins, in which each has a schema of its own; the server is set up with it.
   *
   * @default - a database for each plugin, which Backstage makes
   */
  readonly name?: string;

  /**
   * The image: an official one of PostgreSQL, or one made from it. No server reads the data of another major version.
   *
   * @default 'docker.io/library/postgres:16.4'
   */
  readonly image?: string;

  /**
   * The size of its volume, in whole GiB.
   *
   * @default Size.gibibytes(5)
   */
  readonly size?: Size;

  /**
   * The storage class of its volume.
   *
   * @default - the default class of the cluster
   */
  readonly storageClassName?: string;

  /**
   * Resources of its container.
   *
   * @default - the portal's `containerResources`, or requests of 100m CPU and 128Mi memory, limited to 512Mi memory
   */
  readonly resources?: kplus.ContainerResources;

  /**
   * How long it may take to start, setting up or repairing its data included, in whole seconds.
   *
   * @default Duration.minutes(5)
   */
  readonly startup?: Duration;

  /**
   * Name, labels and annotations of the StatefulSet.
   *
   * @default - a name made by cdk8s
   */
  readonly metadata?: ApiObjectMetadata;

  /**
   * Name, labels and annotations of its Service.
   *
   * @default - a name made by cdk8s
   */
  readonly serviceMetadata?: ApiObjectMetadata;
}

/**
 * Where Backstage keeps its data. Passwords come from Secrets, never through the manifest.
 *
 * @example BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret, key: 'postgres' } })
 */
export class BackstageDatabase {
  /**
   * A PostgreSQL server that exists already.
   *
   * @param options host, user, Secret
   */
  public static existing(options: ExistingBackstageDatabaseOptions): BackstageDatabase {
    checkArguments('BackstageDatabase.existing', arguments);
    return new BackstageDatabase({ existing: options });
  }

  /**
   * A PostgreSQL server in the cluster, without TLS: passwords and data cross the cluster's network in clear. Accepted in production,
   * for clusters whose network encrypts or is trusted.
   *
   * @param options host, user, Secret
   */
  public static inClusterWithoutTls(options: InClusterBackstageDatabaseOptions): BackstageDatabase {
    checkArguments('BackstageDatabase.inClusterWithoutTls', arguments);
    return new BackstageDatabase({ existing: { ...options, tls: false }, isInCluster: true });
  }

  /**
   * A PostgreSQL server that one Secret describes, host and all, as operators write it.
   *
   * @param options the Secret, its keys, TLS
   */
  public static fromSecret(options: BackstageDatabaseSecretOptions): BackstageDatabase {
    checkArguments('BackstageDatabase.fromSecret', arguments);
    return new BackstageDatabase({ secret: options });
  }

  /**
   * A PostgreSQL server in a StatefulSet beside Backstage: one pod, no backups, no TLS. For development; refused in production.
   *
   * @param options Secret, image, size
   */
  public static bundled(options: BundledBackstageDatabaseOptions): BackstageDatabase {
    checkArguments('BackstageDatabase.bundled', arguments);
    return new BackstageDatabase({ bundled: options });
  }

  private constructor(
    /**
     * Which it is, and its options.
     *
     * @internal
     */
    public readonly _source: {
      readonly existing?: ExistingBackstageDatabaseOptions;
      readonly isInCluster?: boolean;
      readonly secret?: BackstageDatabaseSecretOptions;
      readonly bundled?: BundledBackstageDatabaseOptions;
    },
  ) {}
}
