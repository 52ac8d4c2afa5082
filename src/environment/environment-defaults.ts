import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { NixStore } from '../store/nix-store';

/** What an environment has that says nothing. None of it ever changes, so an app of a thousand environments has it once. */
export const DEFAULTS = { image: NixImage.upstream(), user: NixUser.code(), store: NixStore.persistent() };
