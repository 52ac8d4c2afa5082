/** A path in the store; what lies below the store path itself is the first group. */
export const STORE_PATH = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[A-Za-z0-9+._?=-]+(\/[^\s$]*)?$/;
