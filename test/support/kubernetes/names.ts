const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const RFC_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Each function says what is wrong with a value, or nothing. */
type Check = (value: unknown) => string | undefined;

export const dnsLabel: Check = value => matches(value, LABEL, 63, 'a DNS-1123 label');
export const dnsSubdomain: Check = value => matches(value, SUBDOMAIN, 253, 'a DNS-1123 subdomain');
export const labelValue: Check = value => value === '' ? undefined : matches(value, QUALIFIED_PART, 63, 'a label value');
export const configKey: Check = value => matches(value, /^(?!\.{1,2}$)[-._a-zA-Z0-9]+$/, 253, 'a key of a ConfigMap or Secret');
export const environmentName: Check = value => matches(value, /^[-._a-zA-Z][-._a-zA-Z0-9]*$/, Infinity, 'a name of an environment variable');
export const portName: Check = value => matches(value, /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/, 15, 'a port name');

/** The key of a label or an annotation: a name, or a subdomain, a slash and a name. */
export const qualifiedName: Check = value => {
  const [name, prefix, ...rest] = String(value).split('/').reverse();
  return matches(name, QUALIFIED_PART, 63, 'a qualified name')
    ?? (prefix === undefined ? undefined : dnsSubdomain(prefix))
    ?? (rest.length === 0 ? undefined : `must be a qualified name with at most one slash, got ${JSON.stringify(value)}`);
};

/** The limits of the kinds whose names Kubernetes makes other names or label values from. */
export function objectName(kind: string): Check {
  switch (kind) {
    case 'Namespace': return dnsLabel;
    case 'Service': return value => matches(value, RFC_1035_LABEL, 63, 'an RFC 1035 label');
    case 'Job': return value => matches(value, SUBDOMAIN, 63, 'a job name');
    // Eleven characters go to the suffix of a job's or a revision's name, which becomes a label value.
    case 'CronJob':
    case 'StatefulSet': return value => matches(value, SUBDOMAIN, 52, `a ${kind} name`);
    case 'Role':
    case 'ClusterRole':
    case 'RoleBinding':
    case 'ClusterRoleBinding': return value => matches(value, /^(?!\.{1,2}$)[^/%]+$/, 253, 'a path segment');
    default: return dnsSubdomain;
  }
}

function matches(value: unknown, pattern: RegExp, maxLength: number, what: string): string | undefined {
  const fits = typeof value === 'string' && value.length <= maxLength && pattern.test(value);
  return fits ? undefined : `must be ${what}${maxLength < Infinity ? ` of at most ${maxLength} characters` : ''}, got ${JSON.stringify(value)}`;
}
