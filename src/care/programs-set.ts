import { Names } from 'cdk8s';
import { Construct } from 'constructs';

/** Tells the programs of an environment from those of others on the store. Asked when it is needed: most environments have none. */
export function programsSet(environment: Construct): string {
  return Names.toDnsLabel(environment, { includeHash: true });
}
