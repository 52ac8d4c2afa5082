import { argumentsOf, contextPaths, describeDockerfile, withArguments } from './dockerfile';
import { checkArguments } from '../base/argument-check';
import { packageFile, packageFiles } from '../base/package-file';

/**
 * The images there are.
 */
export enum NixImageKind {
  /** Nix on top of a base image of yours: `images/add-nix`. */
  ADD_NIX = 'add-nix',

  /** Backstage with Nix and a home-manager profile built in: `images/backstage-nix`. */
  BACKSTAGE_NIX = 'backstage-nix',

  /** Ubuntu with Nix, made for volumes: `images/ubuntu-nix`. */
  UBUNTU_NIX = 'ubuntu-nix',

  /** The official `nixos/nix`: nothing to build. */
  UPSTREAM = 'upstream',

  /** An image that is none of ours. */
  OTHER = 'other',
}

/**
 * An argument of a Dockerfile.
 */
export interface NixImageBuildArgument {
  /** Its name, as `--build-arg` takes it. */
  readonly name: string;

  /** What it is if not given. */
  readonly defaultValue: string;
}

/** The kinds that have a Dockerfile in the package. */
const BUILT_KINDS: readonly NixImageKind[] = [NixImageKind.ADD_NIX, NixImageKind.BACKSTAGE_NIX, NixImageKind.UBUNTU_NIX];

/**
 * How one of our images is built: its Dockerfile, what it copies, and its build arguments, read from the
 * Dockerfile itself.
 *
 * @example NixImageRecipe.of(NixImageKind.UBUNTU_NIX).dockerfile()
 */
export class NixImageRecipe {
  /**
   * The recipe of one image.
   *
   * @param kind an image that has a Dockerfile in this package
   * @throws if it has none, as `UPSTREAM` and `OTHER`
   */
  public static of(kind: NixImageKind): NixImageRecipe {
    checkArguments('NixImageRecipe.of', arguments);
    if (!BUILT_KINDS.includes(kind)) {
      throw new Error(`CDK8SNIX0104 kind: got ${JSON.stringify(kind)}. This image has no Dockerfile in the package. Use one of: ${BUILT_KINDS.join(', ')}.`);
    }
    return new NixImageRecipe(kind);
  }

  /**
   * The recipes of all images.
   */
  public static all(): NixImageRecipe[] {
    checkArguments('NixImageRecipe.all', arguments);
    return BUILT_KINDS.map(kind => new NixImageRecipe(kind));
  }

  private constructor(
    /** Which image. */
    public readonly kind: NixImageKind,
  ) {}

  /** The Dockerfile's path, from the root of the package and of an ejected folder. */
  public get dockerfilePath(): string {
    return `images/${this.kind}/Dockerfile`;
  }

  /** What the image is, in one sentence. */
  public get description(): string {
    return describeDockerfile(this.template);
  }

  /** The build arguments that have a default, in the order of the Dockerfile. */
  public get buildArguments(): NixImageBuildArgument[] {
    return [...argumentsOf(this.template)].map(([name, defaultValue]) => ({ name, defaultValue }));
  }

  /**
   * The Dockerfile.
   *
   * @param buildArguments other defaults, by the names of the build arguments
   * @throws if the Dockerfile has no such argument, or the value cannot stand in a Dockerfile
   */
  public dockerfile(buildArguments: { [name: string]: string } = {}): string {
    checkArguments('NixImageRecipe.dockerfile', arguments);
    return withArguments(this.template, buildArguments);
  }

  /**
   * Everything `docker build` needs: the Dockerfile and what it copies, by path.
   *
   * @param buildArguments other defaults, by the names of the build arguments
   * @throws as `dockerfile`
   */
  public buildContext(buildArguments: { [name: string]: string } = {}): { [path: string]: string } {
    checkArguments('NixImageRecipe.buildContext', arguments);
    const copied = contextPaths(this.template).flatMap(packageFiles);
    return {
      [this.dockerfilePath]: this.dockerfile(buildArguments),
      ...Object.fromEntries(copied.map(path => [path, packageFile(path)])),
    };
  }

  private get template(): string {
    return packageFile(this.dockerfilePath);
  }
}
