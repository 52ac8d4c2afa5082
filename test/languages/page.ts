import { readFileSync } from 'fs';

/** The snippets of a page in a language, by the heading that each stands below. */
export function snippetsByHeading(path: string, language: string): ReadonlyMap<string, string> {
  const snippets = new Map<string, string>();
  for (const section of readFileSync(path, 'utf-8').split(/^## /m).slice(1)) {
    const code = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(section)?.[1];
    if (code) {
      snippets.set(section.split('\n')[0], code.trimEnd());
    }
  }
  return snippets;
}
