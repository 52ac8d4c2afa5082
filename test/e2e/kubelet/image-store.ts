/** When a container's image is fetched anew. */
export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

/** The images of a node, and the registry they come from: each reference stands for an image in the local storage. */
export class ImageStore {
  private readonly pulled = new Map<string, string>();
  private readonly registry: Map<string, string>;

  /** Whether the registry answers. */
  public reachable = true;

  constructor(images: Record<string, string>) {
    this.registry = new Map(Object.entries(images));
  }

  /** Gives a reference another image, as who pushes a tag again does. */
  public push(reference: string, image: string): void {
    this.registry.set(reference, image);
  }

  /**
   * The image a container starts with.
   *
   * @throws if it is not on the node and does not come to it
   */
  public provide(reference: string, policy: PullPolicy = defaultPolicy(reference)): string {
    const present = this.pulled.get(reference);
    if (present && policy !== 'Always') {
      return present;
    }
    if (policy === 'Never') {
      throw new Error(`ErrImageNeverPull: ${reference} is not on the node, and its policy is Never`);
    }
    return this.pull(reference);
  }

  private pull(reference: string): string {
    const image = this.reachable ? this.registry.get(reference) : undefined;
    if (!image) {
      throw new Error(`ErrImagePull: ${this.reachable ? 'the test gave the node no image for' : 'the registry does not answer for'} ${reference}`);
    }
    this.pulled.set(reference, image);
    return image;
  }
}

/** What the API server fills in: a tag that moves, `latest` or none, is looked for each time. */
function defaultPolicy(reference: string): PullPolicy {
  const [, tag] = /:([^/:]+)$/.exec(reference) ?? [];
  return !reference.includes('@') && (tag === undefined || tag === 'latest') ? 'Always' : 'IfNotPresent';
}
