import { Problems } from '../base/problems';

/** A path in the home: relative, of plain characters, and it does not lead out. */
export function checkHomePath(problems: Problems, prop: string, path: string): void {
  const parts = path.split('/');
  if (!parts.every(part => /^[A-Za-z0-9._+@-]+$/.test(part) && part !== '.' && part !== '..' && !part.startsWith('-'))) {
    problems.add('CDK8SNIX0406', prop, path, 'It is relative to the home, of letters, digits, ".", "_", "+", "@" and "-", and does not lead out of it.',
      'Use for example ".config/app".');
  }
}
