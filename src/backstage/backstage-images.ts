import { readFileSync } from 'fs';
import { checkArguments } from '../base/argument-check';
import { closestName } from '../base/closest-name';
import { NixImage } from '../image/nix-image';

/**
 * Options of `BackstageImages.fromFile`.
 */
export interface BackstageImagesOptions {
  /**
   * The images are builds of `images/backstage-nix`: they seed the store themselves, and have a home built in.
   *
   * @default false
   */
  readonly backstageNix?: boolean;
}

/** The keys of an image in the file. */
const PARTS = ['image', 'tag', 'digest'];

/** An image in the file: its reference, or the parts of it. */
type Entry = string | { readonly image: string; readonly tag?: string; readonly digest?: string };

/**
 * The images of portals by environment, as a tool that promotes them from one to the next writes them into a file.
 *
 * @example BackstageImages.fromFile('images.json')
 */
export class BackstageImages {
  /**
   * A JSON file with an entry for each environment: the reference of an image as text, or an object with `image`, `tag` and `digest`, and whatever
   * else a tool keeps there.
   *
   * @param path the file, from the folder where the app runs
   * @param options whether the images have Nix
   * @throws if there is no such file, or it holds something else
   */
  public static fromFile(path: string, options: BackstageImagesOptions = {}): BackstageImages {
    checkArguments('BackstageImages.fromFile', arguments);
    let content: unknown;
    try {
      // Some editors and shells begin each text with a mark of its encoding.
      content = JSON.parse(readFileSync(path, 'utf-8').replace(/^\uFEFF/, ''));
    } catch (error) {
      throw refuse(path, `It cannot be read as JSON: ${(error as Error).message}.`);
    }
    if (!isMapping(content)) {
      throw refuse(path, 'It holds no object.');
    }
    for (const [environment, entry] of Object.entries(content)) {
      if (!isEntry(entry)) {
        throw refuse(path, `The entry ${JSON.stringify(environment)} is no image.`);
      }
      for (const key of typeof entry === 'string' ? [] : Object.keys(entry)) {
        const meant = meantPart(key);
        if (meant !== undefined) {
          throw refuse(path, `The entry ${JSON.stringify(environment)} has ${JSON.stringify(key)}. Did you mean "${meant}"?`);
        }
      }
    }
    return new BackstageImages(path, content as { [environment: string]: Entry }, options.backstageNix ?? false);
  }

  private constructor(
    /** The file. */
    public readonly path: string,
    private readonly entries: { readonly [environment: string]: Entry },
    private readonly backstageNix: boolean,
  ) {}

  /** The environments there are images for. */
  public get environments(): string[] {
    return Object.keys(this.entries);
  }

  /**
   * The image of an environment.
   *
   * @param environment its name in the file
   * @throws if the file has none
   */
  public image(environment: string): NixImage {
    checkArguments('BackstageImages.image', arguments);
    if (!Object.hasOwn(this.entries, environment)) {
      throw refuse(this.path, `It has no image for ${JSON.stringify(environment)}, only for: ${this.environments.join(', ')}.`);
    }
    const entry = this.entries[environment];
    const { image, tag, digest } = typeof entry === 'string' ? { image: entry } : entry;
    const reference = image + (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
    return this.backstageNix ? NixImage.backstageNix({ repository: reference }) : NixImage.of(reference);
  }
}

function refuse(path: string, problem: string): Error {
  return new Error(`CDK8SNIX0911 images: got ${JSON.stringify(path)}. ${problem} `
    + 'Write for example { "production": { "image": "registry.example.org/team/portal", "tag": "1.2.3" } }.');
}

function isEntry(entry: unknown): entry is Entry {
  return typeof entry === 'string' || (isMapping(entry) && typeof entry.image === 'string'
    && ['tag', 'digest'].every(part => entry[part] === undefined || typeof entry[part] === 'string'));
}

/** The part that a key which is none looks like. Others are a tool's own, and no matter of ours. */
function meantPart(key: string): string | undefined {
  const isPart = PARTS.some(part => part === key);
  return isPart ? undefined : PARTS.find(part => closestName(key, [part], part.length > 3 ? 2 : 1));
}

function isMapping(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
