import { createHash } from 'crypto';

/** A short, stable fingerprint of some text, fit for an object's name or an annotation. */
export function contentHash(...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    // The length first, so that no two lists of parts run together into the same text.
    hash.update(`${part.length}:${part}`);
  }
  return hash.digest('hex').slice(0, 12);
}
