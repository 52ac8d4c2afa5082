# Gemini CLI, by Google. Reads GEMINI_API_KEY; its configuration is in ~/.gemini.
{ pkgs, ... }:
{
  home.packages = [
    (import ../npx-wrapper.nix { inherit pkgs; } {
      command = "gemini";
      package = "@google/gemini-cli";
      version = "0.61.0";
    })
  ];
}
