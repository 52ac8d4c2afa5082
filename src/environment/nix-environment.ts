import { ApiObject, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct, IConstruct } from 'constructs';
import { Door } from './door';
import { checkEnvironmentProps, checkHomeFolder, checkSharedStore, checkVolumes, mayHoldStore } from './environment-checks';
import { DEFAULTS } from './environment-defaults';
import { environmentPart, homeToMake, profilePath, SESSION_SCRIPT, userProfile } from './environment-part';
import { environmentsOf, registerEnvironment } from './environments-of-app';
import { narrower } from './fit-to-store';
import { loginProfile, sessionScript } from './login-profile';
import { NixEnableOptions } from './nix-enable-options';
import { NixEnvironmentProps } from './nix-environment-props';
import { podRules } from './pod-rules';
import { checkArguments, checkConstruct } from '../base/argument-check';
import { ObjectMetadata } from '../base/object-metadata';
import { packageFile } from '../base/package-file';
import { describe, Problems } from '../base/problems';
import { NixBinaryCache } from '../cache/binary-cache';
import { NixGarbageCollectionOptions } from '../care/garbage-collection-options';
import { NixPrefetchAtStartOptions } from '../care/prefetch-options';
import { StoreCare } from '../care/store-care';
import { mergedNetrc } from '../config/merged-netrc';
import { NixConfig } from '../config/nix-config';
import { checkAssistants } from '../home/assistant-checks';
import { assistantInstallation } from '../home/assistant-installation';
import { assistantPart } from '../home/assistant-part';
import { BoundHome } from '../home/bound-home';
import { homeActivation } from '../home/home-activation';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { EnvironmentNetwork } from '../network/environment-network';
import { NixNetworkPolicyOptions } from '../network/network-options';
import { BoundStore, StoreReach } from '../pod/bound-store';
import { NeededObjects } from '../pod/needed-objects';
import { environmentLabels } from '../pod/pod-labels';
import { joinParts, PodAdditions, PodPart, withoutWorkloadSteps } from '../pod/pod-merge';
import { SharedFiles } from '../pod/shared-files';
import { EnvironmentPrograms } from '../program/environment-programs';
import { NixProgram } from '../program/nix-program';
import { ProgramsOfSeed } from '../program/programs-of-seed';
import { StoreContainers } from '../store/store-containers';
import { storeScripts } from '../store/store-scripts';

/**
 * Everything a pod needs to use Nix: the store and the image that seeds it, nix.conf, user and home.
 *
 * `enable()` gives it to a workload; one environment may serve several workloads, as far as its store can.
 *
 * @example
 * new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'portal', {
 *   containers: [{ image: 'registry.example.org/portal:1.4.2', portNumber: 7007 }],
 * }));
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
  private readonly boundHome: BoundHome;
  private readonly storeContainers: StoreContainers;
  private readonly scripts?: SharedFiles;
  private readonly door: Door;
  private parts: ReadonlyArray<() => Partial<PodPart>> = [];
  private readonly network: EnvironmentNetwork;
  private readonly labels = environmentLabels(this);
  private readonly programsOfSeed: ProgramsOfSeed;

  constructor(scope: Construct, id: string, private readonly props: NixEnvironmentProps = {}) {
    checkConstruct('NixEnvironment', arguments, new.target, NixEnvironment);
    super(scope, id);
    this.problems = new Problems(this);
    this.image = props.image ?? DEFAULTS.image;
    this.user = props.user ?? DEFAULTS.user;
    checkEnvironmentProps(props, this.user, this.problems);

    const metadata: ObjectMetadata = { labels: props.objectLabels, annotations: props.objectAnnotations };
    this.store = (props.store ?? DEFAULTS.store)._bind({
      scope: this, problems: this.problems, metadata, role: { id: 'Store', prop: 'store', factory: 'NixStore' },
    });
    this.claim = this.store.claim;
    const ownHome = this.store.persistent && this.store.reach !== StoreReach.MANY_NODES;
    this.home = props.home ?? (ownHome ? NixHome.onStoreVolume() : NixHome.ephemeral());
    this.boundHome = this.home._bind({ scope: this, problems: this.problems, metadata });
    checkVolumes(props, this.store, this.problems);
    this.storeContainers = new StoreContainers(
      this.image, props.seed ?? {}, this.store, homeToMake(this.home, this.boundHome), props.containerResources, this.user.isRoot,
    );

    this.config = new NixConfig(this, 'Config', props.config);
    Object.entries(props.objectLabels ?? {}).forEach(([name, value]) => this.config.apiObject.metadata.addLabel(name, value));
    Object.entries(props.objectAnnotations ?? {}).forEach(([name, value]) => this.config.apiObject.metadata.addAnnotation(name, value));
    if (this.store.runtime) {
      // The node has a nix.conf of its own.
      this.node.tryRemoveChild('Config');
    } else {
      NeededObjects.of(this).add(this.config.apiObject);
    }
    this.config._addFile('profile.sh', loginProfile(profilePath(this.user, this.store), userProfile(this.user), props.homeManager?._mayFail));
    // `nixpkgs` is the one of the profiles, and not a branch that moves. NIX_CONF_DIR hides the registry of the image.
    this.config._addFile('registry.json', packageFile('images/registry.json'));
    if (this.store.reach === StoreReach.MANY_NODES) {
      // The write-ahead log needs memory that all writers share.
      this.config._set('use-sqlite-wal', 'false');
    }
    this.scripts = this.store.runtime ? undefined : SharedFiles.of(this, 'nix-scripts', storeScripts);
    this.network = new EnvironmentNetwork(this, this.problems, this.config, props.proxy, props.caBundle, this.store.runtime);
    this._addPart(() => this.network.part());
    if (this.config._severalNetrcs.length > 0) {
      const part = mergedNetrc(this, this.config._severalNetrcs, this.storeContainers);
      this._addPart(() => part);
    }
    this.addHomeConfiguration();
    this._care = new StoreCare(this, this.problems, this.store, this.storeContainers, assistantInstallation(props, this.image));
    // After the home: with an ephemeral one, what is activated there would look like garbage before.
    this._addPart(() => this._care.part());
    this._programs = new EnvironmentPrograms(this, this.problems, this._care, this.store.runtime, props.bringPrograms);
    this.programsOfSeed = new ProgramsOfSeed(this, this._programs, this.storeContainers);
    this._care.bringAtStart(() => this.programsOfSeed.task() ? undefined : this._programs.task());
    const places = narrower({ reach: this.store.reach, what: 'store' }, { reach: this.boundHome.reach, what: 'home' });
    const { boundHome, home, labels, store, user, props: { homeManager }, _programs: programs } = this;
    // Grows with whatever its pods get: all of that is added to, and nothing is taken back.
    const revision = (): number => this.parts.length + this.config._revision + this.network.revision + this._care.revision + this._programs.revision;
    this.door = new Door({ scope: this, path: this.node.path, user, store, boundHome, home, homeManager, places, labels, programs, revision });
    registerEnvironment(this, this.problems);
    if (mayHoldStore(this.boundHome)) {
      const stores = () => this.neighbours().map(other => other.store?.source);
      this.node.addValidation({ validate: () => checkHomeFolder(this.boundHome, stores()).map(describe) });
    }
    if (this.store.reach === StoreReach.MANY_NODES) {
      this.node.addValidation({ validate: () => checkSharedStore(this, this.neighbours()).map(describe) });
    }
  }

  /**
   * Give Nix to a workload: volumes, init containers, and for each container mounts, variables and the restricted security context.
   * Containers added later get the same. Variables that a container sets itself stay as they are; only its PATH gets Nix's folders,
   * where they are missing, and `$(PATH)` in it stands for that of the environment.
   *
   * A Deployment that says nothing about replicas and strategy gets one replica and `Recreate` if the store can serve only one pod at a time.
   *
   * @param workload anything that leads to a pod: a workload of any cdk8s-plus generation, an imported object such as `k8s.KubeDeployment`,
   * an `ApiObject`, or a construct with such objects below it, as `Include` and `Helm` are
   * @param options which containers, of which objects
   * @throws if there is no pod behind it, or the workload has Nix already
   */
  public enable(workload: IConstruct, options: NixEnableOptions = {}): void {
    checkArguments('NixEnvironment.enable', arguments, this);
    this._care.workloads = this._care.workloads.concat(this.door.enable(workload, options, () => this.additions(options)));
  }

  /**
   * The same for a workload that only cares for the store: nothing is activated in its pods, and they see no keys of assistants.
   * With a store that is not ours it is refused for that, not for what its pod lacks.
   *
   * @internal
   */
  public _enableForCare(workload: IConstruct): void {
    if (!this.store.served) {
      this.door.enable(workload, {}, () => withoutWorkloadSteps(this.additions({}, true)), true);
    }
  }

  /**
   * The container of a program, for a workload that this environment is enabled for: its init step brings the program before any container
   * starts. The image is the seed image unless the program says otherwise.
   *
   * @param program what runs
   * @returns what `addContainer` and `addInitContainer` of a kplus workload take
   * @throws if it is no program, or another program of the environment has this name
   */
  public containerFor(program: NixProgram): kplus.ContainerProps {
    checkArguments('NixEnvironment.containerFor', arguments, this);
    return this._programs.containerFor(program, this.image.reference);
  }

  /**
   * Ask a binary cache in the cluster before all others. Its upstreams' keys are trusted, since signatures stay theirs. When it, or its
   * upstream, cannot be reached, Nix goes on to the other substituters.
   *
   * @param cache the cache, of this or another chart of the app
   */
  public useBinaryCache(cache: NixBinaryCache): void {
    checkArguments('NixEnvironment.useBinaryCache', arguments, this);
    this.network.useCache(cache);
  }

  /**
   * Let the pods of this environment reach nothing but name servers, the caches of `useBinaryCache`, the ports of the substituters and of the flakes of
   * programs (or of the proxy), and be reached by nobody. NetworkPolicies add up: allow more with one of your own.
   *
   * @param options where the outside is
   * @returns the NetworkPolicy
   * @throws if called twice
   */
  public restrictNetwork(options: NixNetworkPolicyOptions = {}): ApiObject {
    checkArguments('NixEnvironment.restrictNetwork', arguments, this);
    return this.network.restrict(options, () => this._programs.urls);
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
    checkArguments('NixEnvironment.collectGarbage', arguments, this);
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
    checkArguments('NixEnvironment.prefetch', arguments, this);
    this._care.prefetchAtStart(options);
  }

  /**
   * Bring one more thing into the pods of this environment: asked at synth, after the store's own containers.
   *
   * @internal
   */
  public _addPart(part: () => Partial<PodPart>): void {
    this.parts = this.parts.concat(part);
  }

  /** What the home-manager profile and the assistants bring. */
  private addHomeConfiguration(): void {
    const { homeManager, assistants = [] } = this.props;
    if (homeManager) {
      if (homeManager._sessionVariables) {
        this.config._addFile(SESSION_SCRIPT, sessionScript(userProfile(this.user)));
      }
      homeManager._validate(this.problems, this.image, this.store);
      const activation = homeActivation(this, homeManager, this.storeContainers);
      this._addPart(() => activation);
    }
    checkAssistants(assistants, homeManager, this.problems);
    if (assistants.length > 0) {
      this._addPart(assistantPart(assistants, this.user, this.config, this.store.runtime));
    }
  }

  /** The environments in this one's namespace, where they may share volumes; this one too. */
  private neighbours(): NixEnvironment[] {
    return environmentsOf<NixEnvironment>(this).filter(other => Chart.of(other).namespace === Chart.of(this).namespace);
  }

  private additions(options: NixEnableOptions, forCare = false): PodAdditions {
    const { boundHome, config, home, props: { path, nixPath, homeManager }, scripts, store, storeContainers, user } = this;
    const parts = { boundHome, config, home, path, nixPath, scripts, store, storeContainers, user };
    const joined = joinParts([environmentPart(parts), ...this.parts.map(part => part())]);
    return podRules(forCare ? joined : this.programsOfSeed.bringIn(joined), parts, options, {
      // A program runs from the store, whatever else is said.
      containerNames: options.containers && new Set([...options.containers, ...this._programs.names]),
      runtimeClassName: store.runtime?.runtimeClassName,
      labels: this.labels,
      annotations: store.runtime ? this._programs.annotations : { 'cdk8s-nix/config-checksum': config._checksum },
      commandPrefix: homeManager?._sessionVariables && !store.runtime ? ['sh', `${config._configDir}/${SESSION_SCRIPT}`] : [],
    });
  }
}
