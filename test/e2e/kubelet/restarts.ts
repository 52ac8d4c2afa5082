import { k8s } from 'cdk8s-plus-28';
import { wait } from './waiting';

/** How often containers start again before the test is told of a failure, and how soon. */
export interface RestartOptions {
  /** How often each container may start again. With none a test sees every failure. @default 0 */
  readonly restarts?: number;
  /** Seconds before a container starts again for the first time; twice as many each further time, and 300 at most. @default 10 */
  readonly backOff?: number;
}

const MAX_BACK_OFF = 300;

/** The restarts of the containers of one pod. */
export class Restarts {
  private readonly counts = new Map<string, number>();

  constructor(private readonly policy: k8s.PodSpec['restartPolicy'], private readonly options: RestartOptions) {}

  /** How often a container has started again. */
  public of(container: string): number {
    return this.counts.get(container) ?? 0;
  }

  /**
   * Whether a container that ended starts again; if so, waits until it does.
   *
   * @param isInit init containers have done their work when they end well
   */
  public awaitNext(container: string, code: number, isInit: boolean): boolean {
    const { restarts = 0, backOff = 10 } = this.options;
    const count = this.of(container);
    if (!this.restartsAfter(code, isInit) || count >= restarts) {
      return false;
    }
    wait(Math.min(backOff * 2 ** count, MAX_BACK_OFF));
    this.counts.set(container, count + 1);
    return true;
  }

  private restartsAfter(code: number, isInit: boolean): boolean {
    return this.policy !== 'Never' && (code !== 0 || (!isInit && this.policy !== 'OnFailure'));
  }
}
