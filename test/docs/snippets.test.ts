import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { Yaml } from 'cdk8s';
import { compile, snippetsOf, synthesize } from './snippet';

const ROOT = join(__dirname, '..', '..');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => join('docs', name))];
const SNIPPETS = PAGES.flatMap(page => snippetsOf(join(ROOT, page)));

/** Kinds in the snippets that Kubernetes itself does not have. */
const CUSTOM_KINDS = [
  'gateway.networking.k8s.io/v1/HTTPRoute', 'argoproj.io/v1alpha1/Application', 'argoproj.io/v1alpha1/Rollout', 'batch.volcano.sh/v1alpha1/Job',
];

test('every snippet compiles, strictly', () => {
  expect(SNIPPETS.length).toBeGreaterThan(2);
  expect(compile(SNIPPETS)).toEqual([]);
});

test.each(SNIPPETS.map(snippet => [snippet.name, snippet] as const))('%s synthesizes valid YAML', (_, snippet) => {
  const manifests = synthesize(snippet);
  // A snippet may name objects that its reader has: Secrets, claims.
  if (manifests.length > 0) {
    expect(manifests).toBeValidKubernetes({ external: ['*'], customKinds: CUSTOM_KINDS });
  }
});

test.each([['README.md', /```yaml\n(?<yaml>[\s\S]*?)```/], ['docs/migration.md', /```yaml synthesized\n(?<yaml>[\s\S]*?)```/]])(
  'the YAML in %s is what its first snippet synthesizes to', (page, fence) => {
    const shown = fence.exec(readFileSync(join(ROOT, page), 'utf-8'))!.groups!.yaml.trimEnd().split('\n');
    const output = Yaml.stringify(...synthesize(SNIPPETS.find(snippet => snippet.name.startsWith(page))!)).split('\n');
    let position = 0;
    for (const line of shown) {
      const found = output.indexOf(line, position);
      expect(`${line} → ${found >= 0 ? 'found' : 'missing'}`).toBe(`${line} → found`);
      position = found + 1;
    }
  });

const OWN_PAGES = 'https://github.com/cdk8s-nix/cdk8s-nix/blob/main/';

test('links between the pages lead somewhere', () => {
  const broken = PAGES.flatMap(page => {
    const text = readFileSync(join(ROOT, page), 'utf-8');
    const relative = [...text.matchAll(/\]\((?!https?:|#)(?<target>[^)#]+)/g)].map(match => join(page, '..', match.groups!.target));
    const absolute = text.split(OWN_PAGES).slice(1).map(rest => /^[^)#\s]+/.exec(rest)![0]);
    return [...relative, ...absolute].filter(target => !existsSync(join(ROOT, target))).map(target => `${page} → ${target}`);
  });
  expect(broken).toEqual([]);
});

// It is also the page of the package at npm, PyPI and Construct Hub, which have no other page of ours and draw no diagrams.
test('the README can be read by itself', () => {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf-8').replace(/^```\w+ ?\w*\n[^]*?^```$/gm, '');
  expect([...text.matchAll(/\]\((?!https:)[^)]+\)/g)].map(match => match[0])).toEqual([]);
  const named = [...text.matchAll(/\[(?<label>[^\]`]+)\](?![(:])/g)].map(match => match.groups!.label);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(label => !text.includes(`\n[${label}]: ${OWN_PAGES}`))).toEqual([]);
  expect(readFileSync(join(ROOT, 'README.md'), 'utf-8')).not.toContain('```mermaid');
});

test('every page is in the index of the pages', () => {
  const index = readFileSync(join(ROOT, 'docs', 'README.md'), 'utf-8');
  expect(PAGES.map(page => page.replace('docs/', '')).filter(page => page !== 'README.md' && !index.includes(`](${page})`))).toEqual([]);
});
