# Sourced nowhere: npx-wrapper.nix puts this after the variables of one assistant, npm-settings.sh and npx-install.sh, and the whole becomes its command.
# Installs a pinned npm package with npx at its first use, and from then on runs what was installed.
#
# An installation is a folder COMMAND-VERSION-SYSTEM. It is complete or not there: made under another name, proven to run, renamed.
# It is looked for in these places, the first that has it wins; where none has, it is made in the first that can be written:
#   CDK8S_NIX_ASSISTANTS                      wherever its user says
#   share/cdk8s-nix/assistants                of the profile that this was started from, where the configuration has it; never written
#   /nix/var/cdk8s-nix/assistants             in the store volume, if that folder exists: pods of a claim share it
#   /usr/local/lib/cdk8s-nix/assistants       baked into the image; never written
#   cdk8s-nix below npm_config_cache, XDG_CACHE_HOME, ~/.cache, /tmp/cache-UID
#
# Environment, besides that of npm and of the assistant itself:
#   CDK8S_NIX_PACKAGE_COMMAND   another package or version, as npm names it: CDK8S_NIX_PACKAGE_CLAUDE=@anthropic-ai/claude-code@1.2.3
#   CDK8S_NIX_INSTALL_ONLY      true, yes or 1: say where the installation is instead of running it, after all of it was read; with CDK8S_NIX_ASSISTANTS
#                               it is there and nowhere else. Default: false, no or 0
#   NIX_SSL_CERT_FILE, SSL_CERT_FILE   certificates to trust, where NODE_EXTRA_CA_CERTS names none
#
# What the pod's manifest says of settings and MCP servers is in /etc/cdk8s-nix, and arrives here where the assistant has no layer of its
# own for it that leaves its user free.
# shellcheck shell=bash
# shellcheck disable=SC2154
set -eu

# Our own tools while we work; for the assistant the caller's go first: a project's own Node.js stays the one it sees.
callers_path=$PATH
home=${HOME:-}
PATH=$tools:$nodejs/bin:$PATH

say() {
  echo "$command: $*" >&2
}

fail() {
  say "$@"
  exit 1
}

read_switch() {
  case ${CDK8S_NIX_INSTALL_ONLY:-} in
    1 | [Yy][Ee][Ss] | [Tt][Rr][Uu][Ee]) install_only=true ;;
    '' | 0 | [Nn][Oo] | [Ff][Aa][Ll][Ss][Ee]) install_only=false ;;
    *) fail "CDK8S_NIX_INSTALL_ONLY is '$CDK8S_NIX_INSTALL_ONLY'; it is true or false" ;;
  esac
}

choose_package() {
  local variable=CDK8S_NIX_PACKAGE_${command^^} override
  override=${!variable:-}
  name=$command-$version-$system
  if [ -n "$override" ] && [ "$override" != "$package@$version" ]; then
    [[ $override =~ ^(@[A-Za-z0-9._-]+/)?[A-Za-z0-9._-]+@[A-Za-z0-9._+-]+$ ]] ||
      fail "$variable is '$override'; it must be a package and its version, such as $package@$version"
    package=${override%@*} version=${override##*@}
    name=$command-${override//[@\/]/_}-$system
  fi
}

# Those npm would use for its cache; HOME may be missing or read-only.
caches() {
  local folder
  for folder in "${npm_config_cache:-}" "${NPM_CONFIG_CACHE:-}" "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" "${TMPDIR:-/tmp}/cache-$EUID"; do
    [ -n "$folder" ] || continue
    [[ $folder == /* ]] || folder=$PWD/$folder
    if is_trusted "$folder/cdk8s-nix/$name"; then
      echo "$folder/cdk8s-nix"
    elif [ "${1:-}" = loudly ]; then
      say "$folder is in a folder that everybody may write, and belongs to somebody else: it is not used"
    fi
  done
}

# Where everybody may write, as in /tmp, the first to come owns a name: what is somebody else's there would be run as this user.
is_trusted() {
  local folder=$1 chain=() owner mode kind below=
  while [ -n "$folder" ]; do
    chain+=("$folder")
    folder=${folder%/*}
  done
  while read -r owner mode kind; do
    # The one below, of which the owner is known, and the one that it is in.
    if [ "$kind" != 'symbolic link' ] && (((8#$mode & 8#2) != 0)) && [ -n "$below" ] && [ "$below" != "$EUID" ] && [ "$below" != 0 ]; then return 1; fi
    below=$owner
  done < <(stat -c '%u %a %F' -- "${chain[@]}" / 2>/dev/null)
}

store_place=/nix/var/cdk8s-nix/assistants

# In the order in which they are asked. Who installs for others, into a folder they name, wants it there; a profile goes where its command goes.
places() {
  [ -z "${CDK8S_NIX_ASSISTANTS:-}" ] || echo "$CDK8S_NIX_ASSISTANTS"
  echo "${0%/bin/*}/share/cdk8s-nix/assistants"
  if [ "$install_only" = false ] || [ -z "${CDK8S_NIX_ASSISTANTS:-}" ]; then
    echo "$store_place"
    echo /usr/local/lib/cdk8s-nix/assistants
    caches "${1:-}"
  fi
}

find_installation() {
  local place found=1
  broken=
  while read -r place; do
    remove_leftovers "$place"
    if [ "$found" != 0 ] && is_there "$place/$name"; then
      if is_whole "$place/$name"; then installed=$place/$name found=0; else broken=${broken:-$place/$name}; fi
    fi
  done < <(places)
  return $found
}

is_whole() {
  [ -d "$1" ] || return 1
  if [ "$install_only" = true ]; then is_sound "$1"; else is_complete "$1"; fi
}

find_place() {
  local taken=
  while read -r place; do
    case $place in
      "${0%/bin/*}"/* | /usr/local/lib/cdk8s-nix/assistants) [ "$place" = "${CDK8S_NIX_ASSISTANTS:-}" ] || continue ;;
      "$store_place") [ -d "$place" ] || [ "$place" = "${CDK8S_NIX_ASSISTANTS:-}" ] || continue ;;
    esac
    if mkdir -p "$place" 2>/dev/null && [ -w "$place" ]; then
      if ! is_there "$place/$name" || is_whole "$place/$name" || can_rename "$place/$name"; then return; fi
      taken=$place/$name
      say "what is in $taken is no whole installation, and cannot be replaced: remove it"
    elif [ "$place" = "${CDK8S_NIX_ASSISTANTS:-}" ] && [ "$install_only" = false ]; then
      say "cannot write to CDK8S_NIX_ASSISTANTS, which is $place: another place is taken"
    fi
  done < <(places loudly)
  if [ -n "$taken" ]; then exit 1; fi
  if [ "$install_only" = true ] && [ -n "${CDK8S_NIX_ASSISTANTS:-}" ]; then fail "cannot write to CDK8S_NIX_ASSISTANTS, which is $CDK8S_NIX_ASSISTANTS"; fi
  fail "no folder to install $package@$version in can be written: set CDK8S_NIX_ASSISTANTS or npm_config_cache"
}

# Certificates that Nix was told of are trusted by the assistant too.
trust_certificates() {
  local file
  for file in "${NIX_SSL_CERT_FILE:-}" "${SSL_CERT_FILE:-}"; do
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -n "$file" ] && [ -r "$file" ]; then
      export NODE_EXTRA_CA_CERTS="$file"
    fi
  done
  # Where the program is none of Node.js.
  if [ -n "$certificates" ] && [ -z "${!certificates:-}" ] && [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    export "$certificates=$NODE_EXTRA_CA_CERTS"
  fi
}

told=/etc/cdk8s-nix

# Into the files of the home that the assistant itself writes. Also where the manifest says no more: what it said before goes.
bring_settings() {
  local manifest=$told/$command.json folder=${!config_folder:-} state
  # Elsewhere nobody says anything, and the home may be a pod's.
  [ -e $told/nix.conf ] || return 0
  state=${folder:-$home/.$command}/.cdk8s-nix.json
  [ -e "$manifest" ] || [ -e "$state" ] || return 0
  "$nodejs/bin/node" "$home_settings" "$command" "$manifest" "$state" "${state%/*}/settings.json" "${folder:-$home}/.$command.json" ||
    say "what the manifest says of settings and MCP servers did not arrive"
}

# As arguments: a line of the file is a server. Of two with one name the user's is the one.
read_servers() {
  local line lines
  lines=$("$nodejs/bin/node" "$servers_reader" "$1" "${CODEX_HOME:-$home/.codex}/config.toml") || {
    say "what the manifest says of MCP servers did not arrive"
    return 0
  }
  while IFS= read -r line; do
    [ -z "$line" ] || arguments+=(-c "mcp_servers.$line")
  done <<<"$lines"
}

# Becomes the command.
start() {
  executable=$1
  shift
  export PATH="$callers_path:$nodejs/bin:$tools"
  if [ -z "$loader" ]; then
    exec "$nodejs/bin/node" "$executable" "$@"
  fi
  # Images without a C library in its usual place (nixos/nix, Alpine): start it with the one of nixpkgs. The command then does
  # not find itself under /proc/self/exe, where it looks for its built-in ripgrep.
  if [ ! -e "/lib64/${loader##*/}" ] && [ ! -e "/lib/${loader##*/}" ]; then
    export USE_BUILTIN_RIPGREP=0 PATH="$PATH:$ripgrep/bin"
    exec "$loader" "$executable" "$@"
  fi
  exec "$executable" "$@"
}

if [ -n "$config_folder" ] && [ -n "${!config_folder:-}" ]; then mkdir -p "${!config_folder}"; fi
read_switch
if [ -n "${CDK8S_NIX_ASSISTANTS:-}" ] && [[ $CDK8S_NIX_ASSISTANTS != /* ]]; then CDK8S_NIX_ASSISTANTS=$PWD/$CDK8S_NIX_ASSISTANTS; fi
choose_package
trust_certificates
find_installation || install_package
if [ "$install_only" = true ]; then
  echo "$installed"
  exit 0
fi
arguments=()
if [ -n "$home_settings" ]; then bring_settings; fi
if [ -n "$servers_file" ] && [ -r "$told/$servers_file" ]; then read_servers "$told/$servers_file"; fi
start "$(executable_in "$installed")" "${arguments[@]}" "$@"
