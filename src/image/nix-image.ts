import { NixImageRecipe, NixImageKind } from './nix-image-recipe';
import { NixImageRecommendation, NixImageRequirements } from './nix-image-recommendation';
import { checkArguments } from '../base/argument-check';
import { imageReference, isFloating } from '../base/image-reference';
import { Problems } from '../base/problems';

/**
 * Options of `NixImage.of`.
 */
export interface NixImageOptions {
  /**
   * Accept a reference that is not pinned: no tag, or the tag `latest`. What runs then depends on
   * the day it is pulled, and it is pulled at every start.
   *
   * @default false
   */
  readonly allowLatest?: boolean;
}

/**
 * An image of ours that you have built from the Dockerfile in this package and pushed to your registry.
 */
export interface BuiltNixImageOptions {
  /**
   * Where you pushed it: registry and repository, without tag, for example `registry.example.org/team/ubuntu-nix`.
   */
  readonly repository: string;

  /**
   * The tag you gave it.
   *
   * @default - none, `digest` is needed then
   */
  readonly tag?: string;

  /**
   * The digest, as `sha256:` and 64 hexadecimal digits. The surest way to pin.
   *
   * @default - none, `tag` is needed then
   */
  readonly digest?: string;
}

/** The upstream image and version this library is tested with. */
const UPSTREAM = 'docker.io/nixos/nix:2.34.7@sha256:bf1d938835ab96312f098fa6c2e9cab367728e0aad0646ee3e02a787c80d8fb8';

/**
 * A container image that ships a single-user Nix, and whose `/nix` can seed a store volume.
 *
 * @example NixImage.ubuntuNix({ repository: 'registry.example.org/team/ubuntu-nix', tag: '1.0.0' })
 */
export class NixImage {
  /**
   * Any image with a single-user Nix in `/nix`, by its reference.
   *
   * @param reference `registry/repository:tag`, `…@sha256:…` or both
   * @param options whether an unpinned reference is accepted
   */
  public static of(reference: string, options: NixImageOptions = {}): NixImage {
    checkArguments('NixImage.of', arguments);
    return new NixImage(NixImageKind.OTHER, reference, options.allowLatest ?? false);
  }

  /**
   * The official `nixos/nix` image, in a version this library is tested with.
   */
  public static upstream(): NixImage {
    checkArguments('NixImage.upstream', arguments);
    return new NixImage(NixImageKind.UPSTREAM, UPSTREAM);
  }

  /**
   * Your build of `images/ubuntu-nix`: Ubuntu 24.04, user `code`, made for volumes.
   *
   * @param options where you pushed it
   */
  public static ubuntuNix(options: BuiltNixImageOptions): NixImage {
    checkArguments('NixImage.ubuntuNix', arguments);
    return new NixImage(NixImageKind.UBUNTU_NIX, builtReference(options));
  }

  /**
   * Your build of `images/add-nix`: Nix on top of a base image of yours.
   *
   * @param options where you pushed it
   */
  public static addNix(options: BuiltNixImageOptions): NixImage {
    checkArguments('NixImage.addNix', arguments);
    return new NixImage(NixImageKind.ADD_NIX, builtReference(options));
  }

  /**
   * Your build of `images/backstage-nix`: Backstage with Nix and the AI assistants baked in.
   *
   * @param options where you pushed it
   */
  public static backstageNix(options: BuiltNixImageOptions): NixImage {
    checkArguments('NixImage.backstageNix', arguments);
    return new NixImage(NixImageKind.BACKSTAGE_NIX, builtReference(options));
  }

  /**
   * Which image suits: the decision matrix of the docs.
   *
   * @param requirements what is given and what is wanted
   */
  public static recommend(requirements: NixImageRequirements = {}): NixImageRecommendation {
    checkArguments('NixImage.recommend', arguments);
    return NixImageRecommendation.of(requirements);
  }

  private constructor(
    /** Which image this is. */
    public readonly kind: NixImageKind,
    /** The image reference as it stands in the manifest. */
    public readonly reference: string,
    private readonly allowLatest: boolean = false,
  ) {}

  /** How the image is built; undefined if it is none of ours. */
  public get recipe(): NixImageRecipe | undefined {
    return NixImageRecipe.all().find(recipe => recipe.kind === this.kind);
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    const parts = imageReference(this.reference);
    if (!parts) {
      problems.add('CDK8SNIX0101', prop, this.reference, 'This is no image reference.',
        'Use registry/repository:tag, in lower case, or registry/repository@sha256:….');
      return;
    }
    if (!this.allowLatest && isFloating(parts)) {
      problems.add('CDK8SNIX0102', prop, this.reference, 'What runs would depend on the day it is pulled.',
        'Name a version or a digest, or say NixImage.of(reference, { allowLatest: true }).');
    }
  }
}

function builtReference(options: BuiltNixImageOptions): string {
  return options.repository + (options.tag === undefined ? '' : `:${options.tag}`) + (options.digest === undefined ? '' : `@${options.digest}`);
}
