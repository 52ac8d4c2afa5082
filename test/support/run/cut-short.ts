import { constants } from 'os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** jest tears nothing down when somebody interrupts it. Then too, a run is to end as it should. */
export function alsoWhenCutShort(end: () => void): void {
  // Who watches files has one run after the other in one process.
  if (process.listenerCount('exit', end) > 0) {
    return;
  }
  process.on('exit', end);
  SIGNALS.forEach(signal => process.once(signal, () => process.exit(128 + constants.signals[signal])));
}
