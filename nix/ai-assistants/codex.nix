# Codex CLI, by OpenAI. Reads OPENAI_API_KEY; its configuration is in ~/.codex, or in CODEX_HOME.
{ pkgs, ... }:
{
  home.packages = [
    (import ../npx-wrapper.nix { inherit pkgs; } {
      command = "codex";
      package = "@openai/codex";
      version = "0.169.0";
      configFolder = "CODEX_HOME";
      certificates = "CODEX_CA_CERTIFICATE";
      # `codex mcp add` writes all servers it knows of into the home, those of other files too, but not those of arguments.
      serversFile = "codex-servers";
    })
  ];
}
