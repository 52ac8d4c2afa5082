import { k8s } from 'cdk8s-plus-28';
import { Manifest, titleOf } from '../../support/kubernetes/manifest';

/** An object that somebody may still bring. */
export class NotFound extends Error {}

/** The objects of one namespace, as an API server keeps them. */
export class Objects {
  private readonly byTitle = new Map<string, Manifest>();

  /** Creates objects, or replaces those of the same kind and name. */
  public apply(objects: Manifest[]): void {
    for (const object of objects) {
      refuseChangeOfImmutable(this.byTitle.get(titleOf(object)), object);
      this.byTitle.set(titleOf(object), object);
    }
  }

  /** @throws if there is no such object */
  public get(kind: string, name: string): Manifest {
    const object = this.find(kind, name);
    if (!object) {
      throw new NotFound(`${kind} "${name}" not found`);
    }
    return object;
  }

  public find(kind: string, name: string): Manifest | undefined {
    return this.byTitle.get(`${kind}/${name}`);
  }

  public all(kind: string): Manifest[] {
    return [...this.byTitle.values()].filter(object => object.kind === kind);
  }

  public names(kind: string): string[] {
    return this.all(kind).map(object => object.metadata.name);
  }

  /**
   * What a ConfigMap or a Secret holds, by key.
   *
   * @throws if there is none, unless it is optional
   */
  public contents(kind: 'ConfigMap' | 'Secret', name: string, optional: boolean = false): Map<string, Buffer> {
    const object = optional ? this.find(kind, name) : this.get(kind, name);
    const encoded = kind === 'Secret' ? object?.data : object?.binaryData;
    const plain = kind === 'Secret' ? object?.stringData : object?.data;
    return new Map([
      ...Object.entries<string>(encoded ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]),
      ...Object.entries<string>(plain ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]),
    ]);
  }
}

/** What a kind's controller makes pods of. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly template: k8s.PodTemplateSpec;
  readonly replicas: number;
  readonly claimTemplates: k8s.KubePersistentVolumeClaimProps[];
  /** Whether the old pods are gone before the new ones come. */
  readonly recreate: boolean;
}

/** Reads a workload object of any kind. */
export function workloadOf(object: Manifest): Workload {
  const spec = object.kind === 'CronJob' ? object.spec.jobTemplate.spec : object.spec;
  return {
    kind: object.kind,
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? 'default',
    template: object.kind === 'Pod' ? object : spec.template,
    replicas: spec.replicas ?? 1,
    claimTemplates: spec.volumeClaimTemplates ?? [],
    recreate: object.kind !== 'Deployment' || spec.strategy?.type === 'Recreate',
  };
}

function refuseChangeOfImmutable(old: Manifest | undefined, object: Manifest): void {
  const content = ({ data, binaryData, stringData }: Manifest) => JSON.stringify([data, binaryData, stringData]);
  if (old?.immutable && content(old) !== content(object)) {
    throw new Error(`${titleOf(object)} is immutable`);
  }
}
