import { Construct } from 'constructs';
import { EnvironmentPrograms } from './environment-programs';
import { renderResources } from '../base/resources';
import { CARE_FOLDER, CARE_VOLUME, CareTask, careScripts } from '../care/care-task';
import { NixConfig } from '../config/nix-config';
import { NixUser } from '../home/nix-user';
import { isAtOrBelow } from '../pod/folders-to-make';
import { PodPart } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';
import { SEED, StoreContainers } from '../store/store-containers';

/** What the workload has elsewhere than the seed, or not yet. */
const OF_THE_WORKLOAD: readonly string[] = ['HOME', 'USER', 'PATH', 'NIX_CONF_DIR', 'NIX_PATH'];

/** An environment, as far as its seed has to know it to bring programs. */
interface SeededEnvironment extends Construct {
  readonly config: NixConfig;
  readonly user: NixUser;
}

/**
 * Programs that come at the end of the seed, by the Nix of the seed image: a container less, for which a kubelet takes most of a second. It sees the
 * network and nix.conf as the workload does, and the store elsewhere, where nothing can be built.
 */
export class ProgramsOfSeed {
  constructor(
    private readonly environment: SeededEnvironment,
    private readonly programs: EnvironmentPrograms,
    private readonly containers: StoreContainers,
  ) {}

  /** What brings them; undefined if there are none, or they need a container of their own. A netrc made of several comes after the seed. */
  public task(): CareTask | undefined {
    const task = this.programs.task();
    const canBring = task && this.containers.homeMaker === SEED && this.environment.config._severalNetrcs.length === 0;
    return canBring && this.programs.comeWithSeed ? task : undefined;
  }

  /** The pod with them brought. */
  public bringIn(part: PodPart): PodPart {
    const task = this.task();
    return task ? this.withTask(part, task) : part;
  }

  private withTask(part: PodPart, task: CareTask): PodPart {
    const { config, user: { home } } = this.environment;
    const told = { ...task.variables, PROGRAMS_SCRIPT: `${CARE_FOLDER}/${task.name}.sh`, PROGRAMS_CONF_DIR: config._configDir };
    const variables = part.variables.filter(({ name }) => !OF_THE_WORKLOAD.includes(name));
    const mounts = part.mounts.filter(({ mountPath, name }) => name !== VOLUME.store && !isAtOrBelow(mountPath, home)
      && !mountPath.startsWith('/etc/profile.d/'));
    const scripts = { name: CARE_VOLUME, configMap: { name: careScripts(this.environment).name } };
    return {
      ...part,
      initContainers: part.initContainers.map(container => container.name !== SEED ? container : {
        ...container,
        args: task.args,
        env: [...container.env ?? [], ...variables, ...Object.entries(told).map(([name, value]) => ({ name, value }))],
        resources: renderResources(this.containers.seedResourcesFor(task.resources, task.suitableResources)),
        volumeMounts: [...container.volumeMounts ?? [], ...mounts, { name: CARE_VOLUME, mountPath: CARE_FOLDER, readOnly: true }],
      }),
      // The care for the store may have brought it already.
      volumes: [...part.volumes.filter(({ name }) => name !== CARE_VOLUME), scripts],
    };
  }
}
