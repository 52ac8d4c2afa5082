/** Prints what was measured beside what it should be at most. */
export function printRatios(title: string, ratios: { [name: string]: number }, targets: { [name: string]: number }) {
  console.log(`\n| ${title} | measured | target |\n|---|---|---|`);
  for (const [name, value] of Object.entries(rounded(ratios))) {
    const target = targets[name];
    console.log(`| ${name} | ${value} | ${target === undefined ? '' : target}${value > target ? ' (missed)' : ''} |`);
  }
}

/** Prints absolute times. */
export function printSeconds(seconds: { [name: string]: number }) {
  console.log('\n| | seconds |\n|---|---|');
  for (const [name, value] of Object.entries(rounded(seconds))) {
    console.log(`| ${name} | ${value} |`);
  }
}

/** Three digits: more would be noise. */
export function rounded(numbers: { [name: string]: number }): { [name: string]: number } {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value.toPrecision(3))]));
}
