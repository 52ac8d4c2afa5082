# A shell to live in: completion, a history to search, a prompt that knows git. It takes over ~/.bashrc and ~/.profile, so no profile
# brings it by itself.
{
  programs.bash.enable = true;
  programs.bash.enableCompletion = true;
  programs.fzf.enable = true;
  programs.starship.enable = true;
  programs.direnv.enable = true;
}
