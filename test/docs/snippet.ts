import { readFileSync } from 'fs';
import { createRequire } from 'module';
import { join, relative } from 'path';
import * as vm from 'vm';
import * as cdk8s from 'cdk8s';
import { App, Include, Testing } from 'cdk8s';
import * as ts from 'typescript';
import * as library from '../../src';

const ROOT = join(__dirname, '..', '..');

/** A piece of TypeScript in a page, as a program of its own. */
export interface Snippet {
  /** Page and line, for messages. */
  readonly name: string;
  readonly program: string;
}

/** What a snippet that shows no imports may use: a chart, and all names of the library and of cdk8s that pages use. */
const PRELUDE = [
  "import { ApiObject, App, Chart, Cron, Duration, Include, JsonPatch, Names, Size, Testing, YamlOutputType } from 'cdk8s';",
  "import * as kplus from 'cdk8s-plus-28';",
  "import { Construct } from 'constructs';",
  `import { ${Object.keys(library).join(', ')} } from 'cdk8s-nix';`,
  "const app = new App(); const chart = new Chart(app, 'chart', { namespace: 'development' });",
].join(' ');

/** The TypeScript snippets of a Markdown file. A fence `ts nocheck` would be none, and there is no such thing. */
export function snippetsOf(path: string): Snippet[] {
  const snippets: Snippet[] = [];
  const text = readFileSync(path, 'utf-8');
  for (const match of text.matchAll(/^```(?:ts|typescript)\b.*\n(?<code>[\s\S]*?)^```$/gm)) {
    const code = match.groups!.code;
    const line = text.slice(0, match.index).split('\n').length + 1;
    snippets.push({ name: `${relative(ROOT, path)}:${line}`, program: /^import /m.test(code) ? code : `${PRELUDE}\n${code}` });
  }
  return snippets;
}

/** What a strict compiler says of the snippets. */
export function compile(snippets: Snippet[]): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    types: ['node'],
    paths: { 'cdk8s-nix': [join(ROOT, 'src', 'index.ts')] },
  };
  const programs = new Map(snippets.map((snippet, i) => [join(ROOT, 'test', 'docs', `snippet-${i}.ts`), snippet]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = file => programs.has(file) || fileExists(file);
  host.getSourceFile = (file, ...rest) => {
    const snippet = programs.get(file);
    // A snippet without an import or export would be a script, and share its names with the others.
    return snippet ? ts.createSourceFile(file, `${snippet.program}\nexport {};`, ts.ScriptTarget.ES2022, true) : getSourceFile(file, ...rest);
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(diagnostic => {
    const snippet = programs.get(diagnostic.file?.fileName ?? '');
    return `${snippet?.name ?? diagnostic.file?.fileName}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`;
  });
}

/** Run a snippet; the manifests of the apps it makes. */
export function synthesize(snippet: Snippet): any[] {
  const { outputText } = ts.transpileModule(snippet.program, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
  const apps: App[] = [];
  class RecordedApp extends App {
    constructor(props?: ConstructorParameters<typeof App>[0]) {
      super({ ...props, outdir: Testing.app().outdir });
      apps.push(this);
    }
  }
  /** The files that pages include are in a folder of their own. */
  class FoundInclude extends Include {
    constructor(...[scope, id, props]: ConstructorParameters<typeof Include>) {
      super(scope, id, { url: join(__dirname, 'files', props.url) });
    }
  }
  const load = createRequire(__filename);
  const modules: { readonly [name: string]: unknown } = { 'cdk8s-nix': library, 'cdk8s': { ...cdk8s, App: RecordedApp, Include: FoundInclude } };
  const sandbox = { exports: {}, require: (name: string) => modules[name] ?? load(name), process, console };
  vm.runInThisContext(`(function (exports, require, process, console) { ${outputText}\n})`)(sandbox.exports, sandbox.require, process, console);
  return apps.flatMap(app => app.charts.flatMap(chart => Testing.synth(chart)));
}
