import { Problems } from '../base/problems';

/** Where Nix has a link to what is installed. */
const PROFILE = '.nix-profile';

/** What is in a home from the start, by the prop that says so. */
export interface HomeEntry {
  readonly prop: string;
  readonly path: string;
  /** Whether something can be in it. */
  readonly isFolder: boolean;
  /** Whether it is a mount, of which there is one at a path. */
  readonly isMount: boolean;
}

/** Record what is in the place of something else. */
export function checkHomePlaces(problems: Problems, entries: readonly HomeEntry[]): void {
  entries.forEach((entry, i) => {
    const { prop, path } = entry;
    const other = entries.slice(0, i).find(earlier => clash(entry, earlier));
    if (other) {
      problems.add('CDK8SNIX0408', prop, path, `${other.path} is there already, by ${other.prop}.`, 'Keep one of the two, or put one elsewhere.');
    } else if (path === PROFILE || path.startsWith(`${PROFILE}/`)) {
      problems.add('CDK8SNIX0408', prop, path, 'Nix has a link to what is installed there.', 'Put it elsewhere.');
    }
  });
}

function clash(one: HomeEntry, other: HomeEntry): boolean {
  return one.path === other.path
    ? (one.isMount && other.isMount) || !one.isFolder || !other.isFolder
    : isInFile(one, other) || isInFile(other, one);
}

function isInFile({ path }: HomeEntry, other: HomeEntry): boolean {
  return !other.isFolder && path.startsWith(`${other.path}/`);
}

/** A path in the home: relative, of plain characters, and it does not lead out. */
export function checkHomePath(problems: Problems, prop: string, path: string): void {
  const parts = path.split('/');
  if (!parts.every(part => /^[A-Za-z0-9._+@-]+$/.test(part) && part !== '.' && part !== '..' && !part.startsWith('-'))) {
    problems.add('CDK8SNIX0406', prop, path, 'It is relative to the home, of letters, digits, ".", "_", "+", "@" and "-", and does not lead out of it.',
      'Use for example ".config/app".');
  }
}
