# The minimal profile and the AI assistants.
{
  imports = [
    ./minimal.nix
    ../ai-assistants/claude.nix
    ../ai-assistants/gemini.nix
    ../ai-assistants/codex.nix
    ../ai-assistants/aichat.nix
  ];
}
