import { ConfigMapping } from './app-config';
import { DatabaseConnection } from './database-connection';

/** What this construct sets in Backstage's configuration. Backstage itself fills in `${POSTGRES_PASSWORD}` and the like. */
export function backstageConfig(url: string, port: number, database: DatabaseConnection): ConfigMapping {
  // Backstage appends "/api/…" as it stands.
  const baseUrl = url.replace(/\/+$/, '');
  return {
    app: { baseUrl },
    backend: {
      baseUrl,
      listen: { port },
      // The origin of a page has no path.
      cors: { origin: URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl },
      database: databaseConfig(database),
    },
  };
}

function databaseConfig({ host, port, user, name, tls, ca }: DatabaseConnection): ConfigMapping {
  const ssl = { require: true, rejectUnauthorized: true, ...(ca ? { ca: { $file: ca.file } } : {}) };
  return {
    client: 'pg',
    // Whoever is given one database mostly may make no other, nor look into that of the server itself.
    ...(name === undefined ? {} : { pluginDivisionMode: 'schema', ensureExists: false, ensureSchemaExists: true }),
    connection: {
      host,
      port,
      user,
      password: '${POSTGRES_PASSWORD}',
      ...(name === undefined ? {} : { database: name }),
      ...(tls ? { ssl } : {}),
    },
  };
}
