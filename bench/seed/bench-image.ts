import { createHash } from 'crypto';
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

export interface ManyPathsImageProps {
  readonly version: string;
  /** Most of them a file of a few bytes. */
  readonly paths: number;
  /** One of so many paths differs from those of other versions. */
  readonly changedOneIn: number;
  /** Whether it ships nothing but these. @default false */
  readonly onlyChanged?: boolean;
  /** The size of one large file, beside the tiny ones. @default none */
  readonly largeMebibytes?: number;
  /** The files of one large tree, beside the tiny ones. @default none */
  readonly treeFiles?: number;
}

const NIX_CONFIG = 'sandbox = false\nbuild-users-group =\nfilter-syscalls = false\nsubstituters =\nkeep-derivations = false\nexperimental-features = nix-command';

/** The /nix of an image as ours are: some hundred packages, and a recording of what it ships. */
export async function benchImage(props: BenchImageProps): Promise<string> {
  const { version, paths, filesPerPath, changed, onlyChanged = false } = props;
  const nix = await keptImage(Object.values(props).join('-'), `
    environment=$(nix-build --no-out-link --quiet -j 2 /bench/store.nix --argstr version ${version} --arg count ${paths} \
      --arg files ${filesPerPath} --arg changed ${changed} --arg onlyChanged ${onlyChanged})
    nix-env --profile /nix/var/nix/profiles/default --set "$environment"
    nix-store --gc >/dev/null`);
  // Anew each time: the scripts may have changed.
  await inImage(nix, 'sh /scripts/record-seed-image.sh');
  return nix;
}

/**
 * The /nix of somebody else's image: thousands of paths, most of them tiny, many of them signed; nobody recorded what it ships.
 * Such a number of paths is not built but made by hand and registered.
 */
export async function manyPathsImage(props: ManyPathsImageProps): Promise<string> {
  const { version, paths, changedOneIn, onlyChanged = false, largeMebibytes = 0, treeFiles = 0 } = props;
  return keptImage(`many-${Object.values(props).join('-')}`, `
    nix-store --init
    perl /bench/many-paths.pl ${version} ${paths} ${changedOneIn} ${onlyChanged ? 1 : 0} ${largeMebibytes} ${treeFiles} >/tmp/registration
    nix-store --register-validity </tmp/registration
    nix-env --profile /nix/var/nix/profiles/default --set "$(ls -d /nix/store/*-environment)"
    nix-store --generate-binary-cache-key bench-1 /tmp/key /tmp/key.pub
    cd /nix/store && ls | grep -e -tiny- | sed -n '0~5s,^,/nix/store/,p' | xargs nix store sign --key-file /tmp/key`);
}

/** Built once and kept. */
async function keptImage(name: string, script: string): Promise<string> {
  const key = createHash('sha256').update(script);
  ['store.nix', 'store.pl', 'many-paths.pl'].forEach(source => key.update(fs.readFileSync(path.join(__dirname, source))));
  const folder = path.join(REPOSITORY, 'bench/work/seed', `${name}-${key.digest('hex').slice(0, 8)}`);
  const nix = path.join(folder, 'nix');
  if (!fs.existsSync(path.join(folder, 'complete'))) {
    await host('rm', '-rf', folder);
    fs.mkdirSync(nix, { recursive: true });
    fs.chownSync(nix, USER_ID, USER_ID);
    await inImage(nix, `mkdir -p /nix/store /nix/var/nix/profiles\n${script}`);
    fs.writeFileSync(path.join(folder, 'complete'), '');
  }
  return nix;
}

async function inImage(nix: string, script: string) {
  const { code, stderr } = await run({
    mounts: { [nix]: '/nix', [__dirname]: '/bench:ro', [path.join(REPOSITORY, 'scripts')]: '/scripts:ro' },
    environment: { NIX_CONFIG, HOME: '/tmp/home', USER: 'code' },
    command: ['sh', '-ec', script],
  });
  if (code !== 0) {
    throw new Error(`building the image of the benchmark failed: ${stderr}`);
  }
}
