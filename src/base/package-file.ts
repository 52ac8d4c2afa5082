import { readdirSync, readFileSync, statSync } from 'fs';
import { join } from 'path';

/** The root of the package; `src/base` and `lib/base` lie equally deep below it. */
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

/** The files of a folder of the package, at any depth, by their paths from the package root, sorted; a file is its own only one. */
export function packageFiles(path: string): string[] {
  if (!statSync(join(PACKAGE_ROOT, path)).isDirectory()) {
    return [path];
  }
  return readdirSync(join(PACKAGE_ROOT, path)).sort().flatMap(name => packageFiles(`${path}/${name}`));
}
