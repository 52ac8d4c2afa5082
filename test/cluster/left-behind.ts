import { Kubectl } from './kubectl';
import { within } from './patience';

/** Seconds for a provisioner to remove a volume whose claim has gone. */
const PATIENCE = 120;

/** What is still there of a namespace that has gone: its volumes, but for those that their storage class retains. */
export function leftBehind(kubectl: Kubectl, namespace: string, patience: number = PATIENCE): string[] {
  const volumes = () => kubectl.json(['get', 'persistentvolumes']).items
    .filter(({ spec }: any) => spec.claimRef?.namespace === namespace && spec.persistentVolumeReclaimPolicy !== 'Retain')
    .map(({ metadata }: any) => `the volume ${metadata.name}`);
  let left: string[] = [];
  within(patience, () => (left = volumes()).length === 0);
  return left;
}
