import * as kplus from 'cdk8s-plus-28';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/** Why a secret in plain text is refused. */
export const PLAIN_TEXT = 'The key would be plain text, in the manifest or in the cluster.';

/** Records what is no reference to a Secret. */
export function checkSecret(problems: Problems, prop: string, value: kplus.EnvValue | undefined): void {
  if (value === undefined) {
    return;
  }
  const secret = value.valueFrom?.secretKeyRef as { readonly key: string } | undefined;
  if (secret === undefined) {
    // Never the value: it may be the key.
    problems.add('CDK8SNIX0603', prop, '(not shown)', PLAIN_TEXT,
      'Put it into a Secret and refer to it by EnvValue.fromSecretValue.');
  } else if (!isDataKey(secret.key)) {
    problems.add('CDK8SNIX0308', `${prop}.key`, secret.key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.',
      'Name the key as it stands in the Secret.');
  }
}
