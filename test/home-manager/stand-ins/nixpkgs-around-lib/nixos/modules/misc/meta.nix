# What home-manager takes from NixOS.
{ lib, ... }:
{
  options.meta = lib.mkOption {
    type = lib.types.unspecified;
    default = { };
  };
}
