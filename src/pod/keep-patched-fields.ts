import { ApiObject } from 'cdk8s';

type Manifest = { [field: string]: unknown };

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
      const converted = manifest(patched);
      restoreDropped(patched, converted);
      return converted;
    };
  }
}

function restoreDropped(full: unknown, converted: unknown): void {
  if (full === converted || !isObject(full) || !isObject(converted)) {
    return;
  }
  // The items of a list are fields with numbers for names.
  for (const field of Object.keys(full)) {
    if (converted[field] !== undefined) {
      restoreDropped(full[field], converted[field]);
    } else if (!hasOtherSpelling(converted, field)) {
      converted[field] = full[field];
    }
  }
}

/** The L1 has its own spelling of some names (`clusterIp`): those are converted, not dropped. */
function hasOtherSpelling(converted: Manifest, field: string): boolean {
  return Object.keys(converted).some(name => converted[name] !== undefined && name.toLowerCase() === field.toLowerCase());
}

function isObject(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null;
}
