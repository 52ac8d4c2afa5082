import { readFileSync } from 'fs';
import { createRequire } from 'module';

/** What we use of the parser. */
interface YamlParser {
  parseAllDocuments(text: string, options: { readonly version: string }): ReadonlyArray<{ readonly errors: Error[]; toJSON(): unknown }>;
}

/**
 * The documents of a YAML file, but for empty ones, by the parser of cdk8s. Its own `Yaml.load` starts a process to read a file, and that process
 * finds no packages under Yarn's Plug'n'Play.
 *
 * @throws if it is no YAML
 */
export function readManifests(path: string): any[] {
  const { parseAllDocuments }: YamlParser = createRequire(require.resolve('cdk8s'))('yaml');
  return parseAllDocuments(readFileSync(path, 'utf-8'), { version: '1.1' }).flatMap(document => {
    if (document.errors.length > 0) {
      throw new Error(`${path}: ${document.errors[0].message}`);
    }
    const content = document.toJSON();
    return content === null || content === undefined || (typeof content === 'object' && Object.keys(content).length === 0) ? [] : [content];
  });
}
