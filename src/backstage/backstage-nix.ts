import { ApiObject, Chart, Duration, Lazy, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { AppConfig } from './app-config';
import { backstageConfig } from './backstage-config';
import { BackstageNixProps } from './backstage-nix-props';
import { BackstagePreset } from './backstage-preset';
import { BACKSTAGE_SIZING, BackstageSizing, presetOf } from './backstage-presets';
import { readCluster } from './cluster-access';
import { plainSecrets } from './config-secrets';
import { mountConfig, volumeProblems } from './config-volume';
import { checkDatabase, databaseSize, weakenedTls } from './database-checks';
import { connectTo, DatabaseConnection } from './database-connection';
import { followReferences } from './followed-references';
import { checkContainerPorts, listeningProblems, schemeProblems, serviceProblems } from './listening-checks';
import { bindingProblems, checkObjects, movedProblems, serviceNameProblems } from './object-checks';
import { portalIngress, portalService, publicAddress, servicePort } from './portal-access';
import { checkPortal, unselected } from './portal-checks';
import { CONFIG_FILE, CONFIG_FOLDER, portalContainer, portalPort } from './portal-container';
import { alongside, restrictPortal } from './portal-network';
import { portalRoute } from './portal-route';
import { wholeSeconds } from './whole-seconds';
import { checkConstruct } from '../base/argument-check';
import { contentHash } from '../base/content-hash';
import { describe, Problems } from '../base/problems';
import { verbatim } from '../base/verbatim';
import { NixEnvironmentOptions } from '../environment/nix-environment-props';
import { HomeManager } from '../home/home-manager';
import { NixImage } from '../image/nix-image';
import { NixImageKind } from '../image/nix-image-recipe';
import { keepPatchedFields } from '../pod/written-manifest';
import { NixStore } from '../store/nix-store';
import { NixDeployment } from '../workloads/nix-deployment';

/** The images of ours that a portal may be built into. */
const WITH_NIX: readonly NixImageKind[] = [NixImageKind.BACKSTAGE_NIX, NixImageKind.ADD_NIX];

/** What a first start has besides: for images to be pulled and the store to be seeded. */
const TIME_TO_SEED = Duration.minutes(10);

/**
 * A ready-made portal: Backstage with Nix and AI assistants, its Service, and as asked for an Ingress or an HTTPRoute, read-only access to the cluster and
 * a database for development.
 *
 * Passwords come from Secrets and TLS is checked; what is not fit for production is refused there. JSON patches on any of its objects hold,
 * and what refers to them follows.
 *
 * @example
 * new BackstageNix(chart, 'backstage', {
 *   image: NixImage.of('registry.example.org/team/portal:1.0.0'),
 *   baseUrl: 'https://portal.example.org',
 *   database: BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret, key: 'postgres' } }),
 * });
 */
export class BackstageNix extends Construct {
  /** The portal. */
  public readonly deployment: NixDeployment;

  /** What the portal is reached by in the cluster. */
  public readonly service: kplus.Service;

  /** What it is reached by from outside; undefined if not asked for. */
  public readonly ingress?: kplus.Ingress;

  /** The HTTPRoute of the Gateway API that it is reached by from outside; undefined if not asked for. */
  public readonly httpRoute?: ApiObject;

  /** The NetworkPolicies: of the environment, the portal and a bundled database; none if not asked for. */
  public readonly networkPolicies: ApiObject[];

  /** Who the portal is in the cluster, if the account is one of ours; undefined without access to the cluster. */
  public readonly serviceAccount?: kplus.ServiceAccount;

  /** What the portal may read in the cluster; undefined without access to it. */
  public readonly clusterRole?: kplus.ClusterRole;

  /** Gives the role to the account; undefined without access to the cluster. */
  public readonly clusterRoleBinding?: kplus.ClusterRoleBinding;

  /** The server of a bundled database; undefined for an existing one. */
  public readonly databaseStatefulSet?: kplus.StatefulSet;

  /** What a bundled database is reached by; undefined for an existing one. */
  public readonly databaseService?: kplus.Service;

  /** The ConfigMap with Backstage's configuration. */
  public readonly configMap: ApiObject;

  /** Our configuration file in the portal's container, for a command that names all its files itself. */
  public readonly configFile: string = `${CONFIG_FOLDER}/${CONFIG_FILE}`;

  private readonly props: BackstageNixProps;
  private readonly sizing: BackstageSizing;
  private readonly port: number;

  constructor(scope: Construct, id: string, props: BackstageNixProps) {
    checkConstruct('BackstageNix', arguments, new.target, BackstageNix);
    super(scope, id);
    this.props = props;
    this.port = portalPort(props);
    const problems = new Problems(this);
    const preset = presetOf(props);
    this.sizing = BACKSTAGE_SIZING[preset];
    checkPortal(problems, props, preset);
    checkContainerPorts(problems, props, this.port);
    checkObjects(problems, props, Chart.of(this).namespace);
    checkDatabase(problems, props.database, preset);

    const connection = connectTo(this, props.database, {
      size: databaseSize(props.database) ?? Size.gibibytes(5),
      resources: props.containerResources,
      dockerRegistryAuth: props.deployment?.dockerRegistryAuth,
    });
    const config = new AppConfig(() => backstageConfig(props.baseUrl, this.port, connection), props.appConfig ?? {}, props.appConfigWithout ?? [],
      () => this.configMap);
    this.node.addValidation({
      validate: () => {
        const content = config.content();
        return [
          ...config.problems(),
          ...plainSecrets(content, preset !== BackstagePreset.DEVELOPMENT),
          ...listeningProblems(content, this.port),
          ...schemeProblems(content, props),
          ...(preset === BackstagePreset.PRODUCTION ? weakenedTls(content, connection) : []),
          ...serviceProblems(this.service, this.port),
          ...movedProblems(this),
          ...serviceNameProblems(this, props),
          ...(this.clusterRoleBinding ? bindingProblems(ApiObject.of(this.clusterRoleBinding).toJson()) : []),
          ...(Object.keys(this.deployment.matchLabels).length === 0 ? [unselected()] : []),
        ].map(describe);
      },
    });
    this.configMap = new ApiObject(this, 'Config', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: props.metadata?.configMap,
      binaryData: Lazy.any({ produce: () => verbatim({ [CONFIG_FILE]: config.text() }) }),
    });
    this.databaseStatefulSet = connection.server?.statefulSet;
    this.databaseService = connection.server?.service;
    const access = props.clusterAccess ?? true ? readCluster(this, props.deployment?.serviceAccount, props.metadata ?? {}) : undefined;
    this.serviceAccount = access?.ownAccount;
    this.clusterRole = access?.role;
    this.clusterRoleBinding = access?.binding;
    this.deployment = this.deploy(connection, access?.account ?? props.deployment?.serviceAccount);
    this.service = portalService(this, props, this.deployment, this.port);
    const address = publicAddress(props.baseUrl);
    const port = servicePort(this.service, this.port);
    // One without ports is refused at synth, and kplus would do so here in words of its own.
    this.ingress = props.ingress && this.service.ports.length > 0 ? portalIngress(this, props.ingress, address, this.service, port) : undefined;
    this.httpRoute = props.httpRoute && portalRoute(this, props.httpRoute, address, this.service, port);
    this.networkPolicies = this.restrictNetwork();
    this.followPatches();
  }

  private deploy(connection: DatabaseConnection, account: kplus.IServiceAccount | undefined): NixDeployment {
    const { props } = this;
    const { containers: sidecars = [], ...workload } = props.deployment ?? {};
    const container = portalContainer(props, this.sizing, connection);
    const image = this.seedImage();
    const deployment = new NixDeployment(this, 'Portal', {
      automountServiceAccountToken: props.clusterAccess ?? true,
      replicas: props.replicas,
      progressDeadline: this.progressDeadline(),
      ...workload,
      serviceAccount: account,
      select: props.selector ? false : workload.select,
      ...environmentOptions(props),
      image,
      store: props.store ?? NixStore.persistent({ size: this.sizing.storeSize }),
      homeManager: props.homeManager ?? (image.kind === NixImageKind.BACKSTAGE_NIX ? HomeManager.prebuilt() : undefined),
      nixContainers: [container.name!],
    });
    if (props.selector) {
      deployment.select(kplus.LabelSelector.of({ labels: props.selector }));
      Object.entries(props.selector).forEach(([label, value]) => deployment.podMetadata.addLabel(label, value));
    }
    const checksum = Lazy.any({ produce: () => contentHash(JSON.stringify(this.configMap.toJson().binaryData)) });
    deployment.podMetadata.addAnnotation('cdk8s-nix/backstage-config-checksum', checksum);
    const configVolume = mountConfig(this, this.addPortal(deployment, container), this.configMap.name);
    this.node.addValidation({ validate: () => volumeProblems(deployment, configVolume).map(describe) });
    sidecars.forEach(sidecar => deployment.addContainer(sidecar));
    if (connection.ca) {
      const { volume, mount } = connection.ca;
      deployment.environment._addPart(() => ({ volumes: [volume], mounts: [mount] }));
    }
    return deployment;
  }

  private addPortal(deployment: NixDeployment, props: kplus.ContainerProps): kplus.Container {
    const container = deployment.addContainer(props);
    // Probes and handlers of the user without a port ask this one. As a prop it would be a port without a name, and a startup probe.
    return Object.assign(container, { portNumber: this.port });
  }

  /** The portal's own image where it is known to have a Nix that suits. */
  private seedImage(): NixImage {
    const { image, seedImage } = this.props;
    return seedImage ?? (WITH_NIX.includes(image.kind) ? image : NixImage.upstream());
  }

  /** Kubernetes gives up after ten minutes, which is what starting alone may take. */
  private progressDeadline(): Duration {
    return Duration.seconds(TIME_TO_SEED.toSeconds() + wholeSeconds(this.props.probes?.startup ?? this.sizing.startup));
  }

  private restrictNetwork(): ApiObject[] {
    const { networkPolicy, database, clusterAccess } = this.props;
    if (!networkPolicy) {
      return [];
    }
    const { fromNamespaces, metadata, ...everywhere } = networkPolicy;
    return [this.deployment.environment.restrictNetwork({ ...everywhere, metadata: alongside(metadata, 'nix') }), ...restrictPortal(this, {
      deployment: this.deployment,
      port: this.port,
      database,
      databaseStatefulSet: this.databaseStatefulSet,
      readsCluster: clusterAccess ?? true,
    }, networkPolicy)];
  }

  private followPatches(): void {
    const { environment } = this.deployment;
    const service = ApiObject.of(this.service);
    const database = this.databaseStatefulSet && this.databaseService
      ? { workload: ApiObject.of(this.databaseStatefulSet), service: ApiObject.of(this.databaseService) } : undefined;
    const constructs = [this.ingress, this.serviceAccount, this.clusterRole, this.clusterRoleBinding];
    const objects = [...constructs.flatMap(construct => construct ? [ApiObject.of(construct)] : []), ...this.networkPolicies];
    [service, ...database ? [database.workload, database.service] : [], ...objects].forEach(object => keepPatchedFields(object));
    const claim = environment.claim?.node.findAll().find(ApiObject.isApiObject);
    const others = [...objects, this.configMap, environment.config.apiObject, this.httpRoute, claim];
    followReferences({
      portal: { workload: ApiObject.of(this.deployment), service },
      database,
      others: others.flatMap(object => object ?? []),
    });
  }
}

/** The props of a portal that are those of every environment: all that are not its own. */
function environmentOptions(props: BackstageNixProps): NixEnvironmentOptions {
  const {
    image, baseUrl, database, seedImage, preset, development, deployment, container, selector, service, ingress, httpRoute, networkPolicy,
    probes, metadata, clusterAccess, appConfig, appConfigWithout, secrets, configFiles, replicas, resources, ...environment
  } = props;
  return environment;
}
