import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { ConfigMapping } from './app-config';
import { BackstageDatabase, ExistingBackstageDatabaseOptions } from './backstage-database';
import { BackstagePreset } from './backstage-preset';
import { postgresImage } from './bundled-postgres';
import { DatabaseConnection } from './database-connection';
import { isDataKey, isDnsSubdomain } from '../base/kubernetes-name';
import { LONGEST_OF_STATEFUL_SET } from '../base/made-name';
import { Problem, Problems } from '../base/problems';
import { NixImage } from '../image/nix-image';

/** Record what is wrong with the database of a portal. */
export function checkDatabase(problems: Problems, database: BackstageDatabase, preset: BackstagePreset): void {
  const { existing, secret, bundled } = database._source;
  if (preset === BackstagePreset.PRODUCTION) {
    checkProduction(problems, database);
  }
  checkName(problems, 'user', (existing ?? bundled)?.user, 'backstage');
  checkName(problems, 'name', (existing ?? bundled)?.name, 'backstage');
  checkKey(problems, 'database.password', (existing ?? bundled)?.password);
  if (existing) {
    checkServer(problems, existing, database._source.isInCluster ?? false);
  }
  if (secret) {
    const { secret: object, tls: withTls, caBundle: certificates, ...keys } = secret;
    Object.entries(keys).forEach(([prop, key]) => key === undefined || checkKey(problems, `database.${prop}`, { secret: object, key }, ''));
  }
  const { tls, caBundle } = existing ?? secret ?? {};
  if (tls === false && caBundle) {
    problems.add('CDK8SNIX0916', 'database.caBundle', 'given', 'Without TLS there is no certificate to check.', 'Leave out caBundle, or tls.');
  }
  if (bundled) {
    NixImage.of(postgresImage(bundled))._validate(problems, 'database.image');
    checkBundled(problems, database);
  }
}

/** Record a key that no Secret can have. */
export function checkKey(problems: Problems, prop: string, value: kplus.SecretValue | undefined, field: string = '.key'): void {
  if (value && !isDataKey(value.key)) {
    problems.add('CDK8SNIX0308', `${prop}${field}`, value.key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.',
      'Name the key as it stands in the Secret.');
  }
}

/** The size of a bundled server's volume; undefined if none can be had. */
export function databaseSize(database: BackstageDatabase): Size | undefined {
  const size = database._source.bundled?.size ?? Size.gibibytes(5);
  return size.toKibibytes() > 0 && size.toKibibytes() % (1024 * 1024) === 0 ? size : undefined;
}

function checkProduction(problems: Problems, database: BackstageDatabase): void {
  const { existing, isInCluster, secret, bundled } = database._source;
  if (bundled) {
    problems.add('CDK8SNIX0902', 'database', 'bundled', 'The bundled database is one pod without backups and without TLS.',
      'Use BackstageDatabase.existing(), or another preset.');
  }
  if ((existing ?? secret)?.tls === false && !isInCluster) {
    problems.add('CDK8SNIX0902', 'database.tls', false, 'Passwords and data would cross the network in clear.',
      'Leave it out; for a server in the cluster that has no TLS use BackstageDatabase.inClusterWithoutTls().');
  }
}

/** What a configuration makes of the TLS that the database's own options ask for. */
export function weakenedTls(config: ConfigMapping, { tls, host }: DatabaseConnection): Problem[] {
  const { client, connection } = config.backend?.database ?? {};
  if (!tls || client !== 'pg' || typeof connection !== 'object' || connection === null) {
    return [];
  }
  const weak = connection.host === host && (!connection.ssl || connection.ssl.rejectUnauthorized === false);
  return weak ? [{
    code: 'CDK8SNIX0902',
    prop: 'appConfig.backend.database.connection.ssl',
    value: connection.ssl,
    problem: 'Anybody on the way could answer for the database.',
    remedy: 'Leave it out; a private authority is database.caBundle, and a server in the cluster that has no TLS BackstageDatabase.inClusterWithoutTls().',
  }] : [];
}

/** A text with a "$" would be expanded by Backstage, and PostgreSQL cuts names after 63 bytes. */
function checkName(problems: Problems, prop: string, name: string | undefined, example: string): void {
  if (name !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}$/.test(name)) {
    problems.add('CDK8SNIX0903', `database.${prop}`, name, `A ${prop} has letters, digits, "_", ".", "@" and "-", 63 at most.`, `Use for example "${example}".`);
  }
}

function checkServer(problems: Problems, { host, port }: ExistingBackstageDatabaseOptions, isInCluster: boolean): void {
  if (!isDnsSubdomain(host.toLowerCase()) && !/^[0-9a-f:.]+$/.test(host)) {
    problems.add('CDK8SNIX0903', 'database.host', host, 'It is no host name and no address.', 'Use for example "postgres.databases.svc".');
  } else if (isInCluster && !/^[^.]+(\.[^.]+\.svc(\.[^.].*)?)?$/.test(host)) {
    problems.add('CDK8SNIX0903', 'database.host', host, 'It is no name of a Service, and without TLS nothing outside of the cluster is safe to reach.',
      'Use a name like "postgres" or "postgres.databases.svc", or BackstageDatabase.existing().');
  }
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535)) {
    problems.add('CDK8SNIX0903', 'database.port', port, 'A port is a whole number from 1 to 65535.', 'Use for example 5432.');
  }
}

function checkBundled(problems: Problems, database: BackstageDatabase): void {
  const { size, storageClassName, startup, user, name, metadata } = database._source.bundled!;
  if (user?.startsWith('pg_')) {
    problems.add('CDK8SNIX0903', 'database.user', user, 'PostgreSQL keeps names with "pg_" to itself, and is not set up.', 'Use for example "backstage".');
  }
  if (name === 'template0' || name === 'template1') {
    problems.add('CDK8SNIX0903', 'database.name', name, 'PostgreSQL makes new databases from it.', 'Use for example "backstage".');
  }
  if ((metadata?.name?.length ?? 0) > LONGEST_OF_STATEFUL_SET) {
    problems.add('CDK8SNIX0903', 'database.metadata.name', metadata?.name, `With it, a dash and a hash the pods are labelled: ${LONGEST_OF_STATEFUL_SET} characters at most.`,
      'Use for example "backstage-postgres".');
  }
  if (size && databaseSize(database) === undefined) {
    problems.add('CDK8SNIX0903', 'database.size', size.asString(), 'A claim is for one GiB or more, in whole GiB.', 'Use for example Size.gibibytes(5).');
  }
  if (storageClassName !== undefined && !isDnsSubdomain(storageClassName)) {
    problems.add('CDK8SNIX0903', 'database.storageClassName', storageClassName, 'It is no name of a storage class.',
      'Use a name that `kubectl get storageclass` lists, or leave it out for the default.');
  }
  if (startup && (startup.toMilliseconds() < 1000 || startup.toMilliseconds() % 1000 !== 0)) {
    problems.add('CDK8SNIX0903', 'database.startup', startup.toHumanString(), 'Kubernetes counts in whole seconds, from one on.', 'Use for example Duration.minutes(5).');
  }
}
