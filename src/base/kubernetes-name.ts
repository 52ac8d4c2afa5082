/** A DNS label as Kubernetes wants it for containers, volumes, Services (RFC 1123). */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** The name of a Service, which is a host name that begins with a letter (RFC 1035). */
export function isServiceName(text: string): boolean {
  return isDnsLabel(text) && !/^\d/.test(text);
}

/** A DNS subdomain as Kubernetes wants it for most object names: what is between the dots may be as long as the whole. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}

/** The key of an entry in a Secret or a ConfigMap. */
export function isDataKey(text: string): boolean {
  return text.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(text) && text !== '.' && !text.startsWith('..');
}

/** The key of a label or an annotation: an optional DNS prefix and a name. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return (slash === -1 || isDnsSubdomain(text.slice(0, slash)))
    && name.length <= 63 && /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name);
}

/** The value of a label. */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(text);
}

/**
 * An absolute path of plain characters, which therefore needs no quoting in a shell, a PATH or a manifest.
 */
export function isPlainAbsolutePath(text: string): boolean {
  return /^(\/[A-Za-z0-9_+-][A-Za-z0-9._+-]*|\/\.[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+$/.test(text);
}
