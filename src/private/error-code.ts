/**
 * Stable codes of everything this library refuses. `docs/errors.md` is generated from this table.
 *
 * A code is never reused and never changes its meaning: people search for it.
 */
export const ERROR_CODES = {
  CDK8SNIX0101: 'An image reference is empty or cannot be parsed.',
  CDK8SNIX0102: 'An image reference is not pinned: it has no tag, or the tag `latest`.',
  CDK8SNIX0103: 'The seeding settings are out of range.',
  CDK8SNIX0104: 'There is no Dockerfile for an image, or it has no build argument of that name.',
  CDK8SNIX0105: 'The value of a build argument cannot stand in a Dockerfile.',
  CDK8SNIX0201: 'The size of a store is missing, zero, or no whole number of GiB.',
  CDK8SNIX0202: 'The name of a claim or of a storage class is no valid Kubernetes name.',
  CDK8SNIX0203: 'The access modes of a store do not allow writing, or contradict each other.',
  CDK8SNIX0204: 'A store is shared by several nodes without saying so.',
  CDK8SNIX0205: 'A hostPath volume cannot hold the store: its subPath mounts are not dependable.',
  CDK8SNIX0206: 'More pods would use the store at once than its access mode allows.',
  CDK8SNIX0207: 'A rolling update would wait for ever for the ReadWriteOnce store of the pod it replaces.',
  CDK8SNIX0208: 'A label or annotation is not valid in Kubernetes.',
  CDK8SNIX0301: 'A substituter is no valid store URL.',
  CDK8SNIX0302: 'A substituter has no public key, or a malformed one.',
  CDK8SNIX0303: 'nix.conf: the name of a setting is unknown or malformed.',
  CDK8SNIX0304: 'nix.conf: the value of a setting has a type or a form that nix.conf cannot hold.',
  CDK8SNIX0305: 'nix.conf: a setting is given twice, or belongs to the library.',
  CDK8SNIX0306: 'nix.conf: a number is out of range.',
  CDK8SNIX0307: 'nix.conf: a raw line is no `name = value`, `include` or comment.',
  CDK8SNIX0308: 'The key of a Secret or ConfigMap is not valid.',
  CDK8SNIX0401: 'A user or group id is out of range, or 0 without asking for root by name.',
  CDK8SNIX0402: 'The name or the home of the user cannot be used in a container.',
  CDK8SNIX0403: 'The workload asks for another user or group than the environment.',
  CDK8SNIX0404: 'A container asks for privileges that Pod Security `restricted` refuses.',
  CDK8SNIX0501: 'A workload is enabled twice.',
  CDK8SNIX0502: 'A container that should be enabled does not exist.',
  CDK8SNIX0503: 'A mount path is not absolute, or clashes with one of the environment.',
  CDK8SNIX0504: 'A name that the environment uses is taken: a volume or an init container.',
  CDK8SNIX0505: 'Workload and environment live in different namespaces.',
  CDK8SNIX0506: 'The search path has an entry that is not an absolute folder.',
} as const;

/** One of the stable codes. */
export type ErrorCode = keyof typeof ERROR_CODES;
