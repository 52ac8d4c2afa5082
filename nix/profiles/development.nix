# The essential profile and the tools for working on code and on the cluster.
{ pkgs, ... }:
{
  imports = [ ./essential.nix ];

  home.packages = [
    # find and read
    pkgs.ripgrep
    pkgs.fd
    pkgs.fzf
    pkgs.bat
    pkgs.tree
    pkgs.yq-go

    # work
    pkgs.tmux
    pkgs.gh
    pkgs.direnv
    pkgs.shellcheck

    # build
    pkgs.gcc
    pkgs.gnumake
    pkgs.pkg-config

    # languages
    pkgs.nodejs_24
    pkgs.yarn
    pkgs.python3

    # the cluster
    pkgs.kubectl
    pkgs.kubernetes-helm
    pkgs.k9s
  ];
}
