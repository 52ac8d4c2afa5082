import { BenchVolume } from './bench-volume';
import { dropCaches, measure, Measured, median } from './stopwatch';
import { Cgroup, Limits } from '../../test/support/run/cgroup';

const SYNC = 'sync -f /mnt/nix-volume';

/** Each brings what is in an image's /nix onto a volume, but for `read`, which only reads it: nobody can be faster. */
export const COMMANDS = {
  seed: 'dash /opt/cdk8s-nix/seed-nix-store.sh',
  cp: `cp -a /nix/. /mnt/nix-volume/ && ${SYNC}`,
  rsync: `rsync -a --ignore-existing /nix/ /mnt/nix-volume/ && ${SYNC}`,
  // What a disk and coreutils can do with the second store, if nothing has to be safe or known.
  floor: `sh -c 'cd /nix/store && mkdir -p /mnt/nix-volume/store && copy="cp -dR --preserve=mode,timestamps,links -t /mnt/nix-volume/store"
    for file in *-large; do dd if="$file" of=/mnt/nix-volume/store/"$file" bs=4M oflag=direct || kill $$ & done
    for tree in *-tree; do mkdir /mnt/nix-volume/store/"$tree"; for half in 0 1; do
      ls "$tree" | sed -n "$((half + 1))~2s,^,$tree/,p" | xargs $copy/"$tree" || kill $$ & done; done
    ls | grep -v -e -large -e -tree | xargs -P 4 -n 100 $copy && wait' && ${SYNC}`,
  read: 'find /nix/store -type f -print0 | xargs -0 -P 8 -n 100 cat >/dev/null',
};
export type Competitor = keyof typeof COMMANDS;

/** What a scenario has found out. */
export interface Findings {
  /** To what the seed is compared with. */
  readonly ratios: { readonly [name: string]: number };
  /** The absolute times they come from. */
  readonly seconds: { readonly [name: string]: number };
}

export interface Heat {
  /** The /nix of the image to bring. */
  readonly nix: string;
  /** What the volume holds before. @default nothing */
  readonly after?: string;
  readonly volume: () => Promise<BenchVolume>;
  /** @default all of the machine */
  readonly limits?: Limits;
}

/** One competitor, with nothing in memory, on a volume of its own. */
export async function compete(competitor: Competitor, { nix, after, volume: create, limits }: Heat): Promise<Measured> {
  const volume = await create();
  const cgroup = limits && new Cgroup(limits);
  try {
    if (after) {
      await measure(COMMANDS[competitor], after, volume.root);
    }
    await dropCaches();
    return await measure(COMMANDS[competitor], nix, volume.root, { cgroup });
  } finally {
    await volume.dispose();
    await cgroup?.remove();
  }
}

/** Round after round, all take their turn, so that a change of the machine's mood hits all of them. */
export async function alternate<N extends string>(
  rounds: number, turns: { [name in N]: () => Promise<Measured> },
): Promise<{ [name in N]: Measured[] }> {
  const names = Object.keys(turns) as N[];
  const results = Object.fromEntries(names.map((name): [string, Measured[]] => [name, []])) as { [name in N]: Measured[] };
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      results[name].push(await turns[name]());
    }
  }
  return results;
}

/** The middle one of each one's times. */
export function medianSeconds<N extends string>(results: { [name in N]: Measured[] }): { [name in N]: number } {
  const secondsOf = (samples: Measured[]) => median(samples.map(({ seconds }) => seconds));
  return Object.fromEntries(Object.entries<Measured[]>(results).map(([name, samples]) => [name, secondsOf(samples)])) as { [name in N]: number };
}

/**
 * How long one takes, measured by the other: the middle one of all rounds. What the machine's mood does to a round, it does to both.
 */
export function ratioOf<N extends string>(results: { [name in N]: Measured[] }, name: N, comparedWith: N): number {
  return median(results[name].map(({ seconds }, round) => seconds / results[comparedWith][round].seconds));
}

/** The most memory that any run took. */
export function peakOf(...samples: Measured[]): number {
  return Math.max(...samples.map(({ peakMiB }) => peakMiB));
}
