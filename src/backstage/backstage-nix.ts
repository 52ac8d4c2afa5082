import { isIP } from 'net';
import { ApiObject, Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { backstageConfig, DatabaseConnection } from './backstage-config';
import { BackstageDatabase } from './backstage-database';
import { BackstagePreset } from './backstage-preset';
import { BACKSTAGE_SIZING, BackstageSizing } from './backstage-presets';
import { BundledPostgres } from './bundled-postgres';
import { contentHash } from '../base/content-hash';
import { isDataKey, isDnsSubdomain } from '../base/kubernetes-name';
import { validateMetadata } from '../base/object-metadata';
import { Problems } from '../base/problems';
import { NixConfigProps } from '../config/nix-config-props';
import { AiAssistant } from '../home/ai-assistant';
import { HomeManager } from '../home/home-manager';
import { NixImage } from '../image/nix-image';
import { NixSeedOptions } from '../store/nix-seed';
import { NixStore } from '../store/nix-store';
import { NixDeployment } from '../workloads/nix-deployment';

/**
 * How the portal is reached from outside.
 */
export interface BackstageIngressOptions {
  /**
   * The ingress class.
   *
   * @default - the default class of the cluster
   */
  readonly className?: string;

  /**
   * The Secret with the certificate for the host of the base URL. Needed if that is https and nothing in front of the cluster ends TLS.
   *
   * @default - none
   */
  readonly tlsSecret?: kplus.ISecret;

  /**
   * Annotations of the Ingress, for its controller.
   *
   * @default - none
   */
  readonly annotations?: { [name: string]: string };
}

/**
 * Props of a portal.
 */
export interface BackstageNixProps {
  /** The image: your build of `images/backstage-nix`, or any image of a Backstage with a single-user Nix. */
  readonly image: NixImage;

  /** Where people reach the portal, for example `https://portal.example.org`. */
  readonly baseUrl: string;

  /** Where Backstage keeps its data. */
  readonly database: BackstageDatabase;

  /**
   * How much of everything.
   *
   * @default BackstagePreset.PRODUCTION
   */
  readonly preset?: BackstagePreset;

  /**
   * Reach the portal from outside, under the host of the base URL.
   *
   * @default - no Ingress
   */
  readonly ingress?: BackstageIngressOptions;

  /**
   * Let the portal read what runs in the cluster, for its Kubernetes plugin: all but Secrets, and nothing to change. The pods get a token then.
   *
   * @default true
   */
  readonly clusterAccess?: boolean;

  /**
   * More of Backstage's configuration, as in `app-config.yaml`; it is merged over what this construct sets. Secrets belong into `secrets`.
   *
   * @default - none
   */
  readonly appConfig?: { [key: string]: any };

  /**
   * Variables from Secrets, to be used in the configuration as `${NAME}`.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: kplus.SecretValue };

  /**
   * The configuration files in the image that Backstage reads before ours.
   *
   * @default ['app-config.yaml', 'app-config.production.yaml']
   */
  readonly configFiles?: string[];

  /**
   * How many pods. More than one needs a store that allows it.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * Resources of Backstage's container.
   *
   * @default - those of the preset
   */
  readonly resources?: kplus.ContainerResources;

  /**
   * The volume that holds `/nix`.
   *
   * @default - a claim of the preset's size
   */
  readonly store?: NixStore;

  /**
   * Settings of nix.conf.
   *
   * @default - flakes on, sandbox off, the public binary cache
   */
  readonly config?: NixConfigProps;

  /**
   * How the store is seeded.
   *
   * @default - small requests, pulled if not present
   */
  readonly seed?: NixSeedOptions;

  /**
   * What is installed in the home.
   *
   * @default - the profile `container-essential` that `images/backstage-nix` has built in
   */
  readonly homeManager?: HomeManager;

  /**
   * AI assistants with their keys.
   *
   * @default - none
   */
  readonly assistants?: AiAssistant[];
}

/** What Backstage's Kubernetes plugin asks for. */
const READABLE: kplus.ApiResource[] = [
  kplus.ApiResource.PODS, kplus.ApiResource.SERVICES, kplus.ApiResource.CONFIG_MAPS,
  kplus.ApiResource.LIMIT_RANGES, kplus.ApiResource.RESOURCE_QUOTAS,
  kplus.ApiResource.DEPLOYMENTS, kplus.ApiResource.REPLICA_SETS, kplus.ApiResource.STATEFUL_SETS, kplus.ApiResource.DAEMON_SETS,
  kplus.ApiResource.HORIZONTAL_POD_AUTOSCALERS, kplus.ApiResource.INGRESSES, kplus.ApiResource.JOBS, kplus.ApiResource.CRON_JOBS,
  kplus.ApiResource.custom({ apiGroup: '', resourceType: 'pods/log' }),
  kplus.ApiResource.custom({ apiGroup: 'metrics.k8s.io', resourceType: 'pods' }),
];

const DATABASE_CA = 'backstage-database-ca';
const DATABASE_CA_FOLDER = '/etc/backstage-database-ca';
const PORT = 7007;
const CONFIG_FOLDER = '/etc/backstage';
const CONFIG_FILE = 'app-config.cdk8s-nix.yaml';

/**
 * A ready-made portal: Backstage with Nix and AI assistants, its Service, and as asked for an Ingress, read-only access to the cluster and
 * a database for development.
 *
 * Passwords come from Secrets and TLS is checked; what is not fit for production is refused there.
 */
export class BackstageNix extends Construct {
  /** The portal. */
  public readonly deployment: NixDeployment;

  /** What the portal is reached by in the cluster. */
  public readonly service: kplus.Service;

  /** What it is reached by from outside; undefined if not asked for. */
  public readonly ingress?: kplus.Ingress;

  /** Who the portal is in the cluster; undefined without access to the cluster. */
  public readonly serviceAccount?: kplus.ServiceAccount;

  /** The server of a bundled database; undefined for an existing one. */
  public readonly databaseStatefulSet?: kplus.StatefulSet;

  /** The ConfigMap with Backstage's configuration. */
  public readonly configMap: ApiObject;

  private readonly props: BackstageNixProps;
  private readonly problems: Problems;
  private readonly sizing: BackstageSizing;

  constructor(scope: Construct, id: string, props: BackstageNixProps) {
    super(scope, id);
    this.props = props;
    this.problems = new Problems(this);
    const preset = props.preset ?? BackstagePreset.PRODUCTION;
    this.sizing = BACKSTAGE_SIZING[preset];
    this.validateProps(preset);

    const connection = this.connect();
    const config = backstageConfig(props.baseUrl, PORT, connection, props.appConfig ?? {});
    this.configMap = this.configuration(config);
    this.databaseStatefulSet = connection.server?.statefulSet;
    this.serviceAccount = props.clusterAccess ?? true ? this.readCluster() : undefined;
    this.deployment = this.deploy(connection, config);
    this.service = new kplus.Service(this, 'Service', { ports: [{ name: 'http', port: 80, targetPort: PORT }], selector: this.deployment });
    this.ingress = props.ingress && this.exposeOutside(props.ingress);
  }

  private deploy(connection: DatabaseConnection, config: string): NixDeployment {
    const { props } = this;
    const deployment = new NixDeployment(this, 'Portal', {
      image: props.image,
      store: props.store ?? NixStore.persistent({ size: this.sizing.storeSize }),
      config: props.config,
      seed: props.seed,
      homeManager: props.homeManager ?? HomeManager.prebuilt(),
      assistants: props.assistants,
      replicas: props.replicas,
      serviceAccount: this.serviceAccount,
      automountServiceAccountToken: this.serviceAccount !== undefined,
      podMetadata: { annotations: { 'cdk8s-nix/backstage-config-checksum': contentHash(config) } },
    });
    const container = deployment.addContainer({
      name: 'backstage',
      image: props.image.reference,
      args: ['node', 'packages/backend', ...this.configFiles().flatMap(file => ['--config', file])],
      ports: [{ name: 'http', number: PORT }],
      resources: props.resources ?? this.sizing.resources,
      envVariables: this.variables(connection),
      ...this.probes(),
    });
    const imported = kplus.ConfigMap.fromConfigMapName(this, 'ImportedConfig', this.configMap.name);
    container.mount(CONFIG_FOLDER, kplus.Volume.fromConfigMap(this, 'ConfigVolume', imported, { name: 'backstage-config' }), { readOnly: true });
    const ca = connection.caBundle?._volume;
    if (ca) {
      deployment.environment._addPart(() => ({
        volumes: [{ ...ca.volume, name: DATABASE_CA }], mounts: [{ ...ca.mount, name: DATABASE_CA, mountPath: DATABASE_CA_FOLDER }],
      }));
    }
    return deployment;
  }

  private configFiles(): string[] {
    return [...(this.props.configFiles ?? ['app-config.yaml', 'app-config.production.yaml']), `${CONFIG_FOLDER}/${CONFIG_FILE}`];
  }

  private variables(connection: DatabaseConnection): { [name: string]: kplus.EnvValue } {
    const secrets = Object.entries(this.props.secrets ?? {}).map(([name, value]) => [name, kplus.EnvValue.fromSecretValue(value)] as const);
    return {
      NODE_ENV: kplus.EnvValue.fromValue('production'),
      LOG_LEVEL: kplus.EnvValue.fromValue(this.sizing.logLevel),
      POSTGRES_PASSWORD: kplus.EnvValue.fromSecretValue(connection.password),
      ...Object.fromEntries(secrets),
    };
  }

  /** A portal takes its time to start; until then neither of the other probes is asked. */
  private probes(): Pick<kplus.ContainerProps, 'startup' | 'readiness' | 'liveness'> {
    const period = Duration.seconds(10);
    const probe = (kind: string, failureThreshold: number) =>
      kplus.Probe.fromHttpGet(`/.backstage/health/v1/${kind}`, { port: PORT, periodSeconds: period, timeoutSeconds: Duration.seconds(5), failureThreshold });
    return {
      startup: probe('readiness', this.sizing.startup.toSeconds() / period.toSeconds()),
      readiness: probe('readiness', 3),
      liveness: probe('liveness', 6),
    };
  }

  private connect(): DatabaseConnection {
    const { _existing: existing, _bundled: bundled } = this.props.database;
    if (existing) {
      return {
        host: existing.host,
        port: existing.port ?? 5432,
        user: existing.user ?? 'backstage',
        password: existing.password,
        tls: existing.tls ?? true,
        caBundle: existing.caBundle,
        caFile: existing.caBundle && `${DATABASE_CA_FOLDER}/ca-bundle.crt`,
      };
    }
    const image = bundled!.image ?? 'docker.io/library/postgres:16.4';
    NixImage.of(image)._validate(this.problems, 'database.image');
    const server = new BundledPostgres(this, 'Database', bundled!, image, this.databaseSize());
    return { host: server.service.name, port: server.port, user: server.user, password: bundled!.password, tls: false, server };
  }

  private databaseSize(): Size {
    const fallback = Size.gibibytes(5);
    const size = this.props.database._bundled?.size ?? fallback;
    if (size.toKibibytes() > 0 && size.toKibibytes() % (1024 * 1024) === 0) {
      return size;
    }
    this.problems.add('CDK8SNIX0903', 'database.size', size.asString(), 'A claim is for one GiB or more, in whole GiB.', 'Use for example Size.gibibytes(5).');
    return fallback;
  }

  private configuration(config: string): ApiObject {
    return new ApiObject(this, 'Config', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data: { [CONFIG_FILE]: config },
    });
  }

  /** What the Kubernetes plugin shows. No Secrets, and no verb that changes anything. */
  private readCluster(): kplus.ServiceAccount {
    const account = new kplus.ServiceAccount(this, 'ServiceAccount', { automountToken: false });
    const role = new kplus.ClusterRole(this, 'ClusterRole');
    role.allowRead(...READABLE);
    role.bind(account);
    return account;
  }

  private exposeOutside(options: BackstageIngressOptions): kplus.Ingress {
    const ingress = new kplus.Ingress(this, 'Ingress', { className: options.className, metadata: { annotations: options.annotations } });
    // A URL that is none is reported already.
    const host = URL.canParse(this.props.baseUrl) ? new URL(this.props.baseUrl).hostname : 'invalid';
    ingress.addHostRule(host, '/', kplus.IngressBackend.fromService(this.service), kplus.HttpIngressPathType.PREFIX);
    if (options.tlsSecret) {
      ingress.addTls([{ hosts: [host], secret: options.tlsSecret }]);
    }
    return ingress;
  }

  private validateProps(preset: BackstagePreset): void {
    const { baseUrl, database, secrets = {} } = this.props;
    const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || /[\s"'\\$]/.test(baseUrl)) {
      this.problems.add('CDK8SNIX0901', 'baseUrl', baseUrl, 'People reach the portal by a URL without user, white space or quotes.', 'Use for example "https://portal.example.org".');
    }
    if (preset === BackstagePreset.PRODUCTION) {
      this.validateProduction(url);
    }
    this.validateIngress(url);
    const host = database._existing?.host;
    if (host !== undefined && !isDnsSubdomain(host.toLowerCase()) && !/^[0-9a-f:.]+$/.test(host)) {
      this.problems.add('CDK8SNIX0903', 'database.host', host, 'It is no host name and no address.', 'Use for example "postgres.databases.svc".');
    }
    const user = database._existing?.user;
    if (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(user)) {
      this.problems.add('CDK8SNIX0903', 'database.user', user, 'A user name has letters, digits, "_", ".", "@" and "-".', 'Use for example "backstage".');
    }
    const port = database._existing?.port;
    if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535)) {
      this.problems.add('CDK8SNIX0903', 'database.port', port, 'A port is a whole number from 1 to 65535.', 'Use for example 5432.');
    }
    const keys: Array<[string, kplus.SecretValue]> = [['database.password', (database._existing ?? database._bundled)!.password],
      ...Object.entries(secrets).map(([name, value]): [string, kplus.SecretValue] => [`secrets.${name}`, value])];
    for (const [prop, { key }] of keys.filter(([, value]) => !isDataKey(value.key))) {
      this.problems.add('CDK8SNIX0308', `${prop}.key`, key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.', 'Name the key as it stands in the Secret.');
    }
  }

  private validateIngress(url: URL | undefined): void {
    const { ingress, baseUrl } = this.props;
    if (!ingress) {
      return;
    }
    if (ingress.className !== undefined && !isDnsSubdomain(ingress.className)) {
      this.problems.add('CDK8SNIX0904', 'ingress.className', ingress.className, 'A class has lower-case letters, digits, "-" and "."; 253 at most.',
        'Use a name that `kubectl get ingressclass` lists, or leave it out.');
    }
    if (url && (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || !isDnsSubdomain(url.hostname))) {
      this.problems.add('CDK8SNIX0904', 'baseUrl', baseUrl, 'The host of an Ingress is a DNS name, and no address.',
        'Use a name for the portal, or leave `ingress` out.');
    }
    validateMetadata(this.problems, { annotations: ingress.annotations }, { labels: 'ingress.labels', annotations: 'ingress.annotations' });
  }

  private validateProduction(url: URL | undefined): void {
    if (this.props.database._bundled) {
      this.problems.add('CDK8SNIX0902', 'database', 'bundled', 'The bundled database is one pod without backups and without TLS.',
        'Use BackstageDatabase.existing(), or another preset.');
    }
    if (this.props.database._existing?.tls === false) {
      this.problems.add('CDK8SNIX0902', 'database.tls', false, 'Passwords and data would cross the network in clear.', 'Leave it out.');
    }
    if (url?.protocol === 'http:') {
      this.problems.add('CDK8SNIX0902', 'baseUrl', this.props.baseUrl, 'Sessions would cross the network in clear.', 'Use https.');
    }
  }
}
