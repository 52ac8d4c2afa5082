import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackstageDatabase, BackstageDatabaseSecretOptions, ExistingBackstageDatabaseOptions } from './backstage-database';
import { BundledPostgres, BundledServerSurroundings } from './bundled-postgres';
import { CaBundle } from '../network/ca-bundle';

const CA_VOLUME = 'backstage-database-ca';
const CA_FOLDER = '/etc/backstage-database-ca';

/** How the portal reaches its database. Texts may refer to variables, which Backstage fills in. */
export interface DatabaseConnection {
  readonly host: string;
  readonly port: number | string;
  readonly user: string;
  /** The one database of all plugins; undefined if each has its own. */
  readonly name?: string;
  /** The variables with what stands in Secrets. */
  readonly variables: { readonly [name: string]: kplus.EnvValue };
  readonly tls: boolean;
  /** The certificates, as a volume of the pod, and where they are mounted. */
  readonly ca?: { readonly volume: kplus.k8s.Volume; readonly mount: kplus.k8s.VolumeMount; readonly file: string };
  /** The server, if it is one of ours. */
  readonly server?: BundledPostgres;
}

/** The connection to a database; makes the server of a bundled one, child `Database` of the scope. */
export function connectTo(scope: Construct, database: BackstageDatabase, surroundings: BundledServerSurroundings): DatabaseConnection {
  const { existing, secret, bundled } = database._source;
  if (existing) {
    return toExisting(existing);
  }
  if (secret) {
    return bySecret(secret);
  }
  const server = new BundledPostgres(scope, 'Database', bundled!, surroundings);
  return {
    // A JSON patch may have given it another one.
    get host() {
      return ApiObject.of(server.service).toJson().metadata.name;
    },
    port: server.port,
    user: server.user,
    name: bundled!.name,
    variables: { POSTGRES_PASSWORD: kplus.EnvValue.fromSecretValue(bundled!.password) },
    tls: false,
    server,
  };
}

/** The variables that a database is described by. */
export function databaseVariables({ _source: { secret } }: BackstageDatabase): string[] {
  return secret ? Object.keys(bySecret(secret).variables) : ['POSTGRES_PASSWORD'];
}

function toExisting({ host, port, user, name, password, tls, caBundle }: ExistingBackstageDatabaseOptions): DatabaseConnection {
  return {
    host,
    port: port ?? 5432,
    user: user ?? 'backstage',
    name,
    variables: { POSTGRES_PASSWORD: kplus.EnvValue.fromSecretValue(password) },
    tls: tls ?? true,
    ca: certificates(caBundle),
  };
}

function bySecret(options: BackstageDatabaseSecretOptions): DatabaseConnection {
  const variable = (key: string) => kplus.EnvValue.fromSecretValue({ secret: options.secret, key });
  return {
    host: '${POSTGRES_HOST}',
    port: '${POSTGRES_PORT}',
    user: '${POSTGRES_USER}',
    name: '${POSTGRES_DB}',
    variables: {
      POSTGRES_HOST: variable(options.hostKey ?? 'host'),
      POSTGRES_PORT: variable(options.portKey ?? 'port'),
      POSTGRES_USER: variable(options.userKey ?? 'username'),
      POSTGRES_PASSWORD: variable(options.passwordKey ?? 'password'),
      POSTGRES_DB: variable(options.nameKey ?? 'dbname'),
    },
    tls: options.tls ?? true,
    ca: certificates(options.caBundle),
  };
}

function certificates(bundle: CaBundle | undefined): DatabaseConnection['ca'] {
  const ca = bundle?._volume;
  return ca && {
    volume: { ...ca.volume, name: CA_VOLUME },
    mount: { ...ca.mount, name: CA_VOLUME, mountPath: CA_FOLDER },
    file: `${CA_FOLDER}/ca-bundle.crt`,
  };
}
