/**
 * A regular expression that matches the decimal numbers from `least` upwards, written without leading zeros.
 *
 * nginx compares text only; this is how it compares a Content-Length with a limit.
 *
 * @param least a whole number above 0
 */
export function decimalsFrom(least: number): string {
  const digits = String(least);
  const atSameLength = [...digits].flatMap((digit, i) => {
    const rest = digits.length - i - 1;
    // The first digit that is larger decides; all before it are equal.
    return digit === '9' ? [] : [`${digits.slice(0, i)}[${Number(digit) + 1}-9]${anyDigits(rest)}`];
  });
  return `^(?:[1-9][0-9]{${digits.length},}|${[...atSameLength, digits].join('|')})$`;
}

function anyDigits(count: number): string {
  return count === 0 ? '' : `[0-9]{${count}}`;
}
