import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import * as path from 'node:path';
import { CACHE } from './podman';

/**
 * Waits until no other process of the tests makes the thing of this name: suites run beside each other, and what one of them makes the next
 * one finds made. The kernel holds the lock for as long as the file is open, so a killed process leaves none behind.
 *
 * @returns what gives it back
 */
export function lock(name: string): () => void {
  const folder = path.join(CACHE, 'locks');
  mkdirSync(folder, { recursive: true });
  const file = openSync(path.join(folder, name), 'w');
  execFileSync('flock', ['3'], { stdio: ['ignore', 'ignore', 'inherit', file] });
  return () => closeSync(file);
}
