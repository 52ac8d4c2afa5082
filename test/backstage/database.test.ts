import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageDatabase, BackstageNixProps, BackstagePreset, CaBundle } from '../../src';
import { only, podSpec, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';
import { appConfig, bundled, existing, portal, secretOf } from './support/portal';

function synth(database: (chart: Chart) => BackstageDatabase, props: Partial<BackstageNixProps> = {}): { manifests: any[]; chart: Chart } {
  const chart = testChart('portal');
  portal(chart, { database: database(chart), ...props });
  const manifests = Testing.synth(chart);
  expect(manifests).toBeValidKubernetes({ external: ['*'] });
  expect(manifests).toBeRestricted();
  return { manifests, chart };
}

const config = (manifests: any[]): any => appConfig(manifests).backend.database;

describe('one Secret with all fields', () => {
  const { manifests, chart } = synth(c => BackstageDatabase.fromSecret({
    secret: secretOf(c, 'portal-db-app'), caBundle: CaBundle.fromSecret(secretOf(c, 'portal-db-ca'), 'ca.crt'),
  }));
  const [container] = podSpec(chart).containers;

  test('is read by its keys, as CloudNativePG writes them', () => {
    const keys = Object.fromEntries(container.env.filter((entry: any) => entry.name.startsWith('POSTGRES_')).map((entry: any) => [entry.name, entry.valueFrom.secretKeyRef]));
    expect(keys).toEqual({
      POSTGRES_HOST: { name: 'portal-db-app', key: 'host' },
      POSTGRES_PORT: { name: 'portal-db-app', key: 'port' },
      POSTGRES_USER: { name: 'portal-db-app', key: 'username' },
      POSTGRES_PASSWORD: { name: 'portal-db-app', key: 'password' },
      POSTGRES_DB: { name: 'portal-db-app', key: 'dbname' },
    });
  });

  test('is the connection, by TLS with a certificate that is checked, in one database', () => {
    expect(config(manifests)).toEqual({
      client: 'pg',
      pluginDivisionMode: 'schema',
      ensureExists: false,
      ensureSchemaExists: true,
      connection: {
        host: '${POSTGRES_HOST}',
        port: '${POSTGRES_PORT}',
        user: '${POSTGRES_USER}',
        password: '${POSTGRES_PASSWORD}',
        database: '${POSTGRES_DB}',
        ssl: { require: true, rejectUnauthorized: true, ca: { $file: '/etc/backstage-database-ca/ca-bundle.crt' } },
      },
    });
    expect(podSpec(chart).volumes.find((volume: any) => volume.name === 'backstage-database-ca').projected.sources)
      .toEqual([{ secret: { name: 'portal-db-ca', items: [{ key: 'ca.crt', path: 'ca-bundle.crt' }] } }]);
  });

  test('may have other keys', () => {
    const other = synth(c => BackstageDatabase.fromSecret({
      secret: secretOf(c), hostKey: 'HOST', portKey: 'PORT', userKey: 'USER', passwordKey: 'PASSWORD', nameKey: 'DATABASE',
    }));
    expect(podSpec(other.chart).containers[0].env.flatMap((entry: any) => entry.valueFrom?.secretKeyRef.key ?? [])).toEqual(['HOST', 'PORT', 'USER', 'PASSWORD', 'DATABASE']);
  });
});

test('a database of a name holds all plugins, each in its schema', () => {
  expect(config(synth(chart => existing(chart, { name: 'backstage' })).manifests)).toMatchObject({
    pluginDivisionMode: 'schema', ensureExists: false, ensureSchemaExists: true, connection: { database: 'backstage' },
  });
});

test('a server in the cluster without TLS is accepted in production, by its name', () => {
  const { manifests } = synth(chart => BackstageDatabase.inClusterWithoutTls({
    host: 'postgres.databases.svc.cluster.local', user: 'portal', port: 6432, password: { secret: secretOf(chart), key: 'postgres' },
  }));
  expect(config(manifests).connection).toEqual({
    host: 'postgres.databases.svc.cluster.local', port: 6432, user: 'portal', password: '${POSTGRES_PASSWORD}',
  });
});

describe('a bundled server', () => {
  const development = { preset: BackstagePreset.DEVELOPMENT };
  const server = (manifests: any[]): any => only(manifests, 'StatefulSet').spec.template.spec.containers[0];

  test('has minutes to set up its data on a slow disk', () => {
    const { startupProbe, livenessProbe } = server(synth(chart => bundled(chart), development).manifests);
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(300);
    expect(livenessProbe.failureThreshold).toBe(3);
  });

  test.each([
    ['docker.io/library/postgres:16.4', 999], ['docker.io/library/postgres:18.1', 999], ['registry.example.org/postgres:18.1-alpine3.23', 70],
  ])('has its data in one folder, whatever the version, and runs as the user of its image: %s', (image, id) => {
    const { manifests } = synth(chart => bundled(chart, { image }), development);
    const container = server(manifests);
    const { mountPath } = container.volumeMounts.find((mount: any) => mount.name === 'data');
    expect(variable(container, 'PGDATA')).toBe(`${mountPath}/pgdata`);
    // Images declare volumes of their own there.
    expect(mountPath).not.toMatch(/^\/var\/lib\/postgresql/);
    expect(only(manifests, 'StatefulSet').spec.template.spec.securityContext).toMatchObject({ runAsUser: id, runAsGroup: id, fsGroup: id });
    expect(container.securityContext).toMatchObject({ runAsUser: id, runAsGroup: id });
  });

  test('has the resources of what the library brings, and the pull secret of the portal', () => {
    const containerResources = { cpu: { request: kplus.Cpu.units(1), limit: kplus.Cpu.units(1) } };
    const manifests = (resources?: kplus.ContainerResources) => synth(chart => bundled(chart, { resources }), {
      ...development, containerResources, deployment: { dockerRegistryAuth: kplus.Secret.fromSecretName(testChart(), 'registry', 'registry') },
    }).manifests;
    expect(server(manifests()).resources).toEqual({ requests: { cpu: '1' }, limits: { cpu: '1' } });
    expect(server(manifests({ cpu: { request: kplus.Cpu.units(2) } })).resources).toEqual({ requests: { cpu: '2' } });
    expect(only(manifests(), 'StatefulSet').spec.template.spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
  });

  test('has the name, user, resources, class and time that it is given', () => {
    const { manifests } = synth(chart => bundled(chart, {
      name: 'portal',
      user: 'owner',
      resources: { memory: { request: Size.gibibytes(1) } },
      storageClassName: 'fast',
      startup: Duration.minutes(20),
      metadata: { name: 'portal-postgres' },
      serviceMetadata: { name: 'portal-postgres' },
    }), development);
    const container = server(manifests);
    const statefulSet = only(manifests, 'StatefulSet');
    expect([variable(container, 'POSTGRES_USER'), variable(container, 'POSTGRES_DB')]).toEqual(['owner', 'portal']);
    expect(container.resources).toEqual({ requests: { memory: '1024Mi' } });
    expect(container.startupProbe).toMatchObject({ failureThreshold: 120, exec: { command: ['pg_isready', '-U', 'owner', '-h', '127.0.0.1'] } });
    expect(statefulSet.spec.volumeClaimTemplates[0].spec.storageClassName).toBe('fast');
    expect([statefulSet.metadata.name, statefulSet.spec.serviceName]).toEqual(['portal-postgres', 'portal-postgres']);
    expect(config(manifests).connection).toMatchObject({ host: 'portal-postgres', user: 'owner', database: 'portal' });
  });
});

const STAGING = { preset: BackstagePreset.STAGING };
const inCluster = (chart: Chart, host: string) => BackstageDatabase.inClusterWithoutTls({ host, password: { secret: secretOf(chart), key: 'postgres' } });

test.each<[string, (chart: Chart) => Partial<BackstageNixProps>, string, string]>([
  ['a server outside of the cluster without TLS', chart => ({ database: inCluster(chart, 'postgres.example.org') }),
    'CDK8SNIX0903 database.host: got "postgres.example.org"', 'BackstageDatabase.existing()'],
  ['an address without TLS', chart => ({ database: inCluster(chart, '10.0.0.1') }), 'CDK8SNIX0903 database.host: got "10.0.0.1"', 'postgres.databases.svc'],
  ['no TLS to a server of a Secret in production', chart => ({ database: BackstageDatabase.fromSecret({ secret: secretOf(chart), tls: false }) }),
    'CDK8SNIX0902 database.tls: got false', 'inClusterWithoutTls()'],
  ['a key with a slash', chart => ({ database: BackstageDatabase.fromSecret({ secret: secretOf(chart), hostKey: 'a/b' }) }), 'CDK8SNIX0308 database.hostKey: got "a/b"', 'Secret'],
  ['a name that Backstage would expand', chart => ({ database: existing(chart, { name: '${DB}' }) }), 'CDK8SNIX0903 database.name: got "${DB}"', '"backstage"'],
  ['a user of the server that Backstage would expand', chart => ({ ...STAGING, database: bundled(chart, { user: '$USER' }) }), 'CDK8SNIX0903 database.user: got "$USER"', '"backstage"'],
  ['a class in upper case', chart => ({ ...STAGING, database: bundled(chart, { storageClassName: 'Fast' }) }), 'CDK8SNIX0903 database.storageClassName: got "Fast"', 'kubectl get storageclass'],
  ['a user that PostgreSQL keeps to itself', chart => ({ ...STAGING, database: bundled(chart, { user: 'pg_portal' }) }), 'CDK8SNIX0903 database.user: got "pg_portal"', '"backstage"'],
  ['the database that all others are made from', chart => ({ ...STAGING, database: bundled(chart, { name: 'template1' }) }), 'CDK8SNIX0903 database.name: got "template1"', '"backstage"'],
  ['a name too long for a label', chart => ({ ...STAGING, database: bundled(chart, { metadata: { name: 'a'.repeat(53) } }) }), 'CDK8SNIX0903 database.metadata.name', '52 characters'],
  ['certificates for nothing', chart => ({ ...STAGING, database: existing(chart, { tls: false, caBundle: CaBundle.fromSecret(secretOf(chart), 'ca.crt') }) }),
    'CDK8SNIX0916 database.caBundle', 'Leave out caBundle, or tls'],
  ['parts of a second to start', chart => ({ ...STAGING, database: bundled(chart, { startup: Duration.millis(10) }) }), 'CDK8SNIX0903 database.startup: got "10 millis"', 'Duration.minutes(5)'],
])('refused: %s', (_, build, what, remedy) => {
  const message = synthError(chart => portal(chart, build(chart)));
  expect(message).toContain(what);
  expect(message).toContain(remedy);
});

test('the name of a bundled server leaves room for what Kubernetes appends to it', () => {
  const chart = new Chart(new App({ outdir: Testing.app().outdir }), 'a-chart-with-a-long-name-for-a-portal', { namespace: 'portal' });
  portal(chart, { ...STAGING, database: bundled(chart) });
  const { metadata } = only(Testing.synth(chart), 'StatefulSet');
  expect(metadata.name.length).toBeLessThanOrEqual(52);
  expect(metadata.name).toMatch(/-c8[0-9a-f]{6}$/);
});
