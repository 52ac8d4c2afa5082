import { readdirSync, readFileSync, statSync } from 'fs';
import { join } from 'path';

const contents = new Map<string, string>();

/**
 * The content of a file that is shipped in the package, by its path from the package root.
 *
 * Content, not path: other languages unpack the package into a temporary folder, so that no path may outlive synth.
 *
 * @throws if the code no longer lies in the package
 */
export function packageFile(path: string): string {
  let content = contents.get(path);
  if (content === undefined) {
    content = inPackage(path, place => readFileSync(place, 'utf-8'));
    contents.set(path, content);
  }
  return content;
}

/** The files of a folder of the package, at any depth, by their paths from the package root, sorted; a file is its own only one. */
export function packageFiles(path: string): string[] {
  const names = inPackage(path, place => statSync(place).isDirectory() ? readdirSync(place).sort() : undefined);
  return names?.flatMap(name => packageFiles(`${path}/${name}`)) ?? [path];
}

function inPackage<T>(path: string, read: (place: string) => T): T {
  const root = packageRoot();
  try {
    // Not a folder of the app that happens to lie where ours would: its files would end up in the cluster.
    if (root !== undefined && JSON.parse(readFileSync(join(root, 'package.json'), 'utf-8')).name === 'cdk8s-nix') {
      return read(join(root, path));
    }
  } catch (error) {
    throw lost(path, root, (error as Error).message);
  }
  throw lost(path, root, 'there is no package cdk8s-nix');
}

/** `src/base` and `lib/base` lie equally deep below it. A bundle of ES modules has no folder at all. */
function packageRoot(): string | undefined {
  return typeof __dirname === 'string' ? join(__dirname, '..', '..') : undefined;
}

function lost(path: string, root: string | undefined, why: string): Error {
  return new Error(`CDK8SNIX1301 ${path}: not found${root === undefined ? '' : ` in ${root}`} (${why}). The code of cdk8s-nix no longer lies beside its files, as when `
    + 'an app is bundled into one file. Leave the packages out of the bundle (esbuild: --packages=external; webpack: externals), or run the app unbundled.');
}
