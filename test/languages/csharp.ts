import { readFileSync } from 'fs';
import { join } from 'path';
import { CSharpVisitor, translateTypeScript } from 'jsii-rosetta';

const SOURCE = readFileSync(join(__dirname, 'typescript', 'snippets.ts'), 'utf-8');
const IMPORTS = SOURCE.slice(0, SOURCE.indexOf('\n/**')).replace('{ ApiObject,', '{ ApiObject, App,');
const SEPARATOR = 'Console.WriteLine("below: ';

/** What jsii's translator makes of each snippet of `typescript/snippets.ts`, by heading; it knows the names that the generated package has. */
export function translateSnippets(): ReadonlyMap<string, string> {
  const snippets = [...SOURCE.matchAll(/^ {2}'(?<heading>[^']+)': chart => \{\n(?<body>[^]*?)\n {2}\},$/gm)]
    .map(match => `console.log('below: ${match.groups!.heading}');\n${match.groups!.body.replace(/^ {4}/gm, '')}`);
  const contents = [IMPORTS, "const chart = new Chart(new App(), 'chart');", ...snippets].join('\n');
  // In one go, since each time the translator reads all types anew.
  const { translation } = translateTypeScript({ contents, fileName: 'snippets.ts' }, new CSharpVisitor());
  return new Map(translation.split(SEPARATOR).slice(1).map(section => {
    const [heading, ...code] = section.split('");\n');
    return [heading, withDictionaries(code.join('");\n').trim())] as const;
  }));
}

/** The translator has no name for an object that is neither options nor a map; and in a dictionary options that come from the library are none to C#. */
const withDictionaries = (code: string) => code
  .replace('GitOps.ArgoCdIgnoreDifferences()', 'ignored.ToArray()')
  .replace(/new Struct \{ (?<first>\w)(?<rest>\w*) = (?<value>"[^"]*") \}/g, (_, first, rest, value) =>
    `new Dictionary<string, object> { { "${first.toLowerCase()}${rest}", ${value} } }`);
