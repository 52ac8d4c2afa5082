import { ApiObject, App, Chart, Yaml } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';

/** What differs between the environments. */
export interface HandWrittenPortalProps {
  readonly image: string;
  readonly host: string;
  readonly title: string;
  readonly logLevel: string;
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
  readonly nixSize: string;
  readonly databaseSize: string;
}

const LABELS = { app: 'backstage' };
const DATABASE_LABELS = { app: 'backstage-postgres' };
const NIX_IMAGE = 'docker.io/nixos/nix:2.34.7';

/** A portal as charts for it are written by hand: each object with its name, and Nix by an init container that runs as root. */
export class HandWrittenPortal extends Chart {
  constructor(scope: Construct, id: string, private readonly props: HandWrittenPortalProps) {
    super(scope, id, { namespace: id });
    this.addAccess();
    this.addConfiguration();
    this.addNixVolume();
    this.addDeployment();
    this.addServiceAndIngress();
    this.addDatabase();
    this.addOperations();
  }

  private addAccess(): void {
    new k8s.KubeServiceAccount(this, 'service-account', {
      metadata: { name: 'backstage', labels: LABELS },
      automountServiceAccountToken: false,
    });
    new k8s.KubeClusterRole(this, 'cluster-role', {
      metadata: { name: `backstage-${this.node.id}-read`, labels: LABELS },
      rules: [
        {
          apiGroups: [''],
          resources: ['pods', 'pods/log', 'services', 'configmaps', 'limitranges', 'resourcequotas'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: ['apps'],
          resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: ['autoscaling'],
          resources: ['horizontalpodautoscalers'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: ['batch'],
          resources: ['jobs', 'cronjobs'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: ['networking.k8s.io'],
          resources: ['ingresses'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: ['metrics.k8s.io'],
          resources: ['pods'],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    });
    new k8s.KubeClusterRoleBinding(this, 'cluster-role-binding', {
      metadata: { name: `backstage-${this.node.id}-read`, labels: LABELS },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `backstage-${this.node.id}-read` },
      subjects: [{ kind: 'ServiceAccount', name: 'backstage', namespace: this.node.id }],
    });
  }

  private addConfiguration(): void {
    const baseUrl = `https://${this.props.host}`;
    new k8s.KubeConfigMap(this, 'config', {
      metadata: { name: 'backstage-app-config', labels: LABELS },
      data: {
        'app-config.kubernetes.yaml': Yaml.stringify({
          app: { baseUrl, title: this.props.title },
          organization: { name: 'Example' },
          backend: {
            baseUrl,
            listen: { port: 7007 },
            cors: { origin: baseUrl, methods: ['GET', 'HEAD', 'PATCH', 'POST', 'PUT', 'DELETE'], credentials: true },
            database: {
              client: 'pg',
              connection: { host: 'backstage-postgres', port: 5432, user: 'backstage', password: '${POSTGRES_PASSWORD}' },
            },
          },
          integrations: { github: [{ host: 'github.com', token: '${GITHUB_TOKEN}' }] },
          auth: { environment: this.node.id, providers: { github: { [this.node.id]: { clientId: '${AUTH_GITHUB_CLIENT_ID}', clientSecret: '${AUTH_GITHUB_CLIENT_SECRET}' } } } },
          kubernetes: {
            serviceLocatorMethod: { type: 'multiTenant' },
            clusterLocatorMethods: [{ type: 'config', clusters: [{ name: 'own', url: 'https://kubernetes.default.svc', authProvider: 'serviceAccount' }] }],
          },
        }),
      },
    });
    new k8s.KubeConfigMap(this, 'environment', {
      metadata: { name: 'backstage-env', labels: LABELS },
      data: { TZ: 'Etc/UTC', NODE_OPTIONS: '--no-node-snapshot' },
    });
  }

  private addNixVolume(): void {
    new k8s.KubePersistentVolumeClaim(this, 'nix', {
      metadata: {
        name: 'backstage-nix',
        labels: LABELS,
        annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        resources: { requests: { storage: k8s.Quantity.fromString(this.props.nixSize) } },
      },
    });
  }

  private addDeployment(): void {
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: { name: 'backstage', labels: LABELS },
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: LABELS },
        template: {
          metadata: {
            labels: LABELS,
            annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9464' },
          },
          spec: {
            serviceAccountName: 'backstage',
            automountServiceAccountToken: true,
            imagePullSecrets: [{ name: 'registry' }],
            terminationGracePeriodSeconds: 60,
            initContainers: [this.copyNix()],
            containers: [this.portal(), this.proxy()],
            volumes: [
              { name: 'nix', persistentVolumeClaim: { claimName: 'backstage-nix' } },
              { name: 'app-config', configMap: { name: 'backstage-app-config' } },
              { name: 'techdocs', emptyDir: { sizeLimit: k8s.Quantity.fromString('2Gi') } },
            ],
          },
        },
      },
    });
  }

  private copyNix(): k8s.Container {
    return {
      name: 'copy-nix',
      image: NIX_IMAGE,
      command: ['sh', '-c', '[ -e /pvc/store ] || cp -a /nix/. /pvc/'],
      securityContext: { runAsUser: 0 },
      volumeMounts: [{ name: 'nix', mountPath: '/pvc' }],
    };
  }

  private portal(): k8s.Container {
    const { props } = this;
    const secret = (name: string, key: string): k8s.EnvVar => ({ name, valueFrom: { secretKeyRef: { name: 'backstage-secrets', key } } });
    return {
      name: 'backstage',
      image: props.image,
      imagePullPolicy: 'IfNotPresent',
      args: [
        'node', 'packages/backend',
        '--config', 'app-config.yaml',
        '--config', 'app-config.production.yaml',
        '--config', '/app/config/app-config.kubernetes.yaml',
      ],
      ports: [
        { name: 'http', containerPort: 7007 },
        { name: 'metrics', containerPort: 9464 },
      ],
      env: [
        { name: 'NODE_ENV', value: 'production' },
        { name: 'LOG_LEVEL', value: props.logLevel },
        secret('POSTGRES_PASSWORD', 'postgres-password'),
        secret('GITHUB_TOKEN', 'github-token'),
        secret('AUTH_GITHUB_CLIENT_ID', 'auth-github-client-id'),
        secret('AUTH_GITHUB_CLIENT_SECRET', 'auth-github-client-secret'),
        { name: 'PATH', value: '/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      ],
      envFrom: [{ configMapRef: { name: 'backstage-env' } }],
      resources: {
        requests: { cpu: k8s.Quantity.fromString(props.cpuRequest), memory: k8s.Quantity.fromString(props.memoryRequest) },
        limits: { memory: k8s.Quantity.fromString(props.memoryLimit) },
      },
      startupProbe: {
        httpGet: { path: '/.backstage/health/v1/readiness', port: k8s.IntOrString.fromNumber(7007) },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 60,
      },
      readinessProbe: {
        httpGet: { path: '/.backstage/health/v1/readiness', port: k8s.IntOrString.fromNumber(7007) },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 3,
      },
      livenessProbe: {
        httpGet: { path: '/.backstage/health/v1/liveness', port: k8s.IntOrString.fromNumber(7007) },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 6,
      },
      volumeMounts: [
        { name: 'nix', mountPath: '/nix' },
        { name: 'app-config', mountPath: '/app/config', readOnly: true },
        { name: 'techdocs', mountPath: '/var/techdocs' },
      ],
    };
  }

  private proxy(): k8s.Container {
    return {
      name: 'metrics-proxy',
      image: 'registry.example.org/platform/metrics-proxy:1.9.0',
      imagePullPolicy: 'IfNotPresent',
      args: ['--upstream=http://127.0.0.1:9464'],
      ports: [{ name: 'metrics-tls', containerPort: 9465 }],
      resources: {
        requests: { cpu: k8s.Quantity.fromString('10m'), memory: k8s.Quantity.fromString('32Mi') },
        limits: { memory: k8s.Quantity.fromString('64Mi') },
      },
    };
  }

  private addServiceAndIngress(): void {
    new k8s.KubeService(this, 'service', {
      metadata: { name: 'backstage', labels: LABELS },
      spec: {
        type: 'ClusterIP',
        selector: LABELS,
        ports: [
          { name: 'http', port: 80, targetPort: k8s.IntOrString.fromNumber(7007) },
          { name: 'metrics', port: 9465, targetPort: k8s.IntOrString.fromNumber(9465) },
        ],
      },
    });
    new k8s.KubeIngress(this, 'ingress', {
      metadata: {
        name: 'backstage',
        labels: LABELS,
        annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '16m' },
      },
      spec: {
        ingressClassName: 'nginx',
        rules: [{
          host: this.props.host,
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'backstage', port: { number: 80 } } } }] },
        }],
        tls: [{ hosts: [this.props.host], secretName: 'backstage-tls' }],
      },
    });
  }

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
  }
}

/** All environments. */
export function handWrittenPortals(app: App): void {
  new HandWrittenPortal(app, 'development', {
    image: 'registry.example.org/team/portal:1.6.0-rc.1',
    host: 'portal.dev.example.org',
    title: 'Portal (development)',
    logLevel: 'debug',
    cpuRequest: '100m',
    memoryRequest: '512Mi',
    memoryLimit: '2048Mi',
    nixSize: '10Gi',
    databaseSize: '5Gi',
  });
  new HandWrittenPortal(app, 'staging', {
    image: 'registry.example.org/team/portal:1.5.2',
    host: 'portal.staging.example.org',
    title: 'Portal (staging)',
    logLevel: 'info',
    cpuRequest: '250m',
    memoryRequest: '512Mi',
    memoryLimit: '2048Mi',
    nixSize: '20Gi',
    databaseSize: '10Gi',
  });
  new HandWrittenPortal(app, 'production', {
    image: 'registry.example.org/team/portal:1.5.1',
    host: 'portal.example.org',
    title: 'Portal',
    logLevel: 'info',
    cpuRequest: '500m',
    memoryRequest: '1024Mi',
    memoryLimit: '4096Mi',
    nixSize: '40Gi',
    databaseSize: '50Gi',
  });
}
