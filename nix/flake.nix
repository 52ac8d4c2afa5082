{
  description = "Home-manager configurations for containers: minimal, essential, development and ai";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    home-manager = {
      url = "github:nix-community/home-manager/release-26.05";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, home-manager, ... }:
    let
      user = import ./user.nix;

      profiles = {
        minimal = ./profiles/minimal.nix;
        essential = ./profiles/essential.nix;
        development = ./profiles/development.nix;
        ai = ./profiles/ai.nix;
      };

      assistants = {
        claude = ./ai-assistants/claude.nix;
        gemini = ./ai-assistants/gemini.nix;
        codex = ./ai-assistants/codex.nix;
        aichat = ./ai-assistants/aichat.nix;
      };

      # home-manager keeps the system out of attribute names; the usual one has the short name, the other its system appended.
      # Asking the evaluating machine (builtins.currentSystem) would need --impure.
      suffixes = {
        x86_64-linux = "";
        aarch64-linux = "-aarch64-linux";
      };

      container =
        {
          system,
          modules,
          username ? user.username,
          homeDirectory ? user.homeDirectory,
        }:
        home-manager.lib.homeManagerConfiguration {
          pkgs = nixpkgs.legacyPackages.${system};
          modules = [ { home = { inherit username homeDirectory; }; } ] ++ modules;
        };

      configurationsFor =
        system:
        map (profile: {
          name = "container-${profile}${suffixes.${system}}";
          value = container {
            inherit system;
            modules = [ profiles.${profile} ];
          };
        }) (builtins.attrNames profiles);
    in
    {
      homeConfigurations = builtins.listToAttrs (builtins.concatMap configurationsFor (builtins.attrNames suffixes));

      # For a flake of one's own: a whole profile, or one assistant, beside other modules.
      homeModules = profiles // assistants;

      # container { system, modules, username, homeDirectory }: a configuration for another user, still without --impure.
      lib = { inherit container; };
    };
}
