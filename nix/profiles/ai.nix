# The full set: the development profile and what assistants call on when they work by themselves.
{ pkgs, ... }:
{
  imports = [ ./development.nix ];

  home.packages = [
    # MCP servers written in Python are started with uvx, those in JavaScript with npx
    pkgs.uv
    pkgs.ast-grep
    pkgs.sqlite
    pkgs.pandoc
  ];
}
