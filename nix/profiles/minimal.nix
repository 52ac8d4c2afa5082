# What a person misses first in a bare container.
{ pkgs, ... }:
{
  imports = [ ../container.nix ];

  home.packages = [
    pkgs.git
    pkgs.vim
    pkgs.curl
    pkgs.jq
    pkgs.htop
  ];
}
