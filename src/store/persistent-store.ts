import { ApiObject, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { checkClaimName, claimSize, ClaimStoreOptions, storeOnClaim, validateClaimOptions } from './claim-options';
import { KEEP_CLAIM } from './keep-claim';
import { NixArchitecture } from './nix-architecture';
import { mergeMetadata } from '../base/object-metadata';
import { BoundStore, StoreContext } from '../pod/bound-store';
import { NeededObjects } from '../pod/needed-objects';
import { keepPatchedFields } from '../pod/written-manifest';

/**
 * A claim for a store volume.
 */
export interface PersistentStoreOptions extends ClaimStoreOptions {
  /**
   * The name of the claim, for one that is in the cluster already and shall be described here. Another name is another, empty volume.
   *
   * @default - a name made by cdk8s from the construct's path
   */
  readonly claimName?: string;

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
   * The architecture of the nodes that may mount it. Programs of two architectures cannot be in one store, so in a cluster of several a claim that lasts
   * belongs to one of them: its pods run on no other node.
   *
   * @default - any node; the seed refuses a volume with a store of another architecture
   */
  readonly architecture?: NixArchitecture;
}

/** Any of the tools may be the one that applies the manifests. */
const RETAIN: { readonly [annotation: string]: string } = { ...KEEP_CLAIM.argoCd, ...KEEP_CLAIM.flux, ...KEEP_CLAIM.helm };

/** A claim of its own, child of the environment, `Store` for the store. */
export function bindPersistent(context: StoreContext, options: PersistentStoreOptions): BoundStore {
  const { scope, metadata, role } = context;
  const accessModes = options.accessModes ?? [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE];
  validateClaimOptions(context, options);
  if (options.claimName !== undefined) {
    checkClaimName(context, options.claimName);
  }
  const named = mergeMetadata(metadata, { annotations: options.retain ? RETAIN : {} }, options);
  const claim = new kplus.PersistentVolumeClaim(scope, role.id, {
    // Not even undefined: it would take the place of the name that cdk8s makes.
    metadata: { ...named, ...(options.claimName === undefined ? {} : { name: options.claimName }) },
    storage: claimSize(context, options.size),
    storageClassName: options.storageClassName,
    accessModes,
  });
  const object = ApiObject.of(claim);
  keepPatchedFields(object);
  NeededObjects.of(scope).add(object);
  if (options.dataSource) {
    // kplus-28 has no prop for it.
    object.addJsonPatch(JsonPatch.add('/spec/dataSource', options.dataSource._toKube()));
  }
  return storeOnClaim(context, claim, accessModes, options.shared ?? false, options.architecture);
}
