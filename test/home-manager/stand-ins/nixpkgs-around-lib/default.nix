# The packages the profiles may ask for, those that home-manager itself asks for, and the functions that make packages.
{ system, ... }:
let
  lib = import ./lib;
  platform = lib.systems.elaborate system;

  package = name: {
    type = "derivation";
    inherit name system;
    pname = name;
    version = "2.40";
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    drvPath = "/nix/store/00000000000000000000000000000000-${name}.drv";
    meta = { };
    override = _: package name;
  };
  byName = { name, ... }: package name;

  format = {
    type = lib.types.attrsOf lib.types.anything;
    lib.types.atom = lib.types.anything;
    generate = name: _: package name;
  };

  packages =
    lib.genAttrs (
      import ./names.nix
      ++ [
        "bashInteractive"
        "bash-completion"
        "flock"
        "nix-direnv"
        "nodejs_24"
        "starship"
      ]
    ) package
    // {
      inherit lib system;
      config = { };
      overlays = [ ];
      path = ./.;
      stdenv = {
        hostPlatform = platform;
        cc.bintools.dynamicLinker = "/lib64/ld-linux-x86-64.so.2";
        inherit (platform) isLinux isDarwin;
      };
      formats = lib.genAttrs [ "ini" "iniWithGlobalSection" "json" "keyValue" "toml" "yaml" ] (_: _: format);
      buildPackages = packages;
      buildEnv = byName;
      writeTextFile = byName;
      writeText = name: _: package name;
      writeShellScript = name: _: package name;
      writeShellScriptBin = name: _: package name;
      runCommand = name: _: _: package name;
      runCommandLocal = name: _: _: package name;
    };
in
packages
