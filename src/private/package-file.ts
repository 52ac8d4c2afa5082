import { readFileSync } from 'fs';
import { join } from 'path';

/** The root of the package; `src/private` and `lib/private` lie equally deep below it. */
const PACKAGE_ROOT = join(__dirname, '..', '..');

const contents = new Map<string, string>();

/**
 * The content of a file that is shipped in the package, by its path from the package root.
 *
 * Content, not path: other languages unpack the package into a temporary folder, so that no path may outlive synth.
 */
export function packageFile(path: string): string {
  let content = contents.get(path);
  if (content === undefined) {
    content = readFileSync(join(PACKAGE_ROOT, path), 'utf-8');
    contents.set(path, content);
  }
  return content;
}
