import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixArchitecture } from './nix-architecture';
import { NixDataSource } from './nix-data-source';
import { isDnsSubdomain } from '../base/kubernetes-name';
import { mergeMetadata, validateMetadata } from '../base/object-metadata';
import { BoundStore, ClaimSpecAndMetadata, StoreContext, StoreReach } from '../pod/bound-store';

/**
 * What all claims for store volumes have in common.
 */
export interface ClaimStoreOptions {
  /**
   * How much to ask for: whole GiB, since cloud disks come that way.
   *
   * @default Size.gibibytes(20)
   */
  readonly size?: Size;

  /**
   * The storage class.
   *
   * @default - the default class of the cluster
   */
  readonly storageClassName?: string;

  /**
   * What the volume starts with: a clone of a seeded volume, or a snapshot of one. The seed then finds everything there.
   *
   * @default - an empty volume
   */
  readonly dataSource?: NixDataSource;

  /**
   * Labels of the claim.
   *
   * @default - those of the environment's objects
   */
  readonly labels?: { [name: string]: string };

  /**
   * Annotations of the claim.
   *
   * @default - those of the environment's objects
   */
  readonly annotations?: { [name: string]: string };
}

const { READ_WRITE_ONCE, READ_WRITE_MANY, READ_WRITE_ONCE_POD, READ_ONLY_MANY } = kplus.PersistentVolumeAccessMode;

const DEFAULT_SIZE = Size.gibibytes(20);

/** The size to claim. An invalid one is reported, and replaced by one that kplus can render. */
export function claimSize({ problems, role }: StoreContext, wanted: Size | undefined): Size {
  const size = wanted ?? DEFAULT_SIZE;
  const kibibytes = size.toKibibytes();
  if (kibibytes > 0 && kibibytes % (1024 * 1024) === 0) {
    return size;
  }
  const rounded = Math.max(1, Math.ceil(kibibytes / (1024 * 1024)) || 1);
  problems.add('CDK8SNIX0201', `${role.prop}.size`, size.asString(), 'A claim is for one GiB or more, in whole GiB.', `Use for example Size.gibibytes(${rounded}).`);
  return DEFAULT_SIZE;
}

export function validateClaimOptions({ problems, role }: StoreContext, options: ClaimStoreOptions): void {
  validateMetadata(problems, options, { labels: `${role.prop}.labels`, annotations: `${role.prop}.annotations` });
  options.dataSource?._validate(problems);
  if (options.storageClassName !== undefined && !isDnsSubdomain(options.storageClassName)) {
    problems.add('CDK8SNIX0202', `${role.prop}.storageClassName`, options.storageClassName, 'A class name has lower-case letters, digits, "-" and ".".',
      'Name a class that `kubectl get storageclass` lists, or leave it out for the default one.');
  }
}

/** Record a name that no claim can have. */
export function checkClaimName({ problems, role }: StoreContext, claimName: string): void {
  if (!isDnsSubdomain(claimName)) {
    problems.add('CDK8SNIX0202', `${role.prop}.claimName`, claimName, 'The name of a claim has lower-case letters, digits, "-" and ".".',
      'Name a claim that `kubectl get pvc` lists.');
  }
}

/** The claim as a template, for volumes that Kubernetes makes for each pod. */
export function claimTemplate(context: StoreContext, options: ClaimStoreOptions): ClaimSpecAndMetadata {
  validateClaimOptions(context, options);
  return {
    metadata: mergeMetadata(context.metadata, options),
    spec: {
      accessModes: [READ_WRITE_ONCE],
      resources: { requests: { storage: kplus.k8s.Quantity.fromString(`${claimSize(context, options.size).toGibibytes()}Gi`) } },
      storageClassName: options.storageClassName,
      dataSource: options.dataSource?._toKube(),
      volumeMode: kplus.PersistentVolumeMode.FILE_SYSTEM,
    },
  };
}

/**
 * A store on a claim that has a name: who may use it follows from the access modes.
 *
 * @param architecture of the nodes that may mount it
 */
export function storeOnClaim(
  { problems, role }: StoreContext, claim: kplus.IPersistentVolumeClaim, modes: kplus.PersistentVolumeAccessMode[], shared: boolean,
  architecture: NixArchitecture | undefined,
): BoundStore {
  const many = modes.includes(READ_WRITE_MANY);
  if (modes.every(mode => mode === READ_ONLY_MANY)) {
    problems.add('CDK8SNIX0203', `${role.prop}.accessModes`, modes, 'Nix writes to it.', 'Use READ_WRITE_ONCE.');
  } else if (modes.includes(READ_WRITE_ONCE_POD) && modes.length > 1) {
    problems.add('CDK8SNIX0203', `${role.prop}.accessModes`, modes, 'ReadWriteOncePod cannot be combined with another mode.', 'Keep one of the modes.');
  }
  if (many && !shared) {
    problems.add('CDK8SNIX0204', `${role.prop}.accessModes`, modes,
      'Pods on several nodes would write to one Nix database, which is safe only without its write-ahead log and with one version of Nix.',
      'Use READ_WRITE_ONCE, or say shared: true.');
  }
  if (shared && !many) {
    problems.add('CDK8SNIX0203', `${role.prop}.shared`, shared, `A volume with the access modes ${modes.join(', ')} cannot be shared by several nodes.`,
      'Use READ_WRITE_MANY, or leave `shared` out.');
  }
  return {
    source: { persistentVolumeClaim: { claimName: claim.name } },
    claim,
    reach: many ? StoreReach.MANY_NODES : modes.includes(READ_WRITE_ONCE_POD) ? StoreReach.ONE_POD : StoreReach.ONE_NODE,
    persistent: true,
    architecture,
  };
}
