import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { CaBundle } from '../network/ca-bundle';

/**
 * A PostgreSQL server that exists already.
 */
export interface ExistingBackstageDatabaseOptions {
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
 * A PostgreSQL server of our own, for development.
 */
export interface BundledBackstageDatabaseOptions {
  /** The Secret, and the key in it, with the password that the server is set up with. */
  readonly password: kplus.SecretValue;

  /**
   * The image.
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
}

/**
 * Where Backstage keeps its data. Passwords come from Secrets, never through the manifest.
 */
export class BackstageDatabase {
  /**
   * A PostgreSQL server that exists already.
   *
   * @param options host, user, Secret
   */
  public static existing(options: ExistingBackstageDatabaseOptions): BackstageDatabase {
    return new BackstageDatabase(options, undefined);
  }

  /**
   * A PostgreSQL server in a StatefulSet beside Backstage: one pod, no backups, no TLS. For development; refused in production.
   *
   * @param options Secret, image, size
   */
  public static bundled(options: BundledBackstageDatabaseOptions): BackstageDatabase {
    return new BackstageDatabase(undefined, options);
  }

  private constructor(
    /** The options of a server that exists already.
     * @internal
     */
    public readonly _existing: ExistingBackstageDatabaseOptions | undefined,
    /** The options of a server of our own.
     * @internal
     */
    public readonly _bundled: BundledBackstageDatabaseOptions | undefined,
  ) {}
}
