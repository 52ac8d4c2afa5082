import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { translateSnippets } from './csharp';
import { DotnetProject } from './dotnet';
import { GoProject } from './go';
import { JavaProject } from './java';
import { generatePackages, ROOT, run } from './packages';
import { snippetsByHeading } from './page';
import { PythonProject } from './python';
import { describeWith } from './toolchain';
import { SNIPPETS } from './typescript/snippets';

/**
 * The packages for the other languages, built as a release builds them, installed into empty projects by the languages' own tools, and used: by an
 * app that has every row of the README's table, and by the snippets of the language's page. What they write must be what TypeScript writes.
 */
let folder: string;
const at = (...path: string[]): string => {
  mkdirSync(join(folder, ...path), { recursive: true });
  return join(folder, ...path);
};

/** All files of a folder, by name. */
const contentOf = (path: string) => Object.fromEntries(readdirSync(path).sort().map(file => [file, readFileSync(join(path, file), 'utf-8')]));

/** Java adds the stack of the other side to a message. */
const withoutStacks = (files: { [name: string]: string }) =>
  ({ ...files, 'errors.txt': files['errors.txt'].replace(/\n@jsii\/kernel\.RuntimeError: [^]*?(?=\n---\n|\n$)/g, '') });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-languages-'));
  generatePackages(join(folder, 'generated'), 'python', 'java', 'go', 'dotnet');
  run(ROOT, 'npx', ['ts-node', '--transpile-only', '-P', 'test/tsconfig.json', 'test/languages/typescript/app.ts', at('typescript')]);
  for (const [heading, snippet] of Object.entries(SNIPPETS)) {
    const app = new App({ outdir: at('snippets') });
    snippet(new Chart(app, chartNameOf(heading), { namespace: 'development' }));
    app.synth();
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program of the first snippet, which is the README's, names its chart itself. */
const chartNameOf = (heading: string) => heading === 'Ten lines' ? 'workspace' : heading.toLowerCase().replace(/ /g, '-');

const snippetsOf = (language: string, page: string) =>
  new Map([...snippetsByHeading(join(ROOT, 'docs', page), language)].map(([heading, code]) => [chartNameOf(heading), code]));

test('the app has a message for each of its mistakes', () => {
  expect(contentOf(at('typescript'))['errors.txt'].split('\n---\n')).toEqual([
    expect.stringMatching(/^Error: CDK8SNIX0104 /),
    expect.stringMatching(/CDK8SNIX0206[^]*CDK8SNIX0306/),
    expect.stringMatching(/CDK8SNIX0905 appConfig\.cache\.sizes\[0\]: got "Size"/),
  ]);
});

/** Java's project has its snippets from the start, and stacks in its messages. */
for (const { language, Project, fence = language } of [
  { language: 'python', Project: PythonProject },
  { language: 'go', Project: GoProject },
  { language: 'dotnet', Project: DotnetProject, fence: 'csharp' },
] as const) {
  describeWith(language, () => {
    let project: InstanceType<typeof Project>;

    beforeAll(() => {
      project = new Project(at(language), join(folder, 'generated', language));
    });

    test('the app writes what it writes in TypeScript, messages included', () => {
      project.runApp(at(language, 'out'));
      expect(contentOf(at(language, 'out'))).toEqual(contentOf(at('typescript')));
    });

    test('so do the snippets of the page', () => {
      project.runSnippets(at(language, 'page'), snippetsOf(fence, `${language}.md`));
      expect(contentOf(at(language, 'page', 'dist'))).toEqual(contentOf(at('snippets')));
    });
  });
}

describeWith('java', () => {
  let project: JavaProject;

  beforeAll(() => {
    project = new JavaProject(join(folder, 'generated', 'java'), snippetsOf('java', 'java.md'));
  });

  test('the app writes what it writes in TypeScript, messages included', () => {
    project.runApp(at('java', 'out'));
    expect(withoutStacks(contentOf(at('java', 'out')))).toEqual(contentOf(at('typescript')));
  });

  test('so do the snippets of the page', () => {
    project.runSnippets(at('java', 'page'));
    expect(contentOf(at('java', 'page', 'dist'))).toEqual(contentOf(at('snippets')));
  });
});

test('the snippets of the page for .NET are what the translator of jsii makes of them', () => {
  const written = snippetsByHeading(join(ROOT, 'docs', 'dotnet.md'), 'csharp');
  const flat = (code: string) => code.replace(/\s+/g, ' ');
  for (const [heading, translation] of translateSnippets()) {
    if (heading !== 'What is left out') {
      expect(flat(written.get(heading) ?? '')).toContain(flat(translation));
    }
  }
});

test('the package for .NET has the API under its own names', () => {
  const source = join(folder, 'generated', 'dotnet', 'Cdk8s.Nix', 'Cdk8s', 'Nix');
  expect(readFileSync(join(source, 'NixDeployment.cs'), 'utf-8')).toContain('public class NixDeployment : Org.Cdk8s.Plus28.Deployment');
  expect(readFileSync(join(source, 'NixEnvironment.cs'), 'utf-8')).toContain('public virtual void Enable(');
});
