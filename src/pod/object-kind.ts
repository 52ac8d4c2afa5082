/**
 * Whether an object is of a kind. The group counts too, since other groups have kinds of the same name; a manifest that does not say
 * its group is taken at its word.
 *
 * @param groups the API groups, `core` for the one without a name
 */
export function isKind(object: { readonly kind: string; readonly apiVersion?: string }, kind: string, ...groups: string[]): boolean {
  return object.kind === kind && isOfGroup(object, groups);
}

/** Whether an object is of one of these API groups, whatever its kind. */
export function isOfGroup({ apiVersion }: { readonly apiVersion?: string }, groups: readonly string[]): boolean {
  if (apiVersion === undefined) {
    return true;
  }
  const slash = apiVersion.indexOf('/');
  return groups.includes(slash === -1 ? 'core' : apiVersion.slice(0, slash));
}
