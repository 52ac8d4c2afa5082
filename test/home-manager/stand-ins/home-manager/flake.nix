# In place of home-manager: merges modules as its module system does for the few options the profiles use, and makes a generation
# with an activate script that checks and changes what the real one does (USER, HOME, collisions, profile, links).
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { ... }:
    let
      # How several definitions become one value. What is not listed is no option of home-manager.
      options = {
        "home.packages" = builtins.concatLists;
        "home.username" = unique;
        "home.homeDirectory" = unique;
        "home.stateVersion" = unique;
        "i18n.glibcLocales" = unique;
        "home.sessionVariables" = values: builtins.foldl' (all: value: all // value) { } values;
        "manual.manpages.enable" = unique;
        "news.display" = unique;
        "nix.registry" = values: builtins.foldl' (all: value: all // value) { } values;
        "programs.bash.enable" = unique;
        "programs.bash.enableCompletion" = unique;
        "programs.direnv.enable" = unique;
        "programs.fzf.enable" = unique;
        "programs.man.enable" = unique;
        "programs.starship.enable" = unique;
        "systemd.user.enable" = unique;
        "xdg.mime.enable" = unique;
      };
      unique =
        values:
        if builtins.length values == 1 then builtins.head values else throw "defined ${toString (builtins.length values)} times";

      # Each file once, however often it is imported; modules that are no files are no duplicates of each other.
      collect =
        arguments: modules:
        let
          load =
            module:
            let
              content = if builtins.isPath module then import module else module;
              value = if builtins.isFunction content then content arguments else content;
            in
            {
              key = if builtins.isPath module then toString module else builtins.toJSON (builtins.attrNames value);
              inherit value;
            };
        in
        map (entry: entry.value) (
          builtins.genericClosure {
            startSet = map load modules;
            operator = entry: map load (entry.value.imports or [ ]);
          }
        );

      # { home.packages = x; } -> [ { name = "home.packages"; value = x; } ]
      flatten =
        prefix: value:
        if builtins.hasAttr prefix options || !builtins.isAttrs value then
          [
            {
              name = prefix;
              inherit value;
            }
          ]
        else
          builtins.concatMap (name: flatten (if prefix == "" then name else "${prefix}.${name}") value.${name}) (
            builtins.attrNames value
          );

      merge =
        modules:
        let
          definitions = builtins.concatMap (module: flatten "" (removeAttrs module [ "imports" ])) modules;
          grouped = builtins.groupBy (definition: definition.name) definitions;
        in
        builtins.mapAttrs (
          name: group: (options.${name} or (throw "home-manager has no option ${name}")) (map (definition: definition.value) group)
        ) grouped;
    in
    {
      # For who compares them with the real ones.
      lib.optionNames = builtins.attrNames options;

      lib.homeManagerConfiguration =
        { pkgs, modules }:
        let
          config = merge (collect { inherit pkgs; inherit (pkgs) lib; } modules);
          path = pkgs.run "home-manager-path" { packages = config."home.packages"; } ''
            $busybox mkdir -p $out/bin
            for package in $packages; do
              [ ! -d $package/bin ] || $busybox ln -s $package/bin/* $out/bin/
              [ ! -d $package/share ] || $busybox cp -rs $package/share $out/
              $busybox chmod -R u+w $out
            done
          '';
        in
        {
          inherit config;
          activationPackage =
            pkgs.run "home-manager-generation"
              {
                inherit path;
                activate = ./activate.sh;
                username = config."home.username";
                homeDirectory = config."home.homeDirectory";
              }
              ''
                while [ -e /tmp/pause-build ]; do $busybox touch /tmp/build-is-paused; $busybox sleep 0.1; done
                $busybox mkdir -p $out/home-files/.config/stand-in
                echo "made for $username" >$out/home-files/.config/stand-in/settings
                $busybox ln -s $path $out/home-path
                $busybox sed -e "s|@generation@|$out|" -e "s|@username@|$username|" -e "s|@homeDirectory@|$homeDirectory|" \
                  $activate >$out/activate
                $busybox chmod +x $out/activate
              '';
        };
    };
}
