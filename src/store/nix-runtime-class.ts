import { checkArguments } from '../base/argument-check';
import { isDnsSubdomain, isQualifiedName } from '../base/kubernetes-name';
import { Problems } from '../base/problems';
import { NodeRuntime } from '../pod/bound-store';

/**
 * Options of `NixRuntimeClass.containix`.
 */
export interface ContainixOptions {
  /**
   * The name of the RuntimeClass.
   *
   * @default "containix"
   */
  readonly name?: string;

  /**
   * The stand-in image, which Kubernetes asks for and the shim ignores.
   *
   * @default "ghcr.io/atmask/containix-empty:0.1.0"
   */
  readonly image?: string;
}

/**
 * Options of `NixRuntimeClass.flox`.
 */
export interface FloxOptions {
  /**
   * The Flox environment to run in, `owner/name`.
   */
  readonly environment: string;

  /**
   * The name of the RuntimeClass.
   *
   * @default "flox"
   */
  readonly name?: string;

  /**
   * The stand-in image.
   *
   * @default "docker.io/flox/empty:1.0.0"
   */
  readonly image?: string;
}

/**
 * Options of `NixRuntimeClass.of`.
 */
export interface RuntimeClassOptions {
  /**
   * The name of the RuntimeClass.
   */
  readonly name: string;

  /**
   * The stand-in image.
   */
  readonly image: string;

  /**
   * What the shim wants to know, as annotations of the pod.
   *
   * @default - none
   */
  readonly annotations?: { [name: string]: string };
}

/**
 * A runtime on the nodes that brings programs from Nix by itself: a containerd shim, or a snapshotter. Somebody with root on every node has
 * installed it; nothing is seeded then, and nothing can be installed at run time.
 *
 * @example NixStore.runtimeClass(NixRuntimeClass.flox({ environment: 'flox/echoip' }))
 */
export class NixRuntimeClass {
  /**
   * [Containix](https://containix.dev), a shim: the pod runs one flake, `NixProgram.flake`, as its annotation `containix.dev/flake` says. It needs the shim and a Nix daemon
   * on the node, and containerd has to pass `containix.dev/*` annotations on.
   *
   * @param options name and stand-in image
   */
  public static containix(options: ContainixOptions = {}): NixRuntimeClass {
    checkArguments('NixRuntimeClass.containix', arguments);
    return new NixRuntimeClass({
      runtimeClassName: options.name ?? 'containix',
      image: options.image ?? 'ghcr.io/atmask/containix-empty:0.1.0',
      annotations: {},
      runs: 'flake',
      flakeAnnotation: 'containix.dev/flake',
    });
  }

  /**
   * [Flox](https://flox.dev/docs/k8s), a shim: the pod runs in an environment of FloxHub, `NixProgram.command` in it.
   *
   * @param options environment, name and stand-in image
   */
  public static flox(options: FloxOptions): NixRuntimeClass {
    checkArguments('NixRuntimeClass.flox', arguments);
    return new NixRuntimeClass({
      runtimeClassName: options?.name ?? 'flox',
      image: options?.image ?? 'docker.io/flox/empty:1.0.0',
      annotations: { 'flox.dev/environment': options?.environment },
      runs: 'command',
    });
  }

  /**
   * [nix-snapshotter](https://github.com/pdtpartners/nix-snapshotter), a snapshotter that is also the kubelet's image service: `NixProgram.package` names the store
   * path of an image that its `buildImage` made. It needs no runtime class.
   */
  public static nixSnapshotter(): NixRuntimeClass {
    checkArguments('NixRuntimeClass.nixSnapshotter', arguments);
    return new NixRuntimeClass({ annotations: {}, runs: 'image' });
  }

  /**
   * Any other shim that brings what its annotations name: `NixProgram.command` runs in it.
   *
   * @param options name, stand-in image and annotations
   */
  public static of(options: RuntimeClassOptions): NixRuntimeClass {
    checkArguments('NixRuntimeClass.of', arguments);
    const { name = '', image = '', annotations = {} } = options ?? {};
    return new NixRuntimeClass({ runtimeClassName: name, image, annotations, runs: 'command' });
  }

  private constructor(
    /**
     * @internal
     */
    public readonly _runtime: NodeRuntime,
  ) {}

  /**
   * @internal
   */
  public _validate(problems: Problems): void {
    const { annotations, runtimeClassName } = this._runtime;
    if (runtimeClassName !== undefined && !isDnsSubdomain(runtimeClassName)) {
      problems.add('CDK8SNIX1207', 'store.runtimeClass', runtimeClassName, 'The name of a RuntimeClass is a domain name.', 'Name one that `kubectl get runtimeclass` lists.');
    }
    Object.keys(annotations).filter(name => !isQualifiedName(name)).forEach(name =>
      problems.add('CDK8SNIX0208', 'store.annotations', name, 'This is no name of an annotation.', 'Use for example "shim.example.org/flake".'));
    const environment = annotations['flox.dev/environment'];
    if ('flox.dev/environment' in annotations && !/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(environment ?? '')) {
      problems.add('CDK8SNIX1207', 'store.environment', environment, 'An environment of FloxHub is its owner and its name.', 'Use for example "owner/echo".');
    }
  }
}
