import { checkPublicKey } from './public-key';
import { checkStoreUrl } from './store-url';
import { checkArguments } from '../base/argument-check';
import { Problems } from '../base/problems';

/**
 * A binary cache that Nix may take store paths from, with the keys its signatures are checked against.
 *
 * @example Substituter.of('https://cache.example.org', 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=')
 */
export class Substituter {
  /**
   * A binary cache.
   *
   * @param url the store URL, for example `https://cache.example.org`
   * @param publicKeys the keys that sign its paths, each as `name:base64`; at least one, since signature checks stay on
   */
  public static of(url: string, ...publicKeys: string[]): Substituter {
    checkArguments('Substituter.of', arguments);
    return new Substituter(url, publicKeys);
  }

  /**
   * The public cache of the NixOS project, which every environment uses unless told otherwise.
   */
  public static nixos(): Substituter {
    checkArguments('Substituter.nixos', arguments);
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
    const usable = checkStoreUrl(problems, `${prop}.url`, this.url);
    if (this.keys.length === 0) {
      problems.add('CDK8SNIX0302', `${prop}.publicKeys`, this.url, 'Without a key Nix refuses every path of this cache.',
        'Give its public key: Substituter.of(url, "name:base64").');
    }
    this.keys.forEach(key => checkPublicKey(problems, `${prop}.publicKeys`, key));
    return usable;
  }
}
