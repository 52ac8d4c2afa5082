import { execFileSync, spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App, Yaml } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { everything } from '../support/everything';

let folder: string;
let program: string;
let manifests: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rewriters-'));
  program = path.join(folder, 'pipelines');
  execFileSync('go', ['build', '-o', program, '.'], { cwd: path.join(__dirname, 'pipelines'), stdio: ['ignore', 'ignore', 'inherit'] });
  const app = new App();
  everything(app);
  manifests = Yaml.stringify(...app.charts.flatMap(chart => chart.toJson()));
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What becomes of a text, and whether it got through. */
function rewrite([command, ...args]: string[], input: string): { readonly ok: boolean; readonly text: string } {
  // Some of the names that are in everybody's environment, and in our scripts.
  const env = { PATH: process.env.PATH, HOME: '/root', USER: 'ci', work: '/builds' };
  const { status, stdout } = spawnSync(command, args, { input, env, encoding: 'utf-8', maxBuffer: 64 * 1024 * 1024 });
  return { ok: status === 0, text: stdout };
}

describe.each<[string, () => string[], string]>([
  ["Flux' substitution", () => [program, 'flux'], 'set -- "${1%/*}" "${home:-x}"'],
  ["Flux' strict substitution", () => [program, 'flux-strict'], '${home}'],
  ['a Helm chart', () => [program, 'helm'], '{{ .Values.home }}'],
  ['envsubst', () => ['envsubst'], 'cd $HOME && ls "${work}"'],
])('%s', (_, command, script) => {
  test('leaves the manifests as they are', () => {
    expect(rewrite(command(), manifests)).toEqual({ ok: true, text: manifests });
  });

  test('would not leave text as it is', () => {
    expect(rewrite(command(), script)).not.toEqual({ ok: true, text: script });
  });
});

test('Kustomize, and what Flux substitutes in its output, leave the objects as they are', () => {
  // It writes YAML in its own way, so that objects are compared.
  const objects = (yaml: string) => parseAllDocuments(yaml).map(document => document.toJSON());
  const built = rewrite([program, 'kustomize'], manifests);
  expect(built.ok).toBe(true);
  expect(objects(rewrite([program, 'flux-strict'], built.text).text)).toEqual(objects(manifests));
});
