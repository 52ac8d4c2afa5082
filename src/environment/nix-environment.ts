import { ApiObject, Chart, Lazy } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { loginProfile } from './login-profile';
import { NixEnvironmentProps } from './nix-environment-props';
import { checkServedStore, checkWorkload } from './workload-checks';
import { isPlainAbsolutePath } from '../base/kubernetes-name';
import { ObjectMetadata, validateMetadata } from '../base/object-metadata';
import { Problems } from '../base/problems';
import { NixBinaryCache } from '../cache/binary-cache';
import { NixGarbageCollectionOptions } from '../care/garbage-collection-options';
import { NixPrefetchAtStartOptions } from '../care/prefetch-options';
import { StoreCare } from '../care/store-care';
import { mergedNetrc } from '../config/merged-netrc';
import { NixConfig } from '../config/nix-config';
import { checkAssistants } from '../home/assistant-checks';
import { homeActivation } from '../home/home-activation';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { EnvironmentNetwork } from '../network/environment-network';
import { NixNetworkPolicyOptions } from '../network/network-options';
import { BoundStore, StoreReach } from '../pod/bound-store';
import { keepPatchedFields } from '../pod/keep-patched-fields';
import { NeededObjects } from '../pod/needed-objects';
import { HOME_FOLDER, VOLUME } from '../pod/pod-names';
import { applyToPodSpec, joinParts, PodAdditions, PodPart, withoutWorkloadSteps } from '../pod/pod-spec';
import { SharedFiles } from '../pod/shared-files';
import { addClaimTemplate, transformPodSpec, workloadProps } from '../pod/workload-hook';
import { EnvironmentPrograms } from '../program/environment-programs';
import { NixProgram } from '../program/nix-program';
import { NixStore } from '../store/nix-store';
import { StoreContainers } from '../store/store-containers';
import { storeScripts } from '../store/store-scripts';

/**
 * Options of `NixEnvironment.enable`.
 */
export interface NixEnableOptions {
  /**
   * The names of the containers (init containers too) that get Nix. The others only get the security context and `/tmp`.
   *
   * @default - all containers, added before or after
   */
  readonly containers?: string[];
}

const DEFAULT_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The profile that always holds Nix itself, whatever HOME is. */
const DEFAULT_PROFILE = '/nix/var/nix/profiles/default';

/**
 * Everything a pod needs to use Nix: the store and the image that seeds it, nix.conf, user and home.
 *
 * `enable()` gives it to a workload; one environment may serve several workloads, as far as its store can.
 */
export class NixEnvironment extends Construct {
  /** The seed image. */
  public readonly image: NixImage;

  /** Who runs the containers and owns the store. */
  public readonly user: NixUser;

  /** nix.conf. */
  public readonly config: NixConfig;

  /** Where the home folder lives. */
  public readonly home: NixHome;

  /** The claim of the store; undefined if the store has none. */
  public readonly claim?: kplus.IPersistentVolumeClaim;

  /**
   * What is done for the store.
   *
   * @internal
   */
  public readonly _care: StoreCare;

  /**
   * The programs that its containers run.
   *
   * @internal
   */
  public readonly _programs: EnvironmentPrograms;

  private readonly problems: Problems;
  private readonly store: BoundStore;
  private readonly storeContainers: StoreContainers;
  private readonly scripts: SharedFiles;
  private readonly path: string[];
  private readonly props: NixEnvironmentProps;
  private readonly parts: Array<() => Partial<PodPart>> = [];
  private readonly network: EnvironmentNetwork;

  constructor(scope: Construct, id: string, props: NixEnvironmentProps = {}) {
    super(scope, id);
    this.problems = new Problems(this);
    this.props = props;
    this.image = props.image ?? NixImage.upstream();
    this.user = props.user ?? NixUser.code();
    this.path = props.path ?? DEFAULT_PATH;
    this.validateProps();

    this.store = (props.store ?? NixStore.persistent())._bind({ scope: this, problems: this.problems, metadata: this.objectMetadata() });
    this.claim = this.store.claim;
    const ownHome = this.store.persistent && this.store.reach !== StoreReach.MANY_NODES;
    this.home = props.home ?? (ownHome ? NixHome.onStoreVolume() : NixHome.ephemeral());
    this.storeContainers = new StoreContainers(this.image, props.seed ?? {}, this.store, this.homeVolume(), props.containerResources);

    this.config = new NixConfig(this, 'Config', props.config);
    Object.entries(props.objectLabels ?? {}).forEach(([name, value]) => this.config.apiObject.metadata.addLabel(name, value));
    Object.entries(props.objectAnnotations ?? {}).forEach(([name, value]) => this.config.apiObject.metadata.addAnnotation(name, value));
    NeededObjects.of(this).add(this.config.apiObject);
    this.config._addFile('profile.sh', loginProfile(this.profilePath()));
    if (this.store.reach === StoreReach.MANY_NODES) {
      // The write-ahead log needs memory that all writers share.
      this.config._set('use-sqlite-wal', 'false');
    }
    this.scripts = SharedFiles.of(this, 'nix-scripts', storeScripts);
    this.network = new EnvironmentNetwork(this, this.problems, this.config, props.proxy, props.caBundle);
    this._addPart(() => this.network.part());
    const netrcs = this.config._severalNetrcs;
    if (netrcs.length > 0) {
      const part = mergedNetrc(this, netrcs, this.storeContainers);
      this._addPart(() => part);
    }
    this.addHomeConfiguration();
    this._care = new StoreCare(this, this.problems, this.store, this.storeContainers);
    // After the home: with an ephemeral one, what is activated there would look like garbage before.
    this._addPart(() => this._care.part());
    this._programs = new EnvironmentPrograms(this, this.problems, props.bringPrograms);
    this._care.bringAtStart(() => this._programs.task());
  }

  /**
   * Give Nix to a workload: volumes, init containers, and for each container mounts, variables and the restricted security context.
   * Containers added later get the same. Variables that a container sets itself stay as they are; only its PATH gets Nix's folders,
   * where they are missing, and `$(PATH)` in it stands for that of the environment.
   *
   * A Deployment that says nothing about replicas and strategy gets one replica and `Recreate` if the store can serve only one pod at a time.
   *
   * @param workload a kplus Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod
   * @param options which containers
   * @throws if the workload has Nix already
   */
  public enable(workload: kplus.AbstractPod, options: NixEnableOptions = {}): void {
    this.giveNix(workload, () => this.additions(options), options);
    this._care.workloads.push(workload);
  }

  /**
   * The same for a workload that only cares for the store: nothing is activated in its pods, and they see no keys of assistants.
   *
   * @internal
   */
  public _enableForCare(workload: kplus.AbstractPod): void {
    this.giveNix(workload, () => withoutWorkloadSteps(this.additions({})), {});
  }

  private giveNix(workload: kplus.AbstractPod, additions: () => PodAdditions, options: NixEnableOptions): void {
    const first = ENABLED.get(workload);
    if (first) {
      throw new Error(`CDK8SNIX0501 ${workload.node.path}: enabled twice, by ${first.node.path} and by ${this.node.path}. `
        + 'A pod has one /nix: enable each workload once.');
    }
    ENABLED.set(workload, this);
    this.network.enabled(workload);

    workload.podMetadata.addAnnotation('cdk8s-nix/config-checksum', Lazy.any({ produce: () => this.config._checksum }));
    this.fitReplicas(workload);
    transformPodSpec(workload, spec => applyToPodSpec(spec, additions()));
    if (this.store.claimTemplate && workload instanceof kplus.StatefulSet) {
      addClaimTemplate(workload, VOLUME.store, this.store.claimTemplate);
    }
    keepPatchedFields(ApiObject.of(workload));
    NeededObjects.of(this).standBefore(ApiObject.of(workload));
    workload.node.addValidation({ validate: () => this.validateWorkload(workload, additions(), options) });
  }

  /**
   * The container of a program, for a workload that this environment is enabled for: its init step brings the program before any container
   * starts. The image is the seed image unless the program says otherwise.
   *
   * @param program what runs
   * @returns what `addContainer` and `addInitContainer` of a kplus workload take
   * @throws if another program of the environment has this name
   */
  public containerFor(program: NixProgram): kplus.ContainerProps {
    this._programs.add(program);
    return program._container(this._programs.folder, this.image.reference);
  }

  /**
   * Ask a binary cache in the cluster before all others. Its upstreams' keys are trusted, since signatures stay theirs. When it, or its
   * upstream, cannot be reached, Nix goes on to the other substituters.
   *
   * @param cache the cache, of this or another chart of the app
   */
  public useBinaryCache(cache: NixBinaryCache): void {
    this.network.useCache(cache);
  }

  /**
   * Let the pods of this environment reach nothing but name servers, the caches of `useBinaryCache` and the ports of the substituters (or of
   * the proxy), and be reached by nobody. NetworkPolicies add up: allow more with one of your own.
   *
   * @param options where the outside is
   * @returns the NetworkPolicy
   * @throws if called twice
   */
  public restrictNetwork(options: NixNetworkPolicyOptions = {}): ApiObject {
    return this.network.restrict(options);
  }

  /**
   * Collect the garbage of the store whenever a pod starts, before its containers do. A failure is logged and does not keep the pod from starting.
   *
   * For a store that no second pod can mount. Elsewhere `NixGarbageCollection` does it on a schedule, without delaying a start.
   *
   * @param options what is garbage, and when it is collected
   * @throws if called twice
   */
  public collectGarbage(options: NixGarbageCollectionOptions = {}): void {
    this._care.collectAtStart(options);
  }

  /**
   * Bring packages and development shells into the store whenever a pod starts, before its containers do. What is there already costs
   * no more than a look.
   *
   * @param options what to bring
   * @throws if called twice
   */
  public prefetch(options: NixPrefetchAtStartOptions): void {
    this._care.prefetchAtStart(options);
  }

  /**
   * Bring one more thing into the pods of this environment: asked at synth, after the store's own containers.
   *
   * @internal
   */
  public _addPart(part: () => Partial<PodPart>): void {
    this.parts.push(part);
  }

  /** What the home-manager profile and the assistants bring. */
  private addHomeConfiguration(): void {
    const { homeManager, assistants = [] } = this.props;
    if (homeManager) {
      homeManager._validate(this.problems, this.image, this.store);
      const activation = homeActivation(this, homeManager, this.storeContainers);
      this._addPart(() => activation);
    }
    checkAssistants(assistants, homeManager, this.problems);
    this._addPart(() => ({ workloadVariables: assistants.flatMap(assistant => assistant._variables(this.user.home)) }));
  }

  private validateProps(): void {
    this.image._validate(this.problems, 'image');
    this.user._validate(this.problems);
    this.path.forEach((folder, i) => {
      if (!isPlainAbsolutePath(folder)) {
        this.problems.add('CDK8SNIX0506', `path[${i}]`, folder, 'An entry is an absolute folder of letters, digits, ".", "_", "+" and "-".', 'Use for example "/opt/app/bin".');
      }
    });
    if (this.props.nixPath !== undefined && (this.props.nixPath === '' || /[\s\0$]/.test(this.props.nixPath))) {
      this.problems.add('CDK8SNIX0506', 'nixPath', this.props.nixPath, 'NIX_PATH is a list of name=place entries separated by ":", without white space or "$".',
        'Use for example "nixpkgs=flake:nixpkgs", or leave it out.');
    }
    const { jobs, source } = this.props.seed ?? {};
    if (jobs !== undefined && (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)) {
      this.problems.add('CDK8SNIX0103', 'seed.jobs', jobs, 'It is a whole number from 1 to 64.', 'Use for example 4, or leave it out.');
    }
    source?._validate(this.problems);
    validateMetadata(this.problems, this.objectMetadata(), { labels: 'objectLabels', annotations: 'objectAnnotations' });
  }

  private objectMetadata(): ObjectMetadata {
    return { labels: this.props.objectLabels, annotations: this.props.objectAnnotations };
  }

  private validateWorkload(workload: kplus.AbstractPod, additions: PodAdditions, options: NixEnableOptions): string[] {
    const problems = [
      ...checkWorkload(workload, additions, this.user, this.store),
      ...checkServedStore(workload, this.store, this.image, this.home),
      ...this.checkSharedStore(),
    ];
    const names = [...workload.initContainers, ...workload.containers].map(container => container.name);
    for (const name of (options.containers ?? []).filter(wanted => !names.includes(wanted))) {
      problems.push(`CDK8SNIX0502 containers: got ${JSON.stringify(name)}. The workload has no such container. Use one of: ${names.join(', ')}.`);
    }
    const [ours, theirs] = [Chart.of(this).namespace, workload.metadata.namespace];
    if (ours !== theirs) {
      problems.push(`CDK8SNIX0505 metadata.namespace: got ${JSON.stringify(theirs) ?? 'nothing'}. The objects of the environment ${this.node.path} are in `
        + `${JSON.stringify(ours) ?? 'the namespace of the release'}, where the pod cannot reach them. Set the namespace on the chart.`);
    }
    return problems;
  }

  /** All that write to one database must be of one version, and the seed image decides which. */
  private checkSharedStore(): string[] {
    if (this.store.reach !== StoreReach.MANY_NODES || !this.claim) {
      return [];
    }
    const others = this.node.root.node.findAll().filter((other): other is NixEnvironment => other instanceof NixEnvironment
      && other.claim?.name === this.claim!.name && Chart.of(other).namespace === Chart.of(this).namespace
      && other.image.reference !== this.image.reference);
    return others.slice(0, 1).map(other => `CDK8SNIX0213 image: got ${JSON.stringify(this.image.reference)}. ${other.node.path} shares the claim `
      + `${this.claim!.name} and seeds it from ${other.image.reference}, maybe with another version of Nix. Use one image for both.`);
  }

  /** One pod at a time where the store cannot serve more, unless the user said otherwise (which is then refused at synth). */
  private fitReplicas(workload: kplus.AbstractPod): void {
    const single = this.store.reach === StoreReach.ONE_POD || this.store.reach === StoreReach.ONE_NODE;
    if (!single || !(workload instanceof kplus.Deployment)) {
      return;
    }
    const { replicas, strategy } = workloadProps(workload);
    const mutable = workload as { -readonly [K in 'replicas' | 'strategy']: kplus.Deployment[K] };
    if (replicas === undefined) {
      mutable.replicas = 1;
    }
    if (strategy === undefined) {
      mutable.strategy = kplus.DeploymentStrategy.recreate();
    }
  }

  private additions(options: NixEnableOptions): PodAdditions {
    return {
      ...joinParts([this.ownPart(), ...this.parts.map(part => part())]),
      podSecurityContext: {
        runAsNonRoot: !this.user.isRoot,
        runAsUser: this.user.uid,
        runAsGroup: this.user.gid,
        fsGroup: this.user.fsGroup,
        // `Always` walks the whole store at every start: minutes for a large one.
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      profilePath: this.profilePath(),
      scratchMounts: [{ name: VOLUME.tmp, mountPath: '/tmp' }],
      // A program runs from the store, whatever else is said.
      containerNames: options.containers && new Set([...options.containers, ...this._programs.names]),
    };
  }

  /** The store, nix.conf and the home. */
  private ownPart(): Partial<PodPart> {
    return {
      initContainers: this.storeContainers.render(),
      volumes: this.volumes(),
      mounts: this.mounts(),
      variables: this.variables(),
    };
  }

  private volumes(): kplus.k8s.Volume[] {
    const secrets = this.config._secretFiles.sources;
    const sizeLimit = this.home.sizeLimit && kplus.k8s.Quantity.fromString(`${this.home.sizeLimit.toMebibytes()}Mi`);
    return [
      ...(this.store.source ? [{ name: VOLUME.store, ...this.store.source }] : []),
      ...this.storeContainers.volumes(),
      { name: VOLUME.scripts, configMap: { name: this.scripts.name } },
      { name: VOLUME.config, configMap: { name: this.config.name } },
      ...(secrets.length > 0 ? [{ name: VOLUME.secrets, projected: { sources: secrets, defaultMode: READABLE_BY_GROUP } }] : []),
      ...(this.home.isOnStoreVolume ? [] : [{ name: VOLUME.home, emptyDir: { sizeLimit } }]),
      { name: VOLUME.tmp, emptyDir: {} },
    ];
  }

  private mounts(): kplus.k8s.VolumeMount[] {
    const secrets = this.config._secretFiles;
    return [
      this.storeContainers.storeMount(),
      { name: VOLUME.config, mountPath: this.config._configDir, readOnly: true },
      // Login shells reset PATH from /etc/profile, which reads this folder last.
      { name: VOLUME.config, mountPath: '/etc/profile.d/cdk8s-nix.sh', subPath: 'profile.sh', readOnly: true },
      ...(secrets.sources.length > 0 ? [{ name: VOLUME.secrets, mountPath: secrets.mountPath, readOnly: true }] : []),
      { name: this.homeVolume(), mountPath: this.user.home, subPath: HOME_FOLDER },
    ];
  }

  private homeVolume(): string {
    return this.home.isOnStoreVolume ? VOLUME.store : VOLUME.home;
  }

  private variables(): kplus.k8s.EnvVar[] {
    return [
      { name: 'HOME', value: this.user.home },
      { name: 'USER', value: this.user.name },
      { name: 'PATH', value: [...this.profilePath(), ...this.path].join(':') },
      { name: 'NIX_CONF_DIR', value: this.config._configDir },
      // What a driver serves may have no certificates; then those of the image are better than none.
      ...(this.store.served ? [] : [{ name: 'NIX_SSL_CERT_FILE', value: `${DEFAULT_PROFILE}/etc/ssl/certs/ca-bundle.crt` }]),
      ...(this.props.nixPath === undefined ? [] : [{ name: 'NIX_PATH', value: this.props.nixPath }]),
    ];
  }

  private profilePath(): string[] {
    return [`${this.user.home}/.nix-profile/bin`, `${this.store.served?.profile ?? DEFAULT_PROFILE}/bin`];
  }
}

/** Which environment a workload got Nix from. */
const ENABLED = new WeakMap<kplus.AbstractPod, NixEnvironment>();

/** 0440 in the decimal that JSON needs: the files belong to root and to the fsGroup. */
const READABLE_BY_GROUP = 0o440;
