/** Where the time of a seed went, in seconds, by its own last line. */
export interface Phases {
  readonly total: number;
  /** All before the first byte is copied: to know the image, to look at the volume, to compare. */
  readonly plan: number;
}

/** Reads `seeded … in 9.87 s: plan 1.23 s, copy 4.56 s, sync 0.12 s, register 0.34 s` in a seed's log. */
export function phasesOf(log: string): Phases {
  const [, total, rest] = /^seed-nix-store: seeded .* in ([\d.]+) s: plan [\d.]+ s, (.*)$/m.exec(log) ?? [];
  if (!rest) {
    throw new Error(`the seed does not say where its time went:\n${log}`);
  }
  const others = rest.split(', ').map(phase => Number(/ ([\d.]+) s$/.exec(phase)![1])).reduce((sum, seconds) => sum + seconds, 0);
  return { total: Number(total), plan: Number(total) - others };
}
