# For the real home-manager: the real lib of nixpkgs, which a test puts here as lib/, and around it what evaluates but does not build.
{
  outputs =
    { self }:
    {
      lib = import ./lib;
      legacyPackages = {
        x86_64-linux = import ./. { system = "x86_64-linux"; };
        aarch64-linux = import ./. { system = "aarch64-linux"; };
      };
    };
}
