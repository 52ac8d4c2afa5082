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
      return restoreDropped(patched, manifest(patched));
    };
  }
}

function restoreDropped(full: unknown, converted: unknown): any {
  if (Array.isArray(full) && Array.isArray(converted)) {
    return converted.map((item, i) => restoreDropped(full[i], item));
  }
  if (!isObject(full) || !isObject(converted)) {
    return converted;
  }
  const result: { [field: string]: unknown } = {};
  for (const [field, value] of Object.entries(converted)) {
    result[field] = restoreDropped(full[field], value);
  }
  // The L1 has its own spelling of some names (`clusterIp`): those are converted, not dropped.
  const present = new Set(Object.keys(converted).map(field => field.toLowerCase()));
  for (const field of Object.keys(full).filter(name => !present.has(name.toLowerCase()))) {
    result[field] = full[field];
  }
  return result;
}

function isObject(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
