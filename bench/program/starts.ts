import { execFileSync } from 'child_process';
import { Closure, REPOSITORY_NAME } from './closure';
import { Line, LineSpeed } from './line';
import { idlePod, IMAGES } from './manifests';
import { Node } from '../../test/e2e/kubelet/node';
import { Pod } from '../../test/e2e/kubelet/pod';
import { busyboxImage, seedImage } from '../../test/support/images';
import { podman, tryPodman } from '../../test/support/podman';
import { dropCaches, median } from '../seed/stopwatch';

/** What is far away, and what is in the cluster. */
export const SPEEDS: { readonly [line in 'far' | 'near']: LineSpeed & { readonly port: number } } = {
  far: { megabits: 100, milliseconds: 20, port: 8101 },
  near: { megabits: 1000, milliseconds: 1, port: 8102 },
};

/** What stands for the image of the program on the node. */
const PULLED = `localhost/cdk8s-nix-bench/${REPOSITORY_NAME}:pulled`;

/** Starts pods on the node of the end-to-end tests, with a watch in the hand. */
export class Starts {
  private readonly node = new Node({ [IMAGES.nix]: seedImage(), [IMAGES.base]: busyboxImage(), [IMAGES.program]: PULLED });
  private readonly lines: Line[] = [];
  private readonly link: Pod;

  constructor(public readonly closure: Closure) {
    this.node.apply(idlePod('link'));
    [this.link] = this.node.rollOut('Deployment', 'link');
  }

  /** Opens each line twice: to the machine, which pulls images, and to the network that the pods share. */
  public async openLines() {
    const network = Number(podman(['ps', '--format', '{{.Pid}}', '--filter', 'name=-link-.*-main']));
    for (const { port, ...speed } of Object.values(SPEEDS)) {
      this.lines.push(await Line.open(this.closure.folder, port, speed), await Line.open(this.closure.folder, port, speed, network));
    }
  }

  /**
   * Starts a pod, and stops it.
   *
   * @param from the claim whose content its own claim of the pod's name begins with, as the storage would clone it: that does not count
   * @returns the seconds until its container runs
   */
  public async start(name: string, manifest: string, from?: string): Promise<number> {
    this.node.apply(manifest);
    if (from !== undefined) {
      execFileSync('cp', ['-a', `${this.node.disk(from).folder}/.`, this.node.disk(name).folder]);
      await dropCaches();
    }
    const begin = Date.now();
    const [pod] = this.node.rollOut('Deployment', name, { besides: this.link });
    const seconds = (Date.now() - begin) / 1000;
    pod.stop();
    return seconds;
  }

  /** Pulls the image of the program; the seconds that takes. */
  public async pull(port: number): Promise<number> {
    const image = `127.0.0.1:${port}/${REPOSITORY_NAME}:1.0.0`;
    tryPodman(['rmi', PULLED]);
    await dropCaches();
    const begin = Date.now();
    podman(['pull', '--quiet', '--tls-verify=false', image]);
    const seconds = (Date.now() - begin) / 1000;
    podman(['tag', image, PULLED]);
    podman(['rmi', image]);
    return seconds;
  }

  public end(): void {
    this.lines.forEach(line => line.close());
    this.node.destroy();
    tryPodman(['rmi', PULLED]);
  }
}

/** What was measured, by name. */
export class Samples {
  private readonly values = new Map<string, number[]>();

  public add(name: string, value: number): void {
    this.values.set(name, [...this.values.get(name) ?? [], value]);
  }

  public medians(): { [name: string]: number } {
    return Object.fromEntries([...this.values].map(([name, values]) => [name, median(values)]));
  }
}
