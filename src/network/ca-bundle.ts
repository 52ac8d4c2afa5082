import * as kplus from 'cdk8s-plus-28';
import { checkArguments } from '../base/argument-check';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * Certificates to trust instead of those of the image: a file with PEM certificates in a ConfigMap or a Secret.
 *
 * Programs read it *instead of* their own list, so it has to hold the public roots too if public servers are to be reached.
 *
 * @example CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'ca', 'company-ca'), 'ca.crt')
 */
export class CaBundle {
  /**
   * A key of a ConfigMap.
   *
   * @param configMap the ConfigMap, in the namespace of the pods
   * @param key the key that holds the certificates; `ca-bundle.crt` if left out
   */
  public static fromConfigMap(configMap: kplus.IConfigMap, key: string = DEFAULT_KEY): CaBundle {
    checkArguments('CaBundle.fromConfigMap', arguments);
    return new CaBundle(key, { configMap: { name: configMap.name, items: [{ key, path: FILE }] } });
  }

  /**
   * A key of a Secret, for clusters that keep their certificates in one. Nothing in it is copied into the manifests.
   *
   * @param secret the Secret, in the namespace of the pods
   * @param key the key that holds the certificates; `ca-bundle.crt` if left out
   */
  public static fromSecret(secret: kplus.ISecret, key: string = DEFAULT_KEY): CaBundle {
    checkArguments('CaBundle.fromSecret', arguments);
    return new CaBundle(key, { secret: { name: secret.name, items: [{ key, path: FILE }] } });
  }

  private constructor(private readonly key: string, private readonly projection: kplus.k8s.VolumeProjection) {}

  /**
   * @internal
   */
  public _validate(problems: Problems): void {
    if (!isDataKey(this.key)) {
      problems.add('CDK8SNIX0308', 'caBundle.key', this.key, 'The key of a ConfigMap or a Secret has letters, digits, "-", "_" and "."; 253 at most.',
        'Name the key as it stands there.');
    }
  }

  /**
   * The volume with the certificates, and where it is mounted. A folder rather than one file by subPath, so that a renewed
   * bundle reaches running pods.
   *
   * @internal
   */
  public get _volume(): { readonly volume: kplus.k8s.Volume; readonly mount: kplus.k8s.VolumeMount; readonly file: string } {
    return {
      volume: { name: 'nix-ca-bundle', projected: { sources: [this.projection] } },
      mount: { name: 'nix-ca-bundle', mountPath: FOLDER, readOnly: true },
      file: `${FOLDER}/${FILE}`,
    };
  }
}

const DEFAULT_KEY = 'ca-bundle.crt';
const FOLDER = '/etc/cdk8s-nix-ca';
const FILE = 'ca-bundle.crt';
