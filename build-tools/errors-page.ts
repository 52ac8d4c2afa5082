import { ERROR_CODES } from '../src/base/error-code';

/** The first two digits of a code say which part of the library refuses. */
const PARTS: { readonly [digits: string]: string } = {
  '01': 'Images and seeding',
  '02': 'Stores',
  '03': 'nix.conf',
  '04': 'User and security',
  '05': 'Workloads',
  '06': 'Home-manager and AI assistants',
  '07': 'Care of the store',
  '08': 'Binary cache',
  '09': 'Backstage',
  '10': 'GitOps',
  '11': 'Network',
  '12': 'Programs',
  '13': 'Anywhere',
};

/** The text of docs/errors.md, from the table of the codes. */
export function errorsPage(): string {
  const codes = Object.entries(ERROR_CODES).sort(([a], [b]) => a.localeCompare(b));
  const sections = Object.entries(PARTS).map(([digits, title]) => {
    const rows = codes.filter(([code]) => code.startsWith(`CDK8SNIX${digits}`)).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
    return rows.length === 0 ? [] : ['', `## ${title}`, '', '| code | what is refused |', '|---|---|', ...rows];
  });
  return [
    '# Errors at synth',
    '',
    '<!-- Generated from src/base/error-code.ts by `npx projen docs`. -->',
    '',
    'Bad input never becomes YAML that only fails in the cluster. All mistakes of an app are reported together, one a line:',
    '',
    '```text',
    '[chart/workspace/Nix] CDK8SNIX0102 image: got "nixos/nix". What runs would depend on the day it is pulled. Name a version or a digest, …',
    ' construct path       code         prop   value             why                                              remedy',
    '```',
    '',
    'What is of a wrong type, and a prop or an argument that there is not, is refused where it is given, by an error with all that is wrong in it: `CDK8SNIX1304`, `1303` and',
    '`1302` say it of everything that has no code of its own.',
    '',
    'A code never changes its meaning. What can go wrong in the cluster, while the store is seeded, has exit codes: see [seeding.md](seeding.md).',
    ...sections.flat(),
    '',
  ].join('\n');
}
