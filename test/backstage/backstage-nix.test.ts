import { Chart, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AiAssistant, BackstagePreset, CaBundle, NixStore } from '../../src';
import { mountAt, only, podSpec, readable, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';
import { appConfig, bundled, existing, portal, secretOf } from './support/portal';

describe('in production', () => {
  const chart = testChart('portal');
  portal(chart, {
    ingress: { className: 'nginx', tlsSecret: kplus.Secret.fromSecretName(chart, 'tls', 'portal-tls'), annotations: { 'example.org/a': 'b' } },
    assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret: secretOf(chart), key: 'anthropic' }) })],
  });
  const manifests = Testing.synth(chart);
  const pod = podSpec(chart);
  const [container] = pod.containers;

  test('is valid, restricted and as it was', () => {
    expect(manifests).toBeValidKubernetes();
    expect(manifests).toBeRestricted();
    const stable = manifests.filter((m: any) => !/nix-(scripts|home-manager)-/.test(m.metadata.name)).map(readable);
    expect(JSON.parse(JSON.stringify(stable).replace(/nix-(scripts|home-manager)-[0-9a-f]{12}/g, 'nix-$1-HASH'))).toMatchSnapshot();
  });

  test('runs the image as its own entrypoint would, with our configuration read last', () => {
    expect(container.image).toBe('registry.example.org/team/portal:1.2.0');
    expect(container.command).toBeUndefined();
    expect(container.args).toEqual(['node', 'packages/backend', '--config', 'app-config.yaml', '--config', 'app-config.production.yaml',
      '--config', '/etc/backstage/app-config.cdk8s-nix.yaml']);
    expect(mountAt(container, '/etc/backstage').readOnly).toBe(true);
  });

  test('has the password from its Secret, and checks the certificate of the database', () => {
    expect(container.env).toContainEqual({ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'credentials', key: 'postgres' } } });
    expect(appConfig(manifests).backend.database.connection).toEqual({
      host: 'postgres.databases.svc', port: 5432, user: 'backstage', password: '${POSTGRES_PASSWORD}', ssl: { require: true, rejectUnauthorized: true },
    });
  });

  test('has the key of the assistant from its Secret', () => {
    expect(container.env).toContainEqual({ name: 'ANTHROPIC_API_KEY', valueFrom: { secretKeyRef: { name: 'credentials', key: 'anthropic' } } });
  });

  test('is reached through Service and Ingress, with TLS', () => {
    expect(only(manifests, 'Service').spec.ports).toEqual([{ name: 'http', port: 80, targetPort: 7007 }]);
    const { spec, metadata } = only(manifests, 'Ingress');
    expect(spec.ingressClassName).toBe('nginx');
    expect(spec.rules.map((rule: any) => rule.host)).toEqual(['portal.example.org']);
    expect(spec.tls).toEqual([{ hosts: ['portal.example.org'], secretName: 'portal-tls' }]);
    expect(metadata.annotations).toEqual({ 'example.org/a': 'b' });
  });

  test('may read the cluster, but no Secret, and change nothing', () => {
    const { rules } = only(manifests, 'ClusterRole');
    expect(new Set(rules.flatMap((rule: any) => rule.verbs))).toEqual(new Set(['get', 'list', 'watch']));
    const resources = rules.flatMap((rule: any) => rule.resources);
    expect(resources).toEqual(expect.arrayContaining(['pods', 'deployments', 'pods/log', 'ingresses']));
    expect(resources).not.toContain('secrets');
    expect(resources).not.toContain('*');
    expect(pod.serviceAccountName).toBe(only(manifests, 'ServiceAccount').metadata.name);
    expect(pod.automountServiceAccountToken).toBe(true);
  });

  test('has time to start before it is found dead', () => {
    expect(container.startupProbe).toMatchObject({ failureThreshold: 60, periodSeconds: 10, httpGet: { path: '/.backstage/health/v1/readiness', port: 7007 } });
    expect(container.livenessProbe.httpGet.path).toBe('/.backstage/health/v1/liveness');
  });
});

test('without access to the cluster there is no account, no role and no token', () => {
  const chart = testChart('portal');
  portal(chart, { clusterAccess: false });
  const kinds = Testing.synth(chart).map((m: any) => m.kind);
  expect(kinds).not.toEqual(expect.arrayContaining(['ServiceAccount']));
  expect(kinds).not.toEqual(expect.arrayContaining(['ClusterRole']));
  expect(podSpec(chart).automountServiceAccountToken).toBe(false);
});

describe('in development, with a bundled database', () => {
  const chart = testChart('portal');
  const it = portal(chart, { preset: BackstagePreset.DEVELOPMENT, baseUrl: 'http://localhost:7007', database: bundled(chart, { size: Size.gibibytes(2) }) });
  const manifests = Testing.synth(chart);
  const database = only(manifests, 'StatefulSet');

  test('is valid and restricted, the database too', () => {
    expect(manifests).toBeValidKubernetes();
    expect(manifests).toBeRestricted();
    expect(it.databaseStatefulSet).toBeDefined();
  });

  test('the portal finds the database by its Service, with one password for both', () => {
    const { host, ssl } = appConfig(manifests).backend.database.connection;
    const service = manifests.find((m: any) => m.kind === 'Service' && m.metadata.name === host);
    expect(service.spec.selector).toEqual(database.spec.selector.matchLabels);
    expect(ssl).toBeUndefined();
    const password = (container: any) => container.env.find((e: any) => e.name === 'POSTGRES_PASSWORD').valueFrom;
    expect(password(database.spec.template.spec.containers[0])).toEqual(password(podSpec(chart).containers[0]));
  });

  test('the database keeps its data in a folder of its claim, and can write where it must', () => {
    expect(database.spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe('2Gi');
    const [postgres] = database.spec.template.spec.containers;
    expect(variable(postgres, 'PGDATA')).toBe('/var/lib/backstage-database/pgdata');
    expect(postgres.volumeMounts.map((m: any) => m.mountPath).sort()).toEqual(['/tmp', '/var/lib/backstage-database', '/var/run/postgresql']);
    expect(postgres.readinessProbe.exec.command[0]).toBe('pg_isready');
  });

  test('log and requests are those of development', () => {
    const [container] = podSpec(chart).containers;
    expect(variable(container, 'LOG_LEVEL')).toBe('debug');
    expect(container.resources.requests).toEqual({ cpu: '100m', memory: '512Mi' });
  });
});

describe('configuration of your own', () => {
  test('is merged over ours, and rolls the pods', () => {
    const build = (title: string): any[] => {
      const chart = testChart('portal');
      portal(chart, { appConfig: { app: { title }, backend: { database: { pluginDivisionMode: 'schema' } }, auth: { environment: 'production' } } });
      return Testing.synth(chart);
    };
    const manifests = build('Portal');
    expect(appConfig(manifests)).toMatchObject({
      app: { baseUrl: 'https://portal.example.org', title: 'Portal' },
      auth: { environment: 'production' },
      backend: { baseUrl: 'https://portal.example.org', database: { client: 'pg', pluginDivisionMode: 'schema' } },
    });
    const checksum = (from: any[]) => only(from, 'Deployment').spec.template.metadata.annotations['cdk8s-nix/backstage-config-checksum'];
    expect(checksum(manifests)).toBe(checksum(build('Portal')));
    expect(checksum(manifests)).not.toBe(checksum(build('Other')));
  });

  test('may use Secrets, own files in the image, and a CA for the database', () => {
    const chart = testChart('portal');
    const ca = CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'ca', 'database-ca'));
    portal(chart, {
      secrets: { GITHUB_TOKEN: { secret: secretOf(chart), key: 'github' } },
      configFiles: ['app-config.yaml'],
      database: existing(chart, { caBundle: ca, port: 6432, user: 'portal' }),
      replicas: 2,
      store: NixStore.ephemeral(),
    });
    const manifests = Testing.synth(chart);
    const [container] = podSpec(chart).containers;
    expect(container.env).toContainEqual({ name: 'GITHUB_TOKEN', valueFrom: { secretKeyRef: { name: 'credentials', key: 'github' } } });
    expect(container.args.slice(2)).toEqual(['--config', 'app-config.yaml', '--config', '/etc/backstage/app-config.cdk8s-nix.yaml']);
    const { connection } = appConfig(manifests).backend.database;
    expect(connection).toMatchObject({ port: 6432, user: 'portal', ssl: { rejectUnauthorized: true, ca: { $file: '/etc/backstage-database-ca/ca-bundle.crt' } } });
    expect(mountAt(container, '/etc/backstage-database-ca').name).toBe('backstage-database-ca');
    expect(only(manifests, 'Deployment').spec.replicas).toBe(2);
    expect(manifests).toBeValidKubernetes({ external: ['ConfigMap/database-ca'] });
  });
});

test.each<[string, (chart: Chart) => void, string, string]>([
  ['a base URL that is none', chart => portal(chart, { baseUrl: 'portal.example.org', ingress: {} }), 'CDK8SNIX0901 baseUrl: got "portal.example.org"', 'https://'],
  ['a base URL with a password', chart => portal(chart, { baseUrl: 'https://me:pw@portal.example.org' }), 'CDK8SNIX0901 baseUrl', 'without user'],
  ['a base URL that Backstage would expand', chart => portal(chart, { baseUrl: 'https://portal.example.org/${X}' }), 'CDK8SNIX0901 baseUrl', 'https://'],
  ['an ingress class in upper case', chart => portal(chart, { ingress: { className: 'Nginx' } }), 'CDK8SNIX0904 ingress.className: got "Nginx"', 'kubectl get ingressclass'],
  ['an ingress for an address', chart => portal(chart, { baseUrl: 'https://10.0.0.1', ingress: {} }), 'CDK8SNIX0904 baseUrl: got "https://10.0.0.1"', 'a name for the portal'],
  ['an ingress for an address of version 6', chart => portal(chart, { baseUrl: 'https://[fd00::1]', ingress: {} }), 'CDK8SNIX0904 baseUrl', 'a name for the portal'],
  ['an annotation of the ingress', chart => portal(chart, { ingress: { annotations: { 'the owner': 'ann' } } }), 'CDK8SNIX0208 ingress.annotations: got "the owner"', 'example.org/owner'],
  ['no TLS in production', chart => portal(chart, { baseUrl: 'http://portal.example.org' }), 'CDK8SNIX0902 baseUrl', 'Use https'],
  ['a bundled database in production', chart => portal(chart, { database: bundled(chart) }), 'CDK8SNIX0902 database: got "bundled"', 'BackstageDatabase.existing()'],
  ['no TLS to the database in production', chart => portal(chart, { database: existing(chart, { tls: false }) }), 'CDK8SNIX0902 database.tls: got false', 'Leave it out'],
  ['a database host that is none', chart => portal(chart, { database: existing(chart, { host: 'my host' }) }), 'CDK8SNIX0903 database.host: got "my host"', 'postgres'],
  ['a database port out of range', chart => portal(chart, { database: existing(chart, { port: 0 }) }), 'CDK8SNIX0903 database.port: got 0', '5432'],
  ['a database user that Backstage would expand', chart => portal(chart, { database: existing(chart, { user: '${X}' }) }), 'CDK8SNIX0903 database.user', 'backstage'],
  ['parts of a GiB', chart => portal(chart, { preset: BackstagePreset.STAGING, database: bundled(chart, { size: Size.mebibytes(100) }) }),
    'CDK8SNIX0903 database.size: got "100Mi"', 'Size.gibibytes(5)'],
  ['an unpinned database', chart => portal(chart, { preset: BackstagePreset.STAGING, database: bundled(chart, { image: 'postgres' }) }),
    'CDK8SNIX0102 database.image: got "postgres"', 'version'],
  ['a key of a Secret with a slash', chart => portal(chart, { secrets: { TOKEN: { secret: secretOf(chart), key: 'a/b' } } }), 'CDK8SNIX0308 secrets.TOKEN.key', 'Secret'],
  ['two replicas on one volume', chart => portal(chart, { replicas: 2 }), 'CDK8SNIX0206 replicas: got 2', 'ephemeral'],
])('refused: %s', (_, build, what, remedy) => {
  const message = synthError(build);
  expect(message).toContain(what);
  expect(message).toContain(remedy);
});
