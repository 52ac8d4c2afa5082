import * as fs from 'fs';
import * as path from 'path';
import { host, REPOSITORY, run, USER_ID } from '../../test/seed/support/container';

export interface BenchImageProps {
  readonly version: string;
  readonly paths: number;
  readonly filesPerPath: number;
  /** How many of the paths differ from those of other versions. */
  readonly changed: number;
  /** Whether it ships nothing but these. @default false */
  readonly onlyChanged?: boolean;
}

const NIX_CONFIG = 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =\nkeep-derivations = false';

/** The folder of a seed image's /nix, built once and kept, with a recording of what it ships. */
export async function benchImage(props: BenchImageProps): Promise<string> {
  const folder = path.join(REPOSITORY, 'bench/work/seed', Object.values(props).join('-'));
  const nix = path.join(folder, 'nix');
  if (fs.existsSync(path.join(folder, 'complete'))) {
    return nix;
  }
  await host('rm', '-rf', folder);
  fs.mkdirSync(nix, { recursive: true });
  fs.chownSync(nix, USER_ID, USER_ID);
  const built = await run({
    mounts: { [nix]: '/nix', [__dirname]: '/bench:ro', [path.join(REPOSITORY, 'scripts')]: '/scripts:ro' },
    environment: { NIX_CONFIG, HOME: '/tmp/home', USER: 'code' },
    command: ['sh', '-ec', `
      mkdir -p /nix/store /nix/var/nix/profiles
      environment=$(nix-build --no-out-link --quiet -j 2 /bench/store.nix --argstr version ${props.version} --arg count ${props.paths} \
        --arg files ${props.filesPerPath} --arg changed ${props.changed} --arg onlyChanged ${props.onlyChanged ?? false})
      nix-env --profile /nix/var/nix/profiles/default --set "$environment"
      nix-store --gc >/dev/null
      sh /scripts/record-seed-image.sh`],
  });
  if (built.code !== 0) {
    throw new Error(`building the image of the benchmark failed: ${built.stderr}`);
  }
  fs.writeFileSync(path.join(folder, 'complete'), '');
  return nix;
}
