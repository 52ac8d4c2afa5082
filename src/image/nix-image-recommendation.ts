import { NixImageKind } from './nix-image-recipe';
import { checkArguments } from '../base/argument-check';

/**
 * What is given and what is wanted of an image.
 */
export interface NixImageRequirements {
  /**
   * There is an image already, of an application that is to have Nix.
   *
   * @default false
   */
  readonly existingImage?: boolean;

  /**
   * It is Backstage that is to run, with AI assistants.
   *
   * @default false
   */
  readonly backstage?: boolean;

  /**
   * It runs in pipelines: many short runs, each from the same state.
   *
   * @default false
   */
  readonly pipeline?: boolean;

  /**
   * Nothing may be installed at run time: what is in the image is what runs, whatever volumes there are.
   *
   * @default false
   */
  readonly immutable?: boolean;

  /**
   * A persistent volume can be mounted at `/nix`.
   *
   * @default false
   */
  readonly persistentVolume?: boolean;
}

/** One way to get there. */
interface Choice {
  readonly kind: NixImageKind;
  readonly reasons: string[];
  readonly tradeOffs: string[];
}

/** One row of the decision matrix. */
interface UseCase {
  readonly name: string;
  /** The least that leads here. */
  readonly example: NixImageRequirements;
  readonly applies: (requirements: NixImageRequirements) => boolean;
  /** The first one is recommended. */
  readonly choices: (requirements: NixImageRequirements) => Choice[];
}

const ADD_NIX: Choice = {
  kind: NixImageKind.ADD_NIX,
  reasons: [
    'keeps the user, entrypoint, command, environment and PATH of the image',
    'works on any base, also one without a package manager',
    'needs no volume and no init container',
  ],
  tradeOffs: [
    'an image to build and to rebuild with each version of the application',
    'what is installed at run time is lost with the container, unless a volume is mounted at /nix',
  ],
};

const ENABLE: Choice = {
  kind: NixImageKind.UPSTREAM,
  reasons: [
    'no image to build: `NixEnvironment.enable()` brings a seeded /nix into the containers as they are',
    'what is installed stays on the volume',
    'Nix and the application are upgraded apart from one another',
  ],
  tradeOffs: [
    'the first start copies the store to the volume',
    'the PATH of the image is replaced: name what it needs with the prop `path`',
  ],
};

const UBUNTU_ON_VOLUME: Choice = {
  kind: NixImageKind.UBUNTU_NIX,
  reasons: [
    'made for a volume at /nix: user `code` (1001) and a single-user Nix outside of HOME',
    'seeds an empty volume and upgrades a used one without losing what was installed',
    'seed and workload are one image: one pull',
  ],
  tradeOffs: [
    'the first start copies the store to the volume',
    'a ReadWriteOnce volume serves one pod at a time',
  ],
};

const UBUNTU_ALONE: Choice = {
  kind: NixImageKind.UBUNTU_NIX,
  reasons: [
    'runs on its own: `docker run` and a shell with Nix is there',
    'the distribution most documentation assumes',
  ],
  tradeOffs: ['what is installed is lost with the container, unless a volume is mounted at /nix'],
};

const BACKSTAGE: Choice = {
  kind: NixImageKind.BACKSTAGE_NIX,
  reasons: [
    'the home-manager profile with the AI assistants is built in: nothing is installed at start',
    'works with a read-only root file system and without a volume at /nix',
    'every replica is the same, and replicas can be many',
  ],
  tradeOffs: [
    'a large image: Backstage, Nix and the profile',
    'another tool means another build',
  ],
};

const PORTAL_AS_IT_IS: Choice = {
  kind: NixImageKind.UPSTREAM,
  reasons: [
    'no image to build: `BackstageNix` takes any image of a Backstage, and brings Nix from another one, its `seedImage`',
    'Nix and the portal are upgraded apart from one another',
  ],
  tradeOffs: [
    'the first start copies the store to the volume, and a home-manager profile is built or downloaded there',
    'a volume for one node serves one replica',
  ],
};

const PIPELINE: Choice = {
  kind: NixImageKind.BACKSTAGE_NIX,
  reasons: [
    'everything is built in: a run installs nothing and needs no volume',
    'every run starts from the same state, which is that of the image\'s digest',
    'any base with a shell will do: it is the build argument BACKSTAGE_IMAGE',
  ],
  tradeOffs: [
    'a large image that each fresh node pulls once',
    'another tool means another build',
  ],
};

/** The decision matrix. The first row that applies decides; the last one always does. */
const USE_CASES: readonly UseCase[] = [
  {
    name: 'Add Nix to an existing app',
    example: { existingImage: true },
    applies: r => isSet(r.existingImage) && !isSet(r.backstage),
    choices: r => isSet(r.persistentVolume) && mayChange(r) ? [ENABLE, ADD_NIX] : [ADD_NIX, ENABLE],
  },
  {
    name: 'Production Backstage with AI assistants',
    example: { backstage: true },
    applies: r => isSet(r.backstage),
    choices: r => mayChange(r) ? [BACKSTAGE, PORTAL_AS_IT_IS] : [BACKSTAGE],
  },
  {
    name: 'Kubernetes with a persistent volume',
    example: { persistentVolume: true },
    applies: r => isSet(r.persistentVolume) && mayChange(r),
    choices: () => [UBUNTU_ON_VOLUME],
  },
  {
    name: 'Quick development',
    example: {},
    applies: mayChange,
    choices: () => [UBUNTU_ALONE],
  },
  {
    name: 'CI/CD pipelines',
    example: { pipeline: true },
    applies: () => true,
    choices: () => [PIPELINE],
  },
];

/**
 * Which image suits, and why: a row of the decision matrix.
 *
 * @example NixImage.recommend({ backstage: true })
 */
export class NixImageRecommendation {
  /**
   * What to take.
   *
   * @param requirements what is given and what is wanted
   */
  public static of(requirements: NixImageRequirements): NixImageRecommendation {
    checkArguments('NixImageRecommendation.of', arguments);
    const useCase = USE_CASES.find(row => row.applies(requirements))!;
    return NixImageRecommendation.ofRow(useCase, requirements);
  }

  /**
   * The whole decision matrix: what the least requirements of each row lead to.
   */
  public static all(): NixImageRecommendation[] {
    checkArguments('NixImageRecommendation.all', arguments);
    return USE_CASES.map(row => NixImageRecommendation.ofRow(row, row.example));
  }

  private static ofRow(row: UseCase, requirements: NixImageRequirements): NixImageRecommendation {
    const [best, ...others] = row.choices(requirements);
    const alternatives = others.map(choice => new NixImageRecommendation(row.name, requirements, choice, []));
    return new NixImageRecommendation(row.name, requirements, best, alternatives);
  }

  /** The image. */
  public readonly kind: NixImageKind;

  /** What speaks for it. */
  public readonly reasons: string[];

  /** What it costs. */
  public readonly tradeOffs: string[];

  private constructor(
    /** The row of the decision matrix. */
    public readonly useCase: string,
    /** What it was recommended for. */
    public readonly requirements: NixImageRequirements,
    choice: Choice,
    /** What else does the job, best first. */
    public readonly alternatives: NixImageRecommendation[],
  ) {
    this.kind = choice.kind;
    this.reasons = [...choice.reasons];
    this.tradeOffs = [...choice.tradeOffs];
  }

  /** Whether there is an image of ours to build first. */
  public get needsBuild(): boolean {
    return this.kind !== NixImageKind.UPSTREAM;
  }
}

function isSet(requirement: boolean | undefined): boolean {
  return requirement === true;
}

/** What runs may install something. */
function mayChange(requirements: NixImageRequirements): boolean {
  return !isSet(requirements.immutable) && !isSet(requirements.pipeline);
}
