export * from './nix-config';
export * from './nix-deployment';
export * from './nix-environment';
export * from './nix-home';
export * from './nix-image';
export * from './nix-store';
export * from './nix-user';
export * from './substituter';
