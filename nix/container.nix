# What every profile shares: how home-manager behaves in a container. A configuration that builds on it may say otherwise.
{ lib, pkgs, ... }:
{
  # Decides about defaults of home-manager that would change files in HOME; it does not follow the release of the inputs.
  home.stateVersion = lib.mkDefault "26.05";

  # Documentation costs more to evaluate and build than everything else in the minimal profile.
  manual.manpages.enable = lib.mkDefault false;
  programs.man.enable = lib.mkDefault false;

  # There is no service manager and no desktop. Both are on by default, and systemd and a database of file types come along.
  systemd.user.enable = lib.mkDefault false;
  xdg.mime.enable = lib.mkDefault false;

  # Of glibc's locales the two for people who have no other: all of them are 220 MB.
  i18n.glibcLocales = lib.mkDefault pkgs.glibcLocalesUtf8;

  # The news is for people who switch by hand.
  news.display = lib.mkDefault "silent";
}
