# The ai profile and a headless browser, which is bigger than all the rest.
{
  imports = [
    ./ai.nix
    ../modules/browser.nix
  ];
}
