import { ApiObject } from 'cdk8s';

type Manifest = { readonly [field: string]: unknown };

/**
 * Keep fields of an object that kplus' typed API object (L1) would drop without a word: those newer than its version of the
 * Kubernetes schema, such as image volumes, and quantities that a JSON patch sets as plain text. Both reach the manifest only
 * because the L1's conversion, which runs after all patches, is undone where it lost something.
 */
export function keepPatchedFields(object: ApiObject): void {
  const { manifest } = object.constructor as unknown as { manifest?(props: unknown): Manifest };
  if (manifest) {
    object.toJson = () => {
      const patched: Manifest = ApiObject.prototype.toJson.call(object);
      return restoreDropped(patched, manifest(patched)) as Manifest;
    };
  }
}

function restoreDropped(full: unknown, converted: unknown): unknown {
  if (Array.isArray(full) && Array.isArray(converted)) {
    return converted.map((item, i) => restoreDropped(full[i], item));
  }
  if (!isObject(full) || !isObject(converted)) {
    return converted;
  }
  const kept = Object.entries(converted).filter(([, value]) => value !== undefined);
  // The L1 has its own spelling of some names (`clusterIp`): those are converted, not dropped.
  const names = new Set(kept.map(([field]) => field.toLowerCase()));
  const dropped = Object.entries(full).filter(([field]) => !names.has(field.toLowerCase()));
  return Object.fromEntries([...kept.map(([field, value]) => [field, restoreDropped(full[field], value)]), ...dropped]);
}

function isObject(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
