# A command that installs a pinned npm package with npx at its first use, and from then on runs what was installed: npx-wrapper.sh and what is joined to it.
#
# Why at run time: the packages are hundreds of MB, which not everybody uses. in-store/ brings them with the configuration.
# Why not npx each time: even for a pinned version it asks the registry at every start, and fails without one.
{ pkgs }:
{
  # Name of the command, and of the package's executable.
  command,
  # Name and version in the npm registry.
  package,
  version,
  # Variables the command is always started with.
  environment ? { },
  # Variable that moves the command's configuration elsewhere; the folder it names is made before the command needs it.
  configFolder ? "",
  # Variable that names certificates, for a program that does not read NODE_EXTRA_CA_CERTS.
  certificates ? "",
  # The executable is a program of the distribution's C library instead of a script for Node.js.
  native ? false,
  # Settings and MCP servers of the pod's manifest are merged into the files of the home.
  mergesSettings ? false,
  # A file beside the pod's nix.conf whose lines are MCP servers, given as arguments.
  serversFile ? "",
}:
let
  exports = builtins.concatStringsSep "" (
    map (name: "export ${name}='${environment.${name}}'\n") (builtins.attrNames environment)
  );
in
pkgs.writeShellScriptBin command ''
  command=${command} package=${package} version=${version} system=${pkgs.stdenv.hostPlatform.system}
  config_folder='${configFolder}' certificates='${certificates}'
  nodejs=${pkgs.nodejs_24}
  tools=${pkgs.coreutils}/bin:${pkgs.gnugrep}/bin:${pkgs.flock}/bin:${pkgs.bash}/bin
  loader='${if native then pkgs.stdenv.cc.bintools.dynamicLinker else ""}' ripgrep='${if native then pkgs.ripgrep else ""}'
  home_settings='${if mergesSettings then ./home-settings.js else ""}' servers_file='${serversFile}'
  servers_reader='${if serversFile == "" then "" else ./codex-servers.js}'
  ${exports}
  ${builtins.concatStringsSep "\n" (
    map builtins.readFile [
      ./npm-settings.sh
      ./npx-install.sh
      ./npx-wrapper.sh
    ]
  )}''
