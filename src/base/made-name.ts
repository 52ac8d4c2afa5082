import { Names } from 'cdk8s';
import { Construct } from 'constructs';

/** The name of a StatefulSet, a dash and a hash of ten digits are a label of its pods. */
export const LONGEST_OF_STATEFUL_SET = 52;

/** More than any path has. */
const UNLIMITED = 10_000;

/** A name for an object in a construct that is shorter than the one which cdk8s makes; undefined where that is short enough, and stays. */
export function shorterName(scope: Construct, object: string, longest: number): string | undefined {
  const extra = [object];
  return Names.toDnsLabel(scope, { extra }).length <= longest ? undefined : Names.toDnsLabel(scope, { extra, maxLen: longest });
}

/** The path of a construct as a name: as it is, and with a fingerprint where it has to be cut, since what is left of two may be one. */
export function nameOfPath(construct: Construct): string {
  const name = Names.toDnsLabel(construct, { includeHash: false });
  return name === Names.toDnsLabel(construct, { includeHash: false, maxLen: UNLIMITED }) ? name : Names.toDnsLabel(construct);
}
