/**
 * A portal to work on: its container sleeps, and an editor or a tool that synchronizes files puts the source beside it. Labels, names of containers,
 * variables, configuration and the Service are those of the real one.
 *
 * There are no probes, and command and arguments of the prop `container` are not run.
 */
export interface BackstageDevelopmentOptions {
  /**
   * The folder for the source, below the home. It belongs to the user of the pod, and lasts as long as the home.
   *
   * @default - `workspace` in the home: `/home/code/workspace`
   */
  readonly folder?: string;

  /**
   * Let the container write to its root file system, for tools that install themselves there. It is lost when the container restarts.
   *
   * @default false
   */
  readonly writableRoot?: boolean;
}
