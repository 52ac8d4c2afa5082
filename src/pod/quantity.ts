const SUFFIXES: { readonly [suffix: string]: number } = {
  'n': 1e-9,
  'u': 1e-6,
  'm': 1e-3,
  '': 1,
  'k': 1e3,
  'M': 1e6,
  'G': 1e9,
  'T': 1e12,
  'P': 1e15,
  'E': 1e18,
  'Ki': 2 ** 10,
  'Mi': 2 ** 20,
  'Gi': 2 ** 30,
  'Ti': 2 ** 40,
  'Pi': 2 ** 50,
  'Ei': 2 ** 60,
};

/** A quantity of Kubernetes (`100m`, `2`, `1Gi`, `1e3`) as a number; undefined if it is none. */
export function quantityOf(value: unknown): number | undefined {
  const [, number, suffix] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(value)) ?? [];
  return number === undefined || SUFFIXES[suffix] === undefined ? undefined : Number(number) * SUFFIXES[suffix];
}
