const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The number a quantity such as `500m` or `2Gi` stands for; undefined if it is none. */
export function quantity(value: unknown): number | undefined {
  const [, number, suffix] = String(value).match(/^([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)([a-zA-Z]*)$/) ?? [];
  if (DECIMAL.includes(suffix)) {
    return Number(number) * 1000 ** (DECIMAL.indexOf(suffix) - DECIMAL.indexOf(''));
  }
  return BINARY.includes(suffix) ? Number(number) * 1024 ** BINARY.indexOf(suffix) : undefined;
}
