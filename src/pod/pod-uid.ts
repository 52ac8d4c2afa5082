import * as kplus from 'cdk8s-plus-28';

/**
 * Tells our scripts which pod they run in. A container that is started again in the same pod knows by it that whoever holds
 * its lock is the one before, which is dead.
 */
export const POD_UID: kplus.k8s.EnvVar = { name: 'NIX_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } };
