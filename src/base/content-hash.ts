import { createHash } from 'crypto';

/** The last one: the environments of an app nearly all have the same nix.conf. */
let last: { readonly text: string; readonly hash: string } | undefined;

/** A short, stable fingerprint of some text, fit for an object's name or an annotation. */
export function contentHash(...parts: string[]): string {
  // The length first, so that no two lists of parts run together into the same text.
  const text = parts.map(part => `${part.length}:${part}`).join('');
  if (text !== last?.text) {
    last = { text, hash: createHash('sha256').update(text).digest('hex').slice(0, 12) };
  }
  return last.hash;
}
