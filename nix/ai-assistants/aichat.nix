# aichat: many providers behind one command. Reads OPENAI_API_KEY and its like; its configuration is in ~/.config/aichat, or in
# AICHAT_CONFIG_DIR. It comes from nixpkgs, so flake.lock pins its version.
{ pkgs, ... }:
{
  home.packages = [ pkgs.aichat ];
}
