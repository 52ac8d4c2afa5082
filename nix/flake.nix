{
  description = "Home-manager configurations for containers: minimal, essential, development, ai and browser";

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
        browser = ./profiles/browser.nix;
      };

      # For who wants them; no profile but browser has one.
      extras = {
        headless-browser = ./modules/browser.nix;
        shell = ./modules/shell.nix;
      };

      assistants = {
        claude = ./ai-assistants/claude.nix;
        gemini = ./ai-assistants/gemini.nix;
        codex = ./ai-assistants/codex.nix;
        aichat = ./ai-assistants/aichat.nix;
      };

      # And their npm packages as parts of the configuration, a few hundred MB each: nothing is installed at first use.
      inStore = {
        claude-in-store = ./in-store/claude.nix;
        codex-in-store = ./in-store/codex.nix;
        gemini-in-store = ./in-store/gemini.nix;
      };

      # home-manager keeps the system out of attribute names; the usual one has the short name, the other its system appended.
      # Asking the evaluating machine (builtins.currentSystem) would need --impure.
      suffixes = {
        x86_64-linux = "";
        aarch64-linux = "-aarch64-linux";
      };

      # `nixpkgs#…` in this home is the nixpkgs that it is made of, and not a branch that moves. By its revision: a path would keep all
      # of nixpkgs in the store.
      registry.nix.registry.nixpkgs.to = builtins.mapAttrs (_: nixpkgs.lib.mkDefault) {
        type = "github";
        owner = "NixOS";
        repo = "nixpkgs";
        rev = nixpkgs.rev or (builtins.fromJSON (builtins.readFile ./flake.lock)).nodes.nixpkgs.locked.rev;
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
          modules = [
            { home = { inherit username homeDirectory; }; }
            registry
          ]
          ++ modules;
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

      # For a flake of one's own: a whole profile, one assistant, a shell, beside other modules.
      homeModules = profiles // assistants // inStore // extras;

      # container { system, modules, username, homeDirectory }: a configuration for another user, still without --impure.
      lib = { inherit container; };
    };
}
