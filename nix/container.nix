# What every profile shares: how home-manager behaves in a container.
{
  # Decides about defaults of home-manager that would change files in HOME; it does not follow the release of the inputs.
  home.stateVersion = "26.05";

  # Documentation costs more to evaluate and build than everything else in the minimal profile.
  manual.manpages.enable = false;
  programs.man.enable = false;

  # The news is for people who switch by hand.
  news.display = "silent";
}
