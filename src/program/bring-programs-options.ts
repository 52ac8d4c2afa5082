import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/**
 * How the programs of an environment are brought before the containers start.
 */
export interface NixBringProgramsOptions {
  /**
   * Build what no binary cache has. Otherwise the pod does not start, and says what is missing.
   *
   * @default false
   */
  readonly allowBuilds?: boolean;

  /**
   * To how many former versions a rollback starts as fast as a restart: what pods of theirs were asked to bring, under whatever names of containers,
   * stays rooted in a store that lasts. Others stay for as long as they were the latest, from a day to thirty, since their pods may still run. With 0
   * that of a pod that still runs does not either, once another one has started: for stores that one pod uses.
   *
   * @default 2
   */
  readonly keepFormer?: number;

  /**
   * When to give up.
   *
   * @default Duration.minutes(30)
   */
  readonly deadline?: Duration;

  /**
   * Resources of the init container.
   *
   * @default - requests 100m CPU and 256Mi memory, limited to 2Gi memory
   */
  readonly resources?: kplus.ContainerResources;
}
