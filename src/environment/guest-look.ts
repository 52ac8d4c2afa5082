import { PodAdditions } from '../pod/pod-merge';
import { Starters } from '../pod/starters';
import { textOf } from '../pod/text-of';

/** All that the checks read of an object which is not patched; of what was made, the text. */
export interface Look {
  readonly made: string | undefined;
  readonly additions: PodAdditions;
  /** Of the environment, when the additions were asked for. */
  readonly revision: number;
  readonly starters: readonly Starters[];
}

/** What an object is given as it is written. */
export interface Brought {
  readonly additions: PodAdditions;
  /** Whether the object was found to be what Kubernetes reads; otherwise it is not known yet. */
  readonly isReadable: boolean;
}

/** Whether an object still looks as it did, by all that the checks read of it; if that cannot be told, it does not. */
export function isStill(look: Look, made: any, revision: number, starters: () => readonly Starters[]): boolean {
  return look.revision === revision && look.made !== undefined && look.made === textOf(made) && isSameEach(look.starters, starters());
}

/** Nearly no workload has starters, and then it is always the same object. */
function isSameEach(before: readonly Starters[], now: readonly Starters[]): boolean {
  return before.length === now.length && before.every((starters, i) => starters === now[i] || JSON.stringify(starters) === JSON.stringify(now[i]));
}
