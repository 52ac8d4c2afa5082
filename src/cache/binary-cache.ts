import { ApiObject, Chart, Duration, Lazy, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { checkCacheProps } from './binary-cache-checks';
import { NixBinaryCacheProps } from './binary-cache-props';
import { cacheUpstream } from './cache-upstream';
import { renderNginxConfig } from './nginx-config';
import { checkArguments, checkConstruct } from '../base/argument-check';
import { contentHash } from '../base/content-hash';
import { LONGEST_OF_STATEFUL_SET, shorterName } from '../base/made-name';
import { packageFile } from '../base/package-file';
import { describe, Problems } from '../base/problems';
import { verbatim } from '../base/verbatim';
import { Substituter } from '../config/substituter';
import { NixImage } from '../image/nix-image';
import { ANYWHERE, dnsEgress, ipBlocks, namespacePeer, tcpPorts, urlPort } from '../network/network-rules';
import { checkServiceName } from '../pod/service-name';
import { addClaimTemplate, transformPodSpec } from '../pod/workload-hook';
import { keepPatchedFieldsBelow } from '../pod/written-manifest';

/** Where things are in the container. */
const CONFIG_DIR = '/opt/cdk8s-nix';
const CACHE_DIR = '/mnt/nix-cache';
const RUN_DIR = '/tmp';
/** Where both Debian and Alpine keep the certificates of the public authorities. */
const IMAGE_CA_FILE = '/etc/ssl/certs/ca-certificates.crt';
const SERVICE_PORT = 80;

/**
 * A binary cache in the cluster that fetches each path once and then serves it to all pods: nginx in front of one or several
 * upstreams, with a volume.
 *
 * Signatures stay those of the upstreams, so the cache needs no trust: what it alters, Nix refuses.
 *
 * @example environment.useBinaryCache(new NixBinaryCache(chart, 'cache', { volumeSize: Size.gibibytes(100) }));
 */
export class NixBinaryCache extends Construct {
  /** The pods. */
  public readonly statefulSet: kplus.StatefulSet;

  /** What clients connect to. */
  public readonly service: kplus.Service;

  /** The ConfigMap with nginx.conf. */
  public readonly configMap: kplus.ConfigMap;

  /** Keeps one pod at least while nodes are drained, where there are several. */
  public readonly podDisruptionBudget: ApiObject;

  /** What may reach the cache, and what it may reach; undefined if turned off. */
  public readonly networkPolicy?: ApiObject;

  private readonly problems: Problems;
  private readonly upstreams: Substituter[];
  private readonly port: number;
  private readonly clientNamespaces = new Set<string>();

  constructor(scope: Construct, id: string, private readonly props: NixBinaryCacheProps = {}) {
    checkConstruct('NixBinaryCache', arguments, new.target, NixBinaryCache);
    super(scope, id);
    this.problems = new Problems(this);
    this.upstreams = props.upstreams ?? [Substituter.nixos()];
    const image = props.image ?? 'docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine';
    const canRender = checkCacheProps(props, this.upstreams, this.problems);
    // kplus throws on a port of its own dislike, before the message that says why could be shown.
    this.port = props.port !== undefined && Number.isInteger(props.port) ? props.port : 8080;
    NixImage.of(image)._validate(this.problems, 'image');

    const files = {
      'nginx.conf': canRender ? this.nginxConfig() : '',
      'start-binary-cache.sh': packageFile('scripts/start-binary-cache.sh'),
    };
    this.configMap = new kplus.ConfigMap(this, 'Config', { binaryData: verbatim(files) });
    this.service = new kplus.Service(this, 'Service', {
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: this.port }],
    });
    this.statefulSet = this.createStatefulSet(image, contentHash(...Object.entries(files).flat()));
    this.podDisruptionBudget = new kplus.k8s.KubePodDisruptionBudget(this, 'PodDisruptionBudget', {
      // Not `minAvailable`: with a single pod it would block every drain.
      spec: { maxUnavailable: kplus.k8s.IntOrString.fromNumber(1), selector: { matchLabels: this._podLabels } },
    });
    if (props.networkPolicy ?? true) {
      this.networkPolicy = new kplus.k8s.KubeNetworkPolicy(this, 'NetworkPolicy', {
        spec: Lazy.any({ produce: () => this.networkRules() }),
      });
    }
    keepPatchedFieldsBelow(this);
    this.node.addValidation({ validate: () => checkServiceName(ApiObject.of(this.service), 'CDK8SNIX0514').map(describe) });
  }

  /**
   * The cache as Nix reaches it from a namespace: one substituter for each upstream, in their order, with the upstream's keys.
   *
   * @param namespace the namespace of the clients; that of the cache if left out
   */
  public substituters(namespace?: string): Substituter[] {
    checkArguments('NixBinaryCache.substituters', arguments, this);
    const host = this._host(namespace);
    // What is no URL is reported at synth.
    return this.upstreams.filter(upstream => URL.canParse(upstream.url)).map(upstream => Substituter.of(`http://${host}/${cacheUpstream(upstream).name}`, ...upstream.publicKeys));
  }

  /**
   * Let the pods of another namespace use the cache. `NixEnvironment.useBinaryCache` does so by itself.
   *
   * @param namespace the name of the namespace
   */
  public allowFrom(namespace: string): void {
    checkArguments('NixBinaryCache.allowFrom', arguments, this);
    this.clientNamespaces.add(namespace);
  }

  /**
   * The host name of the Service, as short as it can be.
   *
   * @internal
   */
  public _host(clientNamespace: string | undefined): string {
    const namespace = Chart.of(this).namespace;
    return namespace === undefined || namespace === clientNamespace ? this.service.name : `${this.service.name}.${namespace}.svc`;
  }

  /**
   * The labels that find the pods of the cache.
   *
   * @internal
   */
  public get _podLabels(): { [label: string]: string } {
    return this.statefulSet.matchLabels;
  }

  /**
   * The port of the pods.
   *
   * @internal
   */
  public get _podPort(): number {
    return this.port;
  }

  private nginxConfig(): string {
    const volume = this.volumeSize();
    return renderNginxConfig({
      upstreams: this.upstreams.map(cacheUpstream),
      port: this.port,
      cacheDir: CACHE_DIR,
      runDir: RUN_DIR,
      caFile: this.props.caBundle?._volume.file ?? IMAGE_CA_FILE,
      maxSize: this.props.maxSize ?? share(volume, 80),
      minFree: this.minFree(),
      largestObject: this.bypassBelow(),
      indexSize: indexSize(volume),
      hitTtl: this.props.hitTtl ?? Duration.days(1),
      missTtl: this.props.missTtl ?? Duration.minutes(1),
      unusedFor: this.props.unusedFor ?? Duration.days(90),
      priority: this.props.priority ?? 30,
    });
  }

  private volumeSize(): Size {
    return this.props.volumeSize ?? Size.gibibytes(50);
  }

  private createStatefulSet(image: string, checksum: string): kplus.StatefulSet {
    const user = this.props.userId ?? 101;
    const name = shorterName(this, 'statefulset', LONGEST_OF_STATEFUL_SET);
    const statefulSet = new kplus.StatefulSet(this, 'StatefulSet', {
      metadata: name === undefined ? undefined : { name },
      service: this.service,
      replicas: this.props.replicas ?? 1,
      // A cache has no order; after a node is gone both pods may come back at once.
      podManagementPolicy: kplus.PodManagementPolicy.PARALLEL,
      podMetadata: { annotations: { 'cdk8s-nix/config-checksum': checksum } },
      terminationGracePeriod: Duration.minutes(1),
      securityContext: { user, group: user, fsGroup: user, fsGroupChangePolicy: kplus.FsGroupChangePolicy.ON_ROOT_MISMATCH },
    });
    const health = kplus.Probe.fromHttpGet('/healthz', { port: this.port, timeoutSeconds: Duration.seconds(5) });
    const container = statefulSet.addContainer({
      name: 'nginx',
      image,
      imagePullPolicy: this.props.imagePullPolicy ?? kplus.ImagePullPolicy.IF_NOT_PRESENT,
      command: ['sh', `${CONFIG_DIR}/start-binary-cache.sh`],
      ports: [{ name: 'http', number: this.port }],
      envVariables: {
        CACHE_DIR: kplus.EnvValue.fromValue(CACHE_DIR),
        CACHE_BYPASS_BELOW_KIB: kplus.EnvValue.fromValue(String(this.bypassBelow().toKibibytes())),
      },
      resources: this.props.resources ?? RESOURCES,
      readiness: health,
      liveness: health,
      securityContext: {
        user,
        group: user,
        capabilities: { drop: [kplus.Capability.ALL] },
        seccompProfile: { type: kplus.SeccompProfileType.RUNTIME_DEFAULT },
      },
    });
    container.mount(CONFIG_DIR, kplus.Volume.fromConfigMap(this, 'ConfigVolume', this.configMap, { name: 'config' }), { readOnly: true });
    container.mount(RUN_DIR, kplus.Volume.fromEmptyDir(this, 'RunVolume', 'run', { sizeLimit: Size.mebibytes(64) }));
    this.addVolumes(statefulSet);
    return statefulSet;
  }

  /** What kplus-28 has no typed API for: claim templates, and projected volumes. */
  private addVolumes(statefulSet: kplus.StatefulSet): void {
    const ca = this.props.caBundle?._volume;
    transformPodSpec(statefulSet, spec => ({
      ...spec,
      securityContext: { ...spec.securityContext, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [...spec.volumes ?? [], ...(ca ? [ca.volume] : [])],
      containers: spec.containers.map((container: any) => container.name !== 'nginx' ? container : {
        ...container,
        volumeMounts: [...container.volumeMounts ?? [], { name: 'cache', mountPath: CACHE_DIR }, ...(ca ? [ca.mount] : [])],
      }),
    }));
    const whenGone = this.props.retain ? 'Retain' : 'Delete';
    addClaimTemplate(statefulSet, 'cache', {
      metadata: {},
      spec: {
        accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
        storageClassName: this.props.storageClassName,
        resources: { requests: { storage: kplus.k8s.Quantity.fromString(`${Math.round(this.volumeSize().toKibibytes() / 1024 / 1024)}Gi`) } },
      },
      retention: { whenDeleted: whenGone, whenScaled: whenGone },
    });
  }

  private minFree(): Size {
    return this.props.minFree ?? share(this.volumeSize(), 10);
  }

  /** With less than this nothing is stored, and nothing larger either: what is begun always fits. */
  private bypassBelow(): Size {
    return share(this.minFree(), 50);
  }

  private networkRules(): kplus.k8s.NetworkPolicySpec {
    const ports = this.upstreams.map(upstream => urlPort(upstream.url)).filter((port): port is number => port !== undefined);
    return {
      podSelector: { matchLabels: this._podLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }, ...[...this.clientNamespaces].sort().map(name => namespacePeer(name))], ports: tcpPorts([this.port]) }],
      egress: [dnsEgress([53]), { to: ipBlocks(this.props.upstreamCidrs ?? ANYWHERE), ports: tcpPorts(ports) }],
    };
  }
}

const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(1024) },
};

function share(size: Size, percent: number): Size {
  return Size.kibibytes(Math.floor(size.toKibibytes() * percent / 100));
}

/**
 * 2 MiB of index for each GiB, within bounds. That is one object for 64 KiB, four times fewer than ext4 has inodes, so that
 * a cache full of small files ends at its index and not at the file system.
 */
function indexSize(volume: Size): Size {
  return Size.mebibytes(Math.min(256, Math.max(8, Math.floor(volume.toKibibytes() / 1024 / 1024) * 2)));
}
