import { spawnSync } from 'child_process';
import { Interrupted } from './kubectl';

/** Whether something becomes true within some seconds. Who interrupts the run, interrupts this too: it sleeps in a process of its own. */
export function within(seconds: number, isTrue: () => boolean, every: number = 1): boolean {
  const end = Date.now() + seconds * 1000;
  while (!isTrue()) {
    if (Date.now() >= end) {
      return false;
    }
    if (spawnSync('sleep', [String(every)]).signal) {
      throw new Interrupted('The wait was interrupted.');
    }
  }
  return true;
}
