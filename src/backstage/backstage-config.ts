import { Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BundledPostgres } from './bundled-postgres';
import { CaBundle } from '../network/ca-bundle';

/** How the portal reaches its database. */
export interface DatabaseConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: kplus.SecretValue;
  readonly tls: boolean;
  readonly caBundle?: CaBundle;
  /** Where the CA bundle is mounted. */
  readonly caFile?: string;
  /** The server, if it is one of ours. */
  readonly server?: BundledPostgres;
}

/**
 * Backstage's configuration as YAML, the last of the files it reads. Backstage itself fills in `${POSTGRES_PASSWORD}`.
 *
 * @param extra what the user adds; objects are merged, all else is replaced
 */
export function backstageConfig(baseUrl: string, port: number, database: DatabaseConnection, extra: { [key: string]: any }): string {
  const ssl = database.tls ? { require: true, rejectUnauthorized: true, ...(database.caFile ? { ca: { $file: database.caFile } } : {}) } : undefined;
  return Yaml.stringify(merge({
    app: { baseUrl },
    backend: {
      baseUrl,
      listen: { port },
      cors: { origin: baseUrl },
      database: {
        client: 'pg',
        connection: {
          host: database.host,
          port: database.port,
          user: database.user,
          password: '${POSTGRES_PASSWORD}',
          ...(ssl ? { ssl } : {}),
        },
      },
    },
  }, extra));
}

function merge(base: any, over: any): any {
  if (!isObject(base) || !isObject(over)) {
    return over;
  }
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = Object.hasOwn(base, key) ? merge(base[key], value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
