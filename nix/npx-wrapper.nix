# A command that installs a pinned npm package with npx at its first use, and from then on runs what was installed.
#
# Why at run time: building these packages in a restricted container fails, because they change modes of files.
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
  configFolder ? null,
  # The executable is a program of the distribution's C library instead of a script for Node.js.
  native ? false,
}:
let
  nodejs = pkgs.nodejs_24;
  loader = pkgs.stdenv.cc.bintools.dynamicLinker;
  lines = builtins.concatStringsSep "\n";

  exports = lines (map (name: "export ${name}='${environment.${name}}'") (builtins.attrNames environment));

  makeConfigFolder =
    if configFolder == null then
      ""
    else
      ''[ -z "''${${configFolder}:-}" ] || mkdir -p "''$${configFolder}"'';

  run =
    if native then
      ''
        # Images without a C library in its usual place (nixos/nix, Alpine): start it with the one of nixpkgs. The command then does
        # not find itself under /proc/self/exe, where it looks for its built-in ripgrep.
        if [ ! -e "/lib64/''${loader##*/}" ] && [ ! -e "/lib/''${loader##*/}" ]; then
          export USE_BUILTIN_RIPGREP=0 PATH="$PATH:${pkgs.ripgrep}/bin"
          exec "$loader" "$executable" "$@"
        fi
        exec "$executable" "$@"''
    else
      ''exec ${nodejs}/bin/node "$executable" "$@"'';
in
pkgs.writeShellScriptBin command ''
  set -eu
  command=${command}
  package=${package}@${version}
  ${if native then "loader=${loader}" else ""}
  # The caller's commands go first: a project's own Node.js stays the one the assistant sees.
  PATH=$PATH:${nodejs}/bin:${pkgs.coreutils}/bin:${pkgs.bash}/bin
  export PATH

  # The first of the places npm would use that can be written; HOME may be missing or read-only.
  writable_cache() {
    for folder in "''${npm_config_cache:-}" "''${NPM_CONFIG_CACHE:-}" "''${XDG_CACHE_HOME:-}" "''${HOME:+$HOME/.cache}" "''${TMPDIR:-/tmp}/cache-$(id -u)"; do
      if [ -n "$folder" ] && mkdir -p "$folder/cdk8s-nix" 2>/dev/null && [ -w "$folder/cdk8s-nix" ]; then
        echo "$folder/cdk8s-nix"
        return
      fi
    done
    echo "$command: no folder to install $package in can be written: set npm_config_cache" >&2
    return 1
  }

  # The command that lies in an installation.
  executable_in() {
    echo "$1"/npm/_npx/*/node_modules/.bin/"$command"
  }

  start() {
    executable=$1
    shift
    ${run}
  }

  # Installed under another name and renamed: what has its final name is complete and has run once, whenever this is killed.
  install_package() {
    remove_leftovers
    part=$(mktemp -d "$installed.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    echo "$command: installing $package, once" >&2
    # In a folder of its own: a project's node_modules and .npmrc have no say in what is installed. With the Node.js of nixpkgs first
    # and install scripts allowed: the package's own chooses the program that fits, and ends well even if it found none. The cache is
    # named "npm", by which the assistants tell that npx runs them, and do not update themselves.
    if ! (
      cd "$part"
      export PATH="${nodejs}/bin:$PATH" npm_config_cache="$part/npm" npm_config_update_notifier=false npm_config_logs_max=0
      export npm_config_ignore_scripts=false npm_config_allow_scripts=${package}
      ${nodejs}/bin/npx --yes --package="$package" -- true </dev/null >&2
    ); then
      echo "$command: npx could not install $package: see above; npm_config_registry names another registry" >&2
      exit 1
    fi
    if ! (start "$(executable_in "$part")" --version) </dev/null >&2; then
      echo "$command: $package is installed but does not run: see above" >&2
      exit 1
    fi
    rm -rf "$part/npm/_cacache" "$part/npm/_logs"
    # Somebody else may have been quicker.
    mv -T "$part" "$installed" 2>/dev/null || [ -d "$installed" ]
    rm -rf "$part"
    trap - EXIT INT TERM
  }

  # Of installations that were killed, some hundred MB each. A day is more than any installation takes.
  remove_leftovers() {
    for leftover in "$installed".??????; do
      if [ -d "$leftover" ] && [ $(($(date +%s) - $(stat -c %Y "$leftover"))) -gt 86400 ]; then rm -rf "$leftover"; fi
    done
  }

  ${exports}
  ${makeConfigFolder}
  cache=$(writable_cache)
  installed=$cache/$command-${version}-${pkgs.stdenv.hostPlatform.system}
  [ -d "$installed" ] || install_package
  start "$(executable_in "$installed")" "$@"
''
