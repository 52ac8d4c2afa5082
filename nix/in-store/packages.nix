# An assistant's npm packages as a part of the home configuration, so that nothing is installed at its first use: fetched by Nix itself, by the hashes
# of npm-lock.json, which `build-tools/lock-assistants.ts` of the repository writes. Such a fetch has the network in every sandbox, and nothing of the
# packages runs while they are put together. npx-wrapper.sh looks for them in the profile that it is started from.
{
  # Name of the command: claude, codex or gemini.
  command,
  # Where the packages come from, for who has a mirror.
  registry ? "https://registry.npmjs.org",
}:
{ pkgs, ... }:
let
  lock = (builtins.fromJSON (builtins.readFile ./npm-lock.json)).${command};
  system = pkgs.stdenv.hostPlatform.system;
  inherit (lock.systems.${system}) executable packages;

  unpack =
    { at, file, hash }:
    ''
      mkdir -p unpacked "$modules/${builtins.dirOf at}"
      tar -xzf ${import <nix/fetchurl.nix> { url = "${registry}/${file}"; inherit hash; }} -C unpacked
      mv unpacked/* "$modules/${at}"
    '';
in
{
  home.packages = [
    # One that fits: `proven` is the list of what must be there, as npx-wrapper.sh keeps it.
    (pkgs.runCommand "${command}-packages-${lock.version}" { } ''
      installed=$out/share/cdk8s-nix/assistants/${command}-${lock.version}-${system}
      modules=$installed/npm/_npx/0/node_modules
      ${builtins.concatStringsSep "" (map unpack packages)}
      mkdir "$modules/.bin"
      chmod +x "$modules/${executable}"
      ln -s "../${executable}" "$modules/.bin/${command}"
      cd "$installed"
      stat -L -c '%s %n' npm/_npx/0/node_modules/.bin/${command} >proven
    '')
  ];
}
