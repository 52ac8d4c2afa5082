import { flakePlace } from './flake-place';

/** The hosts of forges, unless the reference names another one. */
const HOSTS: { readonly [forge: string]: string } = { github: 'github.com', gitlab: 'gitlab.com', sourcehut: 'git.sr.ht' };

/** Where Nix, or git, connects to for a flake; undefined if that is nowhere outside of the pod. */
export function flakeUrl(flake: string): string | undefined {
  const { scheme, address, query } = flakePlace(flake);
  if (scheme in HOSTS) {
    return `https://${query.get('host') ?? HOSTS[scheme]}`;
  }
  const url = address.replace(/^(?:git|tarball)\+/, '');
  return /^(?:https?|ssh|git):\/\//.test(url) && URL.canParse(url) ? url : undefined;
}
