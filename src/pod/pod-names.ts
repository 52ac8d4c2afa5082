/** Names of volumes in the pod. They are contract: people refer to them in patches. */
export const VOLUME = {
  store: 'nix-store',
  seedImage: 'nix-seed-image',
  scripts: 'nix-scripts',
  config: 'nix-config',
  secrets: 'nix-secrets',
  home: 'nix-home',
  tmp: 'nix-tmp',
} as const;

/** Folders of the store volume. */
export const STORE_FOLDER = 'nix';
export const HOME_FOLDER = 'home';
