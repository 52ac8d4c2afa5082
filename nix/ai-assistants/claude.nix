# Claude Code, by Anthropic. Reads ANTHROPIC_API_KEY; its configuration is in ~/.claude, or in CLAUDE_CONFIG_DIR.
{ pkgs, ... }:
{
  home.packages = [
    (import ../npx-wrapper.nix { inherit pkgs; } {
      command = "claude";
      package = "@anthropic-ai/claude-code";
      version = "2.1.330";
      # Installed by npm and run from there: a self-update would leave the pinned version.
      environment.DISABLE_AUTOUPDATER = "1";
      configFolder = "CLAUDE_CONFIG_DIR";
      native = true;
      mergesSettings = true;
    })
  ];
}
