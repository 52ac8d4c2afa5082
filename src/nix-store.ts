import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BoundStore, StoreReach } from './private/bound-store';
import { isDnsSubdomain, isLabelValue, isQualifiedName } from './private/kubernetes-name';
import { Problems } from './private/problems';

/**
 * A claim for a store volume.
 */
export interface PersistentStoreOptions {
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
   * The access modes asked for.
   *
   * @default [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: kplus.PersistentVolumeAccessMode[];

  /**
   * Accept that pods on several nodes write to one store (ReadWriteMany). Nix's database then works without its
   * write-ahead log, which needs memory shared between the writers; all of them must run the same version of Nix.
   *
   * @default false
   */
  readonly shared?: boolean;

  /**
   * Keep the claim when it disappears from the manifests, or the release is uninstalled: Argo CD, Flux and Helm are told not to
   * delete it.
   *
   * @default false
   */
  readonly retain?: boolean;

  /**
   * Labels of the claim.
   *
   * @default - none
   */
  readonly labels?: { [name: string]: string };

  /**
   * Annotations of the claim.
   *
   * @default - none
   */
  readonly annotations?: { [name: string]: string };
}

/**
 * A claim that exists already.
 */
export interface ExistingStoreOptions {
  /**
   * The access modes the claim has.
   *
   * @default [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: kplus.PersistentVolumeAccessMode[];

  /**
   * Accept that pods on several nodes write to one store (ReadWriteMany).
   *
   * @default false
   */
  readonly shared?: boolean;
}

/**
 * Options of `NixStore.emptyDir`.
 */
export interface EmptyDirStoreOptions {
  /**
   * Where the store lives. In memory it counts against the memory limits of the containers.
   *
   * @default kplus.EmptyDirMedium.DEFAULT
   */
  readonly medium?: kplus.EmptyDirMedium;

  /**
   * The most the store may hold; the pod is evicted above it.
   *
   * @default - no limit
   */
  readonly sizeLimit?: Size;
}

/** Tell Argo CD, Flux and Helm to leave an object alone. */
const RETAIN: { readonly [annotation: string]: string } = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'helm.sh/resource-policy': 'keep',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/**
 * The volume that holds `/nix`.
 *
 * The store lives in the folder `nix/` of the volume, so that the volume's root, which belongs to the cluster,
 * is left alone and `lost+found` stays out of `/nix`.
 */
export class NixStore {
  /**
   * A claim of its own: packages survive restarts.
   *
   * @param options size, class, access
   */
  public static persistent(options: PersistentStoreOptions = {}): NixStore {
    return new NixStore((scope, problems) => bindPersistent(scope, problems, options));
  }

  /**
   * A claim that exists already, by its name.
   *
   * @param claimName the name of the PersistentVolumeClaim, in the namespace of the workload
   * @param options the access modes it has
   */
  public static existing(claimName: string, options: ExistingStoreOptions = {}): NixStore {
    return new NixStore((scope, problems) => bindExisting(scope, problems, claimName, options));
  }

  /**
   * A volume that dies with the pod. Each start is a cold start.
   *
   * @param options medium and size limit
   */
  public static emptyDir(options: EmptyDirStoreOptions = {}): NixStore {
    return new NixStore((_, problems) => bindEmptyDir(problems, options));
  }

  /**
   * Any other volume that UID 1001 or the fsGroup can write, for example NFS.
   *
   * @param volume the volume; a hostPath is refused, since its subPath mounts are not dependable
   */
  public static fromVolume(volume: kplus.Volume): NixStore {
    return new NixStore((_, problems) => bindVolume(problems, volume));
  }

  private constructor(private readonly binder: (scope: Construct, problems: Problems) => BoundStore) {}

  /**
   * Make the objects the store needs below `scope`.
   *
   * @internal
   */
  public _bind(scope: Construct, problems: Problems): BoundStore {
    return this.binder(scope, problems);
  }
}

const { READ_WRITE_ONCE, READ_WRITE_MANY, READ_WRITE_ONCE_POD } = kplus.PersistentVolumeAccessMode;

function bindPersistent(scope: Construct, problems: Problems, options: PersistentStoreOptions): BoundStore {
  const size = options.size ?? Size.gibibytes(20);
  const accessModes = options.accessModes ?? [READ_WRITE_ONCE];
  const sizeIsValid = validateSize(problems, size);
  validateLabels(problems, options);
  if (options.storageClassName !== undefined && !isDnsSubdomain(options.storageClassName)) {
    problems.add('CDK8SNIX0202', 'store.storageClassName', options.storageClassName, 'A class name has lower-case letters, digits, "-" and ".".',
      'Name a class that `kubectl get storageclass` lists, or leave it out for the default one.');
  }

  const claim = new kplus.PersistentVolumeClaim(scope, 'Store', {
    metadata: { labels: options.labels, annotations: { ...(options.retain ? RETAIN : {}), ...options.annotations } },
    // kplus throws at synth on parts of a GiB, before the message that says so could be shown.
    storage: sizeIsValid ? size : Size.gibibytes(1),
    storageClassName: options.storageClassName,
    accessModes,
  });
  return bindClaim(problems, claim, accessModes, options.shared ?? false);
}

function bindExisting(scope: Construct, problems: Problems, claimName: string, options: ExistingStoreOptions): BoundStore {
  if (!isDnsSubdomain(claimName)) {
    problems.add('CDK8SNIX0202', 'store.claimName', claimName, 'The name of a claim has lower-case letters, digits, "-" and ".".',
      'Name a claim that `kubectl get pvc` lists.');
  }
  const claim = kplus.PersistentVolumeClaim.fromClaimName(scope, 'Store', claimName);
  return bindClaim(problems, claim, options.accessModes ?? [READ_WRITE_ONCE], options.shared ?? false);
}

function bindClaim(problems: Problems, claim: kplus.IPersistentVolumeClaim, modes: kplus.PersistentVolumeAccessMode[], shared: boolean): BoundStore {
  const writable = modes.filter(mode => mode !== kplus.PersistentVolumeAccessMode.READ_ONLY_MANY);
  if (writable.length === 0) {
    problems.add('CDK8SNIX0203', 'store.accessModes', modes, 'Nix writes to its store.', 'Use READ_WRITE_ONCE.');
  } else if (modes.includes(READ_WRITE_ONCE_POD) && modes.length > 1) {
    problems.add('CDK8SNIX0203', 'store.accessModes', modes, 'ReadWriteOncePod cannot be combined with another mode.', 'Keep one of the modes.');
  }
  const many = modes.includes(READ_WRITE_MANY);
  if (many && !shared) {
    problems.add('CDK8SNIX0204', 'store.accessModes', modes,
      'Pods on several nodes would write to one Nix database, which is safe only without its write-ahead log and with one version of Nix.',
      'Use READ_WRITE_ONCE, or say shared: true.');
  }
  if (shared && !many) {
    problems.add('CDK8SNIX0203', 'store.shared', shared, `A volume with the access modes ${modes.join(', ')} cannot be shared by several nodes.`,
      'Use READ_WRITE_MANY, or leave `shared` out.');
  }
  return {
    source: { persistentVolumeClaim: { claimName: claim.name } },
    claim,
    reach: many ? StoreReach.MANY_NODES : modes.includes(READ_WRITE_ONCE_POD) ? StoreReach.ONE_POD : StoreReach.ONE_NODE,
    persistent: true,
  };
}

function bindEmptyDir(problems: Problems, options: EmptyDirStoreOptions): BoundStore {
  if (options.sizeLimit && options.sizeLimit.toKibibytes() <= 0) {
    problems.add('CDK8SNIX0201', 'store.sizeLimit', options.sizeLimit.asString(), 'The seed image alone needs some hundred MiB.',
      'Use for example Size.gibibytes(5), or leave it out.');
  }
  return {
    source: {
      emptyDir: {
        medium: options.medium || undefined,
        sizeLimit: options.sizeLimit && kplus.k8s.Quantity.fromString(`${options.sizeLimit.toMebibytes({ rounding: 2 })}Mi`),
      },
    },
    reach: StoreReach.EACH_POD,
    persistent: false,
  };
}

function bindVolume(problems: Problems, volume: kplus.Volume): BoundStore {
  // kplus keeps the source to itself; `_toKube` is what its own pods call.
  const { name, ...source } = (volume as unknown as { _toKube(): kplus.k8s.Volume })._toKube();
  if (source.hostPath) {
    problems.add('CDK8SNIX0205', 'store', source.hostPath.path, 'Some kubelets mount the subPath of a hostPath volume empty, and the restricted profile refuses hostPath.',
      'Use NixStore.persistent(), on a class for local volumes if it must be this disk.');
  }
  return { source, reach: source.emptyDir ? StoreReach.EACH_POD : StoreReach.MANY_NODES, persistent: !source.emptyDir };
}

function validateSize(problems: Problems, size: Size): boolean {
  const kibibytes = size.toKibibytes();
  if (!(kibibytes > 0) || kibibytes % (1024 * 1024) !== 0) {
    const rounded = Math.max(1, Math.ceil(kibibytes / (1024 * 1024)) || 1);
    problems.add('CDK8SNIX0201', 'store.size', size.asString(), 'A claim is for one GiB or more, in whole GiB.', `Use for example Size.gibibytes(${rounded}).`);
    return false;
  }
  return true;
}

function validateLabels(problems: Problems, options: PersistentStoreOptions): void {
  for (const [name, value] of Object.entries(options.labels ?? {})) {
    if (!isQualifiedName(name) || !isLabelValue(value)) {
      problems.add('CDK8SNIX0208', 'store.labels', `${name}=${value}`, 'Names and values of labels have at most 63 letters, digits, "-", "_" and ".".',
        'Put longer text into an annotation.');
    }
  }
  for (const name of Object.keys(options.annotations ?? {})) {
    if (!isQualifiedName(name)) {
      problems.add('CDK8SNIX0208', 'store.annotations', name, 'The name of an annotation has at most 63 letters, digits, "-", "_" and ".", after an optional DNS prefix.',
        'Use for example "example.org/owner".');
    }
  }
}
