import * as kplus from 'cdk8s-plus-28';
import { flakeUrl } from './flake-url';
import { checkFlakeReference, checkStorePath } from './program-reference';
import { checkArguments } from '../base/argument-check';
import { contentHash } from '../base/content-hash';
import { isDnsLabel } from '../base/kubernetes-name';
import { Problems } from '../base/problems';
import { NodeRuntime } from '../pod/bound-store';

/**
 * How a program runs: all that a kplus container takes, but that the image is the seed image unless given.
 */
export interface NixProgramOptions extends kplus.ContainerOpts {
  /**
   * The image around the program: its shell, its certificates, its /etc. With a `command` it needs nothing at all.
   *
   * @default - the seed image
   */
  readonly image?: string;
}

/**
 * How the program of a flake runs.
 */
export interface NixFlakeProgramOptions extends NixProgramOptions {
  /**
   * Which of the flake's apps or packages, as after `#` in `nix run`. After `^` stands the output of the package that has the program, if not the default one.
   *
   * @default "default"
   */
  readonly attribute?: string;

  /**
   * Take a reference that may stand for something else tomorrow, such as a branch. What was brought first stays on a volume until the reference
   * changes, and another volume may have another one.
   *
   * @default false
   */
  readonly allowMoving?: boolean;
}

/**
 * A program that a container runs from the store rather than from its image: it is brought before the container starts.
 */
export class NixProgram {
  /**
   * The program of a flake, as `nix run` would run it: its app, or the main program of its package. With `command` in the options that is run
   * instead: a name is one of the package's `bin`, a relative path one in the package.
   *
   * The reference names a revision or a tag: `github:owner/repository/v1.2.3`, `git+https://…?ref=refs/tags/v1.2.3`; that of an archive or a folder
   * has a `narHash`. It never holds a secret; private repositories are reached by
   * `config.accessTokens` and `config.netrc`.
   *
   * @example NixProgram.flake('github:owner/echo/v1.2.3', { portNumber: 8080 })
   *
   * @param reference a flake reference; an attribute after `#` counts as `attribute`
   * @param options the container
   */
  public static flake(reference: string, options: NixFlakeProgramOptions = {}): NixProgram {
    checkArguments('NixProgram.flake', arguments);
    const { attribute, allowMoving, image, ...container } = options ?? {};
    return new NixProgram('flake', attribute === undefined ? reference : `${reference}#${attribute}`, container, image, (problems, prop) => {
      checkFlakeReference(problems, prop, reference, attribute, allowMoving ?? false);
    });
  }

  /**
   * A program by its store path, which a binary cache has, or the store already.
   *
   * @example NixProgram.package('/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-hello-2.12.1/bin/hello')
   *
   * @param path what to run; or a store path alone, with `command` in the options
   * @param options the container
   */
  public static package(path: string, options: NixProgramOptions = {}): NixProgram {
    checkArguments('NixProgram.package', arguments);
    const { image, ...container } = options ?? {};
    return new NixProgram('package', path, container, image, (problems, prop) => checkStorePath(problems, prop, path, container.command));
  }

  /**
   * A command in what the runtime of the node brings, such as a Flox environment: for `NixStore.runtimeClass` only.
   *
   * @example NixProgram.command(['echoip'], { portNumber: 8080 })
   *
   * @param argv what to run, and its arguments
   * @param options the container
   */
  public static command(argv: string[], options: NixProgramOptions = {}): NixProgram {
    checkArguments('NixProgram.command', arguments);
    const { image, ...container } = options ?? {};
    return new NixProgram('command', Array.isArray(argv) ? argv.join(' ') : '', { ...container, command: argv }, image, () => {});
  }

  private constructor(
    private readonly kind: 'flake' | 'package' | 'command',
    /** What is brought: a flake reference with its attribute, or a path in the store. */
    public readonly reference: string,
    private readonly container: kplus.ContainerOpts,
    private readonly image: string | undefined,
    private readonly check: (problems: Problems, prop: string) => void,
  ) {}

  /**
   * The name of the container, which also tells the program from the others of an environment.
   *
   * @internal
   */
  public get _name(): string {
    return this.container.name ?? 'main';
  }

  /**
   * What stands for the reference in paths on the volume, since the store path is not known yet. Another reference is another program, so a
   * rollback finds the former one.
   *
   * @internal
   */
  public get _key(): string {
    return contentHash(this.kindToBring, String(this.reference));
  }

  /**
   * What the script that brings it is told.
   *
   * @internal
   */
  public get _arguments(): string[] {
    const { command } = this.container;
    const named = isListOfTexts(command) && namesFile(command?.[0]) && !command![0].startsWith('/') ? `:${pathInPackage(command![0])}` : '';
    return [this._name, this._key, `${this.kindToBring}${named}`, this.reference];
  }

  /**
   * Whether Nix can bring it by itself: without git, without a key for ssh, without files of the pod.
   *
   * @internal
   */
  public get _needsNixOnly(): boolean {
    return this.kind === 'package' || /^(?:github|gitlab|sourcehut|https?|tarball\+https?):/.test(this.reference);
  }

  /**
   * Where its sources are fetched from; undefined if it has none, or none outside of the pod.
   *
   * @internal
   */
  public get _url(): string | undefined {
    return this.kind === 'flake' ? flakeUrl(this.reference.split('#')[0]) : undefined;
  }

  /**
   * The container that runs it.
   *
   * @param folder where the script leaves the programs of the environment
   * @param image the seed image
   * @param runtime the runtime of the node, if that brings the program
   * @internal
   */
  public _container(folder: string, image: string, runtime?: NodeRuntime): kplus.ContainerProps {
    const { command, args } = this.container;
    // What is no list of words is refused at synth; until then nothing trips over it.
    const words = { command: isListOfTexts(command) ? command : undefined, args: isListOfTexts(args) ? args : undefined };
    const own = typeof this.image === 'string' ? this.image : undefined;
    if (runtime) {
      // What runs is the runtime's to find.
      return { ...this.container, ...words, name: this._name, image: own ?? runtime.image ?? `nix:0${IMAGE_PATH.test(this.reference) ? this.reference : ''}` };
    }
    const place = `${folder}/${this._name}/${this._key}`;
    const envVariables = withFolderInPath(this.container.envVariables, `${place}/package/bin`);
    return { ...this.container, name: this._name, image: own ?? image, envVariables, ...start(place, words) };
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, prop: string, runtime?: NodeRuntime): void {
    const { command } = this.container;
    const lists = (['command', 'args'] as const).filter(list => !isListOfTexts(this.container[list]));
    lists.forEach(list => problems.add('CDK8SNIX1201', `${prop}.${list}`, this.container[list], 'It is a list of texts, one for each word.',
      'Use for example ["serve", "--port", "8080"].'));
    if (this.image !== undefined && typeof this.image !== 'string') {
      problems.add('CDK8SNIX0101', `${prop}.image`, this.image, 'This is no image reference.', 'Use registry/repository:tag, or leave it out.');
    }
    if (lists.length === 0 && command !== undefined && !namesFile(command[0])) {
      problems.add('CDK8SNIX1201', `${prop}.command`, command, 'It does not say what to run.',
        this.kind === 'command' ? 'Name a program, as in NixProgram.command(["serve"]).' : 'Name a program, or leave the command out.');
    }
    if (typeof this._name !== 'string' || !isDnsLabel(this._name)) {
      problems.add('CDK8SNIX1202', `${prop}.name`, this._name, 'A container has lower-case letters, digits and "-" in its name, at most 63.', 'Use for example "echo".');
    }
    this.checkOwnImage(problems, prop, runtime);
    const needed = runtime ? KIND_FOR[runtime.runs] : undefined;
    if (needed ? needed !== this.kind : this.kind === 'command') {
      problems.add('CDK8SNIX1206', prop, this.reference, runtime ? 'The runtime of the node does not run this.' : 'A command alone is found only by a runtime of the node.',
        `Use NixProgram.${needed ?? 'flake'}(…).`);
    } else if (runtime?.runs !== 'image') {
      this.check(problems, prop);
    } else if (!IMAGE_PATH.test(this.reference)) {
      problems.add('CDK8SNIX1201', prop, this.reference, 'This is no store path of an image.', 'Use that of an image which buildImage of nix-snapshotter made.');
    }
  }

  /** What stands in the place of an image that only the runtime of the node knows. */
  private checkOwnImage(problems: Problems, prop: string, runtime?: NodeRuntime): void {
    if (this.image !== undefined && runtime && runtime.runs !== 'command' && KIND_FOR[runtime.runs] === this.kind) {
      problems.add('CDK8SNIX1206', `${prop}.image`, this.image, runtime.runs === 'flake' ? 'This runtime of the node ignores images.'
        : 'The program is the image of its container here, and in another image it is nowhere.', 'Leave it out.');
    }
  }

  /** A flake whose program the container names itself need not have a main one. */
  private get kindToBring(): string {
    return this.kind === 'flake' && this.container.command ? 'closure' : this.kind;
  }
}

/** Whether the first word of a command can be a program: no folder, and nothing outside of the package. */
function namesFile(word: string | undefined): boolean {
  return word !== undefined && word.trim() !== '' && !/(?:^|\/)\.{0,2}$|(?:^|\/)\.\.\//.test(word);
}

/** So that a probe, a hook or a shell finds the programs of the package by their names; behind all others, which keep theirs. */
function withFolderInPath(variables: kplus.ContainerProps['envVariables'], folder: string): kplus.ContainerProps['envVariables'] {
  const { PATH } = variables ?? {};
  if (PATH !== undefined && typeof PATH?.value !== 'string') {
    // What a Secret or a ConfigMap says is the last word.
    return variables;
  }
  // Ours first, since other variables may refer to it.
  return PATH === undefined ? { PATH: kplus.EnvValue.fromValue(`$(PATH):${folder}`), ...variables }
    : { ...variables, PATH: kplus.EnvValue.fromValue(`${PATH.value}:${folder}`) };
}

/** The words of a container that runs what lies in a folder. */
function start(folder: string, { command, args }: Pick<kplus.ContainerProps, 'command' | 'args'>): Pick<kplus.ContainerProps, 'command' | 'args'> {
  if (command && command.length > 0) {
    return { command: [inPackage(command[0], folder), ...command.slice(1)], args };
  }
  // By its own name: some programs look at the one they were started by, for what they are or where they lie.
  return { command: ['sh', '-c', 'exec "$(readlink "$0")" "$@"', `${folder}/program`], args };
}

/** Whether it is one, or nothing: only a compiler would say so. */
function isListOfTexts(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(word => typeof word === 'string'));
}

/** What a snapshotter takes for an image. */
const IMAGE_PATH = /^\/nix\/store\/[0-9a-z]{32}-(?![^/]*\.drv$)[A-Za-z0-9+._?=-]+$/;

/** The kind of program that a runtime runs. */
const KIND_FOR = { flake: 'flake', command: 'command', image: 'package' } as const;

function inPackage(program: string, folder: string): string {
  if (program.startsWith('/')) {
    return program;
  }
  return `${folder}/package/${pathInPackage(program)}`;
}

function pathInPackage(program: string): string {
  return program.includes('/') ? program : `bin/${program}`;
}
