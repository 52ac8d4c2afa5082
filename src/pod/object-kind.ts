/**
 * Whether an object is of a kind. The group counts too, since other groups have kinds of the same name; a manifest that does not say
 * its group is taken at its word.
 *
 * @param groups the API groups, `core` for the one without a name
 */
export function isKind(object: { readonly kind: string; readonly apiVersion?: string }, kind: string, ...groups: string[]): boolean {
  const { apiVersion } = object;
  return object.kind === kind && (apiVersion === undefined || groups.includes(apiVersion.includes('/') ? apiVersion.split('/')[0] : 'core'));
}
