/** Blocks for some seconds; the harness does one thing after the other. */
export function wait(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}

/** Whether something becomes true within some seconds; it is tried once at least. */
export function within(seconds: number, isTrue: () => boolean, every: number = 0.2): boolean {
  const end = Date.now() + seconds * 1000;
  while (!isTrue()) {
    if (Date.now() >= end) {
      return false;
    }
    wait(every);
  }
  return true;
}
