import { readdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { run, versionOf } from './packages';

/** A project in Python: a virtual environment of its own, with the wheel in it and what pip fetches for that. */
export class PythonProject {
  private readonly python: string;

  constructor(private readonly folder: string, source: string) {
    run(folder, 'python3', ['-m', 'venv', 'venv']);
    this.python = join(folder, 'venv', 'bin', 'python');
    const pip = (...args: string[]) => run(folder, this.python, ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args]);
    pip('wheel', '--no-deps', '--wheel-dir', 'wheels', source);
    const [wheel] = readdirSync(join(folder, 'wheels'));
    pip('install', join('wheels', wheel), ...['constructs', 'cdk8s', 'cdk8s-plus-28'].map(name => `${name}==${versionOf(name)}`));
  }

  /** Run the app of this folder's `python/`; it writes into `outdir`. */
  runApp(outdir: string): void {
    run(this.folder, this.python, [join(__dirname, 'python', 'app.py'), outdir]);
  }

  /** Run the snippets of a page one after the other; they write into `dist/` of `folder`. */
  runSnippets(folder: string, snippets: ReadonlyMap<string, string>): void {
    const indent = (code: string) => code.split('\n').map(line => `    ${line}`.trimEnd()).join('\n');
    writeFileSync(join(folder, 'snippets.py'), [
      'from cdk8s import *', 'import cdk8s_plus_28 as kplus', 'from cdk8s_nix import *', '',
      ...[...snippets].map(([name, code]) => /^from /m.test(code) ? code
        : `app = App()\nchart = Chart(app, "${name}", namespace="development")\nif True:\n${indent(code)}\napp.synth()\n`),
    ].join('\n'));
    run(folder, this.python, ['snippets.py']);
  }
}
