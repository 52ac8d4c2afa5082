import { createHash } from 'crypto';
import { appendFileSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { Manifest } from './manifest';
import { manifestsOf } from '../kubernetes-schema';

/** Names a folder: the unit tests write into it what they take for valid. */
export const RECORD_VARIABLE = 'CDK8S_NIX_RECORD_MANIFESTS';

/** What a test has said of manifests. */
export type Verdict = 'valid' | 'restricted';

/** Called by the matchers: the manifests that have passed are kept, if somebody wants them. */
export function record(verdict: Verdict, received: unknown): void {
  const folder = process.env[RECORD_VARIABLE];
  if (folder) {
    appendFileSync(join(folder, `${verdict}-${process.pid}`), manifestsOf(received).map(manifest => `${JSON.stringify(manifest)}\n`).join(''));
  }
}

/** All manifests that were recorded with a verdict, each once. */
export function recorded(folder: string, verdict: Verdict): Manifest[] {
  const lines = readdirSync(folder).filter(file => file.startsWith(`${verdict}-`)).flatMap(file => readFileSync(join(folder, file), 'utf-8').split('\n'));
  const byHash = new Map(lines.filter(line => line !== '').map(line => [createHash('sha256').update(line).digest('hex'), line]));
  return [...byHash.values()].map(line => JSON.parse(line));
}
