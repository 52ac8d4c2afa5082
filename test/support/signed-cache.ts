import * as fs from 'fs';
import * as path from 'path';
import { inNixPod, USER } from './nix-pod';

export interface CachedPath {
  readonly storePath: string;
  /** The names of its files in the binary cache. */
  readonly narInfo: string;
  readonly nar: string;
}

export interface SignedCache {
  readonly folder: string;
  readonly publicKey: string;
  readonly paths: { [name: string]: CachedPath };
}

/** A binary cache as `nix copy` makes it, signed, with a path of random bytes for each name. */
export async function makeBinaryCache(folder: string, key: string, sizes: { [name: string]: number }): Promise<SignedCache> {
  const cache = path.join(folder, key);
  fs.mkdirSync(cache);
  fs.chownSync(cache, USER, USER);
  fs.writeFileSync(path.join(folder, 'random.nix'), RANDOM);
  const { code, output } = await inNixPod(folder, ['substituters ='], MAKE_CACHE, key, ...Object.entries(sizes).map(([name, bytes]) => `${name} ${bytes}`));
  if (code !== 0) {
    throw new Error(`no binary cache:\n${output}`);
  }
  const paths = Object.keys(sizes).map((name): [string, CachedPath] => {
    const storePath = new RegExp(`^/nix/store/\\S+-${name}$`, 'm').exec(output)![0];
    const narInfo = `${path.basename(storePath).slice(0, 32)}.narinfo`;
    const nar = /^URL: (.+)$/m.exec(fs.readFileSync(path.join(cache, narInfo), 'utf-8'))![1];
    return [name, { storePath, narInfo, nar }];
  });
  return { folder: cache, publicKey: fs.readFileSync(path.join(cache, 'public-key'), 'utf-8').trim(), paths: Object.fromEntries(paths) };
}

const RANDOM = `{ name, bytes }: derivation {
  inherit name bytes;
  system = builtins.currentSystem;
  builder = "/bin/sh";
  PATH = "/usr/bin:/bin";
  args = [ "-c" "mkdir $out; head -c $bytes /dev/urandom > $out/data" ];
}
`;

const MAKE_CACHE = `
key=$1
shift
nix-store --generate-binary-cache-key "$key" /tmp/secret-key "/mnt/work/$key/public-key"
for path in "$@"; do
  nix-build --no-out-link /mnt/work/random.nix --argstr name "\${path% *}" --argstr bytes "\${path#* }" >> /tmp/paths
done
nix copy --to "file:///mnt/work/$key?compression=none&secret-key=/tmp/secret-key" $(cat /tmp/paths)
cat /tmp/paths
`;
