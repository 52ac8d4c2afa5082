import * as kplus from 'cdk8s-plus-28';
import { checkArguments } from '../base/argument-check';
import { isDnsSubdomain } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * What a new volume starts with: a copy that the storage makes by itself, usually in seconds, so that the store of a new
 * workspace is warm from its first start.
 *
 * The source has to be in the same namespace, of the same driver, and no larger than the new volume; the storage class
 * needs a CSI driver that can clone or take snapshots.
 *
 * @example NixStore.persistent({ dataSource: NixDataSource.snapshot('golden') })
 */
export class NixDataSource {
  /**
   * A clone of another claim's volume. Nothing should write to that one meanwhile: clone a claim that was seeded for this purpose.
   *
   * @param claimName the name of the PersistentVolumeClaim
   */
  public static claim(claimName: string): NixDataSource {
    checkArguments('NixDataSource.claim', arguments);
    return new NixDataSource('PersistentVolumeClaim', claimName);
  }

  /**
   * A snapshot of a seeded volume.
   *
   * @param snapshotName the name of the VolumeSnapshot (`snapshot.storage.k8s.io`)
   */
  public static snapshot(snapshotName: string): NixDataSource {
    checkArguments('NixDataSource.snapshot', arguments);
    return new NixDataSource('VolumeSnapshot', snapshotName, 'snapshot.storage.k8s.io');
  }

  private constructor(private readonly kind: string, private readonly name: string, private readonly apiGroup?: string) {}

  /**
   * @internal
   */
  public _validate(problems: Problems): void {
    if (!isDnsSubdomain(this.name)) {
      problems.add('CDK8SNIX0210', 'store.dataSource', this.name, `The name of a ${this.kind} has lower-case letters, digits, "-" and ".".`,
        `Name one that \`kubectl get ${this.kind.toLowerCase()}\` lists.`);
    }
  }

  /**
   * As in the spec of a claim.
   *
   * @internal
   */
  public _toKube(): kplus.k8s.TypedLocalObjectReference {
    return { kind: this.kind, name: this.name, ...(this.apiGroup ? { apiGroup: this.apiGroup } : {}) };
  }
}
