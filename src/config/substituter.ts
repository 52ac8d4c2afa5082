import { Problems } from '../base/problems';

/** The schemes of the binary caches that Nix reads. */
const SCHEMES = ['https', 'http', 's3', 'ssh', 'ssh-ng', 'file'];

/**
 * A binary cache that Nix may take store paths from, with the keys its signatures are checked against.
 */
export class Substituter {
  /**
   * A binary cache.
   *
   * @param url the store URL, for example `https://cache.example.org`
   * @param publicKeys the keys that sign its paths, each as `name:base64`; at least one, since signature checks stay on
   */
  public static of(url: string, ...publicKeys: string[]): Substituter {
    return new Substituter(url, publicKeys);
  }

  /**
   * The public cache of the NixOS project, which every environment uses unless told otherwise.
   */
  public static nixos(): Substituter {
    return new Substituter('https://cache.nixos.org', ['cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=']);
  }

  private constructor(
    /** The store URL. */
    public readonly url: string,
    private readonly keys: string[],
  ) {}

  /** The keys that sign the paths of this cache. Returns a copy. */
  public get publicKeys(): string[] {
    return [...this.keys];
  }

  /**
   * @returns whether the URL can be used
   * @internal
   */
  public _validate(problems: Problems, prop: string): boolean {
    if (!isStoreUrl(this.url)) {
      problems.add('CDK8SNIX0301', `${prop}.url`, this.url, `A substituter is a URL without white space: ${SCHEMES.join(', ')}.`,
        'Use for example "https://cache.example.org".');
    } else if (/^[a-z0-9+-]+:\/\/[^/]*@/.test(this.url) && !this.url.startsWith('ssh')) {
      problems.add('CDK8SNIX0301', `${prop}.url`, this.url.replace(/\/\/[^/]*@/, '//…@'), 'The URL carries a user or password into the manifest.',
        'Put it into a Secret and give that as `netrc`.');
    }
    if (this.keys.length === 0) {
      problems.add('CDK8SNIX0302', `${prop}.publicKeys`, this.url, 'Without a key Nix refuses every path of this cache.',
        'Give its public key: Substituter.of(url, "name:base64").');
    }
    for (const key of this.keys) {
      if (!isPublicKey(key)) {
        problems.add('CDK8SNIX0302', `${prop}.publicKeys`, key, 'A public key is a name, a colon and 32 bytes in base64.',
          'Copy it as `nix key convert-secret-to-public` prints it.');
      }
    }
    return isStoreUrl(this.url);
  }
}

function isStoreUrl(url: string): boolean {
  if (/[\s"'`$\\]/.test(url) || !URL.canParse(url)) {
    return false;
  }
  const { protocol, hostname, pathname } = new URL(url);
  return SCHEMES.includes(protocol.slice(0, -1)) && (hostname !== '' || (protocol === 'file:' && pathname.length > 1));
}

function isPublicKey(key: string): boolean {
  const match = /^[A-Za-z0-9._-]+:(?<base64>[A-Za-z0-9+/]{43}=)$/.exec(key);
  return match !== null && Buffer.from(match.groups!.base64, 'base64').length === 32;
}
