import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host } from './container';
import { Image } from './image';
import { Shell, startSeeding } from './seeder';
import { sleep } from './sleep';
import { Volume } from './volume';

/** The moment at which something is done to the volume: when a program is run with arguments that match a pattern of the shell. */
export interface Moment {
  readonly shell: Shell;
  /** A busybox has many of its own, for which this one is not run. */
  readonly program: string;
  readonly pattern: string;
  /** @default before */
  readonly when?: 'before' | 'after';
  /** What the program says then, ending with 1. @default it works as always */
  readonly says?: string;
}

/** Seeds, with something done to the volume at that moment, and goes on. */
export async function seedInterrupted(image: Image, volume: Volume, moment: Moment, act: () => Promise<unknown>): Promise<Finished> {
  const { shell, program, pattern, when = 'before', says } = moment;
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-interrupted-'));
  try {
    const [bin, turns] = ['bin', 'turns'].map(name => path.join(scratch, name));
    [scratch, bin, turns].forEach(folder => { fs.mkdirSync(folder, { recursive: true }); fs.chmodSync(folder, 0o777); });
    fs.writeFileSync(path.join(bin, program), `#!/bin/sh
${when === 'after' ? `/usr/bin/${program} "$@" || exit` : ''}
case "$*" in ${pattern})
  : >/turns/stands; until [ -e /turns/go ]; do sleep 0.05; done
  ${says === undefined ? '' : `echo '${says}' >&2; exit 1`} ;;
esac
${when === 'before' ? `exec /usr/bin/${program} "$@"` : ''}
`, { mode: 0o755 });
    const seeding = startSeeding(image, volume, {
      shell,
      environment: { PATH: '/stopping:/usr/bin:/bin:/usr/sbin' },
      mounts: { [bin]: '/stopping:ro', [turns]: '/turns' },
    });
    while (seeding.alive && !fs.existsSync(path.join(turns, 'stands'))) {
      await sleep(20);
    }
    if (seeding.alive) {
      await act();
      fs.writeFileSync(path.join(turns, 'go'), '');
    }
    return await seeding.finished;
  } finally {
    await host('rm', '-rf', scratch);
  }
}
