import * as kplus from 'cdk8s-plus-28';
import { checkHomePath } from './home-path';
import { checkArguments } from '../base/argument-check';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * Options of a file in the home.
 */
export interface NixHomeFileOptions {
  /**
   * The permissions of the file, for example `0o400`: its owner can read it, at least. It belongs to the user of the pod.
   *
   * @default 0o600
   */
  readonly mode?: number;
}

/**
 * A file in the home of the user whose content comes from a Secret or a ConfigMap, such as `~/.netrc`.
 *
 * Kubernetes mounts such files as root's, and readable for the group; ssh, psql, Python's netrc and others refuse that. So an init container copies
 * them to a volume in memory, as files of the user's that nobody else reads, and from there they are mounted. They do not reach the store or any
 * other volume that lasts. A program can neither replace nor delete a mounted file; a change of the Secret is seen by the next pod.
 */
export class NixHomeFile {
  /**
   * A file whose content is one value of a Secret.
   *
   * @param path where it is, relative to the home
   * @param value the Secret and the key
   * @param options its permissions
   *
   * @example NixHomeFile.fromSecretValue('.netrc', { secret, key: 'netrc' });
   */
  public static fromSecretValue(path: string, value: kplus.SecretValue, options: NixHomeFileOptions = {}): NixHomeFile {
    checkArguments('NixHomeFile.fromSecretValue', arguments);
    return new NixHomeFile(path, options, { secretName: value.secret.name }, value.key);
  }

  /**
   * A folder with all that is in a Secret, each value as a file under the name of its key.
   *
   * @param path where the folder is, relative to the home
   * @param secret the Secret
   * @param options the permissions of each file
   *
   * @example NixHomeFile.folderFromSecret('.ssh', secret);
   */
  public static folderFromSecret(path: string, secret: kplus.ISecret, options: NixHomeFileOptions = {}): NixHomeFile {
    checkArguments('NixHomeFile.folderFromSecret', arguments);
    return new NixHomeFile(path, options, { secretName: secret.name });
  }

  /**
   * A file whose content is one value of a ConfigMap.
   *
   * @param path where it is, relative to the home
   * @param configMap the ConfigMap
   * @param key the key of the value
   * @param options its permissions
   */
  public static fromConfigMap(path: string, configMap: kplus.IConfigMap, key: string, options: NixHomeFileOptions = {}): NixHomeFile {
    checkArguments('NixHomeFile.fromConfigMap', arguments);
    return new NixHomeFile(path, options, { name: configMap.name }, key);
  }

  private constructor(
    /** Where it is, relative to the home. */
    public readonly path: string,
    private readonly options: NixHomeFileOptions,
    private readonly source: { readonly secretName: string } | { readonly name: string },
    /** The key; none for a folder with all of them. */
    private readonly key?: string,
  ) {}

  /**
   * The permissions, as `chmod` takes them.
   *
   * @internal
   */
  public get _mode(): string {
    return (this.options.mode ?? 0o600).toString(8).padStart(4, '0');
  }

  /**
   * What is mounted of the folder with the copy.
   *
   * @internal
   */
  public get _name(): string | undefined {
    return this.key;
  }

  /**
   * The volume with the content. The group reads it: the copy is made by the user.
   *
   * @internal
   */
  public _volume(name: string): kplus.k8s.Volume {
    const content = { ...this.source, defaultMode: 0o440, items: this.key === undefined ? undefined : [{ key: this.key, path: this.key }] };
    return 'secretName' in this.source ? { name, secret: content } : { name, configMap: content };
  }

  /**
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    checkHomePath(problems, `${prop}.path`, this.path);
    const mode = this.options.mode ?? 0o600;
    if (!Number.isInteger(mode) || mode < 0o400 || mode > 0o777) {
      problems.add('CDK8SNIX0407', `${prop}.mode`, mode, 'It is a whole number from 0o400 to 0o777, with which the owner can read.', 'Use for example 0o600.');
    }
    if (this.key !== undefined && !isDataKey(this.key)) {
      problems.add('CDK8SNIX0308', `${prop}.key`, this.key, 'The key of a Secret or ConfigMap has letters, digits, "-", "_" and "."; 253 at most.',
        'Name the key as it stands there.');
    }
  }
}
