import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { Yaml } from 'cdk8s';
import { compile, snippetsOf, synthesize } from './snippet';

const ROOT = join(__dirname, '..', '..');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => join('docs', name))];
const SNIPPETS = PAGES.flatMap(page => snippetsOf(join(ROOT, page)));

test('every snippet compiles, strictly', () => {
  expect(SNIPPETS.length).toBeGreaterThan(2);
  expect(compile(SNIPPETS)).toEqual([]);
});

test.each(SNIPPETS.map(snippet => [snippet.name, snippet] as const))('%s synthesizes valid YAML', (_, snippet) => {
  const manifests = synthesize(snippet);
  // A snippet may name objects that its reader has: Secrets, claims.
  if (manifests.length > 0) {
    expect(manifests).toBeValidKubernetes({ external: ['*'], customKinds: ['argoproj.io/v1alpha1/Application'] });
  }
});

test('the YAML in README.md is what its ten lines synthesize to', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf-8');
  const shown = /```yaml\n(?<yaml>[\s\S]*?)```/.exec(readme)!.groups!.yaml.trimEnd().split('\n');
  const output = Yaml.stringify(...synthesize(SNIPPETS.find(snippet => snippet.name.startsWith('README.md'))!)).split('\n');
  let position = 0;
  for (const line of shown) {
    const found = output.indexOf(line, position);
    expect(`${line} → ${found >= 0 ? 'found' : 'missing'}`).toBe(`${line} → found`);
    position = found + 1;
  }
});

test('links between the pages lead somewhere', () => {
  const broken = PAGES.flatMap(page => {
    const text = readFileSync(join(ROOT, page), 'utf-8');
    return [...text.matchAll(/\]\((?!https?:|#)(?<target>[^)#]+)/g)].map(match => join(page, '..', match.groups!.target))
      .filter(target => !existsSync(join(ROOT, target))).map(target => `${page} → ${target}`);
  });
  expect(broken).toEqual([]);
});
