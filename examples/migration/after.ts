import { ApiObject, App, Chart, Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackstageDatabase, BackstageNix, BackstagePreset, GitOps, NixImage, NixStore, PodSecurity } from 'cdk8s-nix';

const { k8s } = kplus;

/** What differs between the environments; the rest of it is in the presets. */
export interface PortedPortalProps {
  readonly image: string;
  readonly host: string;
  readonly title: string;
  readonly preset: BackstagePreset;
  readonly nixSize: Size;
  readonly databaseSize: string;
}

const LABELS = { app: 'backstage' };
const DATABASE_LABELS = { app: 'backstage-postgres' };

/** The same portal, by `BackstageNix`: all objects keep their names, and the database stays as it is. */
export class PortedPortal extends Chart {
  /** The portal. */
  public readonly portal: BackstageNix;

  constructor(scope: Construct, id: string, private readonly props: PortedPortalProps) {
    super(scope, id, { namespace: id });
    this.portal = this.addPortal();
    this.addDatabase();
    this.addOperations();
    GitOps.argoCd(this);
  }

  private addPortal(): BackstageNix {
    const secret = kplus.Secret.fromSecretName(this, 'secrets', 'backstage-secrets');
    const named = (name: string) => ({ name, labels: LABELS });
    const role = named(`backstage-${this.node.id}-read`);
    return new BackstageNix(this, 'portal', {
      image: NixImage.of(this.props.image),
      baseUrl: `https://${this.props.host}`,
      preset: this.props.preset,
      database: BackstageDatabase.inClusterWithoutTls({ host: 'backstage-postgres', password: { secret, key: 'postgres-password' } }),
      store: NixStore.persistent({ claimName: 'backstage-nix', labels: LABELS, size: this.props.nixSize, storageClassName: 'standard' }),
      selector: LABELS,
      metadata: { configMap: named('backstage-app-config'), serviceAccount: named('backstage'), clusterRole: role, clusterRoleBinding: role },
      deployment: {
        metadata: named('backstage'),
        podMetadata: { annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9464' } },
        dockerRegistryAuth: kplus.Secret.fromSecretName(this, 'registry', 'registry'),
        terminationGracePeriod: Duration.seconds(60),
        containers: [{
          name: 'metrics-proxy',
          image: 'registry.example.org/platform/metrics-proxy:1.9.0',
          args: ['--upstream=http://127.0.0.1:9464'],
          ports: [{ name: 'metrics-tls', number: 9465 }],
          resources: { cpu: { request: kplus.Cpu.millis(10) }, memory: { request: Size.mebibytes(32), limit: Size.mebibytes(64) } },
        }],
      },
      container: {
        ports: [{ name: 'metrics', number: 9464 }],
        envFrom: [kplus.Env.fromConfigMap(kplus.ConfigMap.fromConfigMapName(this, 'variables', 'backstage-env'))],
        volumeMounts: [{
          path: '/var/techdocs', volume: kplus.Volume.fromEmptyDir(this, 'techdocs', 'techdocs', { sizeLimit: Size.gibibytes(2) }),
        }],
      },
      probes: { startup: Duration.minutes(10) },
      service: {
        metadata: named('backstage'),
        ports: [{ name: 'http', port: 80, targetPort: 7007 }, { name: 'metrics', port: 9465, targetPort: 9465 }],
      },
      ingress: {
        metadata: named('backstage'),
        className: 'nginx',
        annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '16m' },
        tlsSecret: kplus.Secret.fromSecretName(this, 'tls', 'backstage-tls'),
      },
      secrets: {
        GITHUB_TOKEN: { secret, key: 'github-token' },
        AUTH_GITHUB_CLIENT_ID: { secret, key: 'auth-github-client-id' },
        AUTH_GITHUB_CLIENT_SECRET: { secret, key: 'auth-github-client-secret' },
      },
      appConfig: {
        app: { title: this.props.title },
        organization: { name: 'Example' },
        backend: { cors: { methods: ['GET', 'HEAD', 'PATCH', 'POST', 'PUT', 'DELETE'], credentials: true } },
        integrations: { github: [{ host: 'github.com', token: '${GITHUB_TOKEN}' }] },
        auth: {
          environment: this.node.id,
          providers: { github: { [this.node.id]: { clientId: '${AUTH_GITHUB_CLIENT_ID}', clientSecret: '${AUTH_GITHUB_CLIENT_SECRET}' } } },
        },
        kubernetes: {
          serviceLocatorMethod: { type: 'multiTenant' },
          clusterLocatorMethods: [{ type: 'config', clusters: [{ name: 'own', url: 'https://kubernetes.default.svc', authProvider: 'serviceAccount' }] }],
        },
      },
    });
  }

  /** Untouched: a StatefulSet cannot change its selector or its claim templates, and nobody moves a database to tidy up a chart. */
  private addDatabase(): void {
    new k8s.KubeService(this, 'database-service', {
      metadata: { name: 'backstage-postgres', labels: DATABASE_LABELS },
      spec: { clusterIp: 'None', selector: DATABASE_LABELS, ports: [{ port: 5432 }] },
    });
    new k8s.KubeStatefulSet(this, 'database', {
      metadata: { name: 'backstage-postgres', labels: DATABASE_LABELS },
      spec: {
        replicas: 1,
        serviceName: 'backstage-postgres',
        selector: { matchLabels: DATABASE_LABELS },
        template: {
          metadata: { labels: DATABASE_LABELS },
          spec: {
            securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999, runAsNonRoot: true },
            containers: [{
              name: 'postgres',
              image: 'docker.io/library/postgres:16.4',
              ports: [{ containerPort: 5432 }],
              env: [
                { name: 'POSTGRES_USER', value: 'backstage' },
                { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'backstage-secrets', key: 'postgres-password' } } },
                { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
              ],
              readinessProbe: { exec: { command: ['pg_isready', '-U', 'backstage'] } },
              resources: {
                requests: { cpu: k8s.Quantity.fromString('100m'), memory: k8s.Quantity.fromString('256Mi') },
                limits: { memory: k8s.Quantity.fromString('1Gi') },
              },
              volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
            }],
          },
        },
        volumeClaimTemplates: [{
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: k8s.Quantity.fromString(this.props.databaseSize) } },
          },
        }],
      },
    });
  }

  private addOperations(): void {
    new k8s.KubePodDisruptionBudget(this, 'disruption-budget', {
      metadata: { name: 'backstage', labels: LABELS },
      spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: LABELS } },
    });
    new ApiObject(this, 'monitor', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: 'backstage', labels: LABELS },
      spec: { selector: { matchLabels: LABELS }, endpoints: [{ port: 'metrics', interval: '30s' }] },
    });
    new k8s.KubeConfigMap(this, 'environment', {
      metadata: { name: 'backstage-env', labels: LABELS },
      data: { TZ: 'Etc/UTC', NODE_OPTIONS: '--no-node-snapshot' },
    });
    PodSecurity.enforce(this.portal);
  }
}

/** All environments. */
export function portedPortals(app: App): void {
  new PortedPortal(app, 'development', {
    image: 'registry.example.org/team/portal:1.6.0-rc.1',
    host: 'portal.dev.example.org',
    title: 'Portal (development)',
    preset: BackstagePreset.DEVELOPMENT,
    nixSize: Size.gibibytes(10),
    databaseSize: '5Gi',
  });
  new PortedPortal(app, 'staging', {
    image: 'registry.example.org/team/portal:1.5.2',
    host: 'portal.staging.example.org',
    title: 'Portal (staging)',
    preset: BackstagePreset.STAGING,
    nixSize: Size.gibibytes(20),
    databaseSize: '10Gi',
  });
  new PortedPortal(app, 'production', {
    image: 'registry.example.org/team/portal:1.5.1',
    host: 'portal.example.org',
    title: 'Portal',
    preset: BackstagePreset.PRODUCTION,
    nixSize: Size.gibibytes(40),
    databaseSize: '50Gi',
  });
}
