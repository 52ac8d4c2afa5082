# Sourced nowhere: npx-wrapper.nix puts this after the variables of one assistant, and the whole becomes its command.
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
#   CDK8S_NIX_INSTALL_ONLY      true, yes or 1: say where the installation is instead of running it. Default: false, no or 0
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
  for folder in "${npm_config_cache:-}" "${NPM_CONFIG_CACHE:-}" "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" "${TMPDIR:-/tmp}/cache-$(id -u)"; do
    [ -z "$folder" ] || echo "$folder/cdk8s-nix"
  done
}

store_place=/nix/var/cdk8s-nix/assistants

find_installation() {
  local place
  while read -r place; do
    installed=$place/$name
    if [ -d "$installed" ] && is_complete "$installed"; then return; fi
  done < <(
    [ -z "${CDK8S_NIX_ASSISTANTS:-}" ] || echo "$CDK8S_NIX_ASSISTANTS"
    echo "${0%/bin/*}/share/cdk8s-nix/assistants"
    echo "$store_place"
    echo /usr/local/lib/cdk8s-nix/assistants
    caches
  )
  return 1
}

find_place() {
  while read -r place; do
    if mkdir -p "$place" 2>/dev/null && [ -w "$place" ]; then return; fi
  done < <(
    [ -z "${CDK8S_NIX_ASSISTANTS:-}" ] || echo "$CDK8S_NIX_ASSISTANTS"
    [ ! -d "$store_place" ] || echo "$store_place"
    caches
  )
  fail "no folder to install $package@$version in can be written: set CDK8S_NIX_ASSISTANTS or npm_config_cache"
}

# The command that lies in an installation.
executable_in() {
  echo "$1"/npm/_npx/*/node_modules/.bin/"$command"
}

# What was proven has a list of its executable and its big files with their sizes: one that is missing or cut off, and it is none.
is_complete() {
  local files
  [ -s "$1/proven" ] || return 1
  mapfile -t files <"$1/proven"
  (cd "$1" && [ "$(stat -L -c '%s %n' -- "${files[@]#* }" 2>/dev/null)" = "$(cat proven)" ])
}

# npm ends well even if the program that fits this machine could not be had, so only running it tells.
prove() {
  (
    # It leaves files in the home it has.
    export HOME="$1/home"
    mkdir -p "$HOME"
    start "$(executable_in "$1")" --version
  ) </dev/null >"$1/version" 2>&1 || return 1
  rm -rf "${1:?}/home" "$1/version"
  (
    cd "$1"
    {
      executable_in .
      du -a --apparent-size -t 1000000 npm | cut -f 2-
    } | while read -r file; do
      [ ! -f "$file" ] || stat -L -c '%s %n' -- "$file"
    done >proven.part
    mv proven.part proven
  )
}

# Of the registry that this package comes from; npm itself is silent for a minute where no answer comes.
ask_registry() {
  local answer=$part/answer registry code status=0
  export npm_config_fetch_retries=0 npm_config_logs_max=0
  registry=$(npm config get "${package%%/*}:registry" 2>/dev/null) || registry=undefined
  [[ $package == @* && $registry == http* ]] || registry=$(npm config get registry 2>/dev/null) || registry='npm is set to'
  timeout --foreground 7 npm ping --registry="$registry" </dev/null >"$answer" 2>&1 || status=$?
  if [ "$status" = 124 ]; then
    say "no answer for 7 seconds from the registry $registry; waiting for another minute"
    status=0
    timeout --foreground 60 npm ping --registry="$registry" </dev/null >"$answer" 2>&1 || status=$?
  fi
  code=$(grep -oE -m 1 "code:? '?[A-Z_0-9]+" "$answer") || code=
  code=${code##*[ \']}
  [ "$status" != 124 ] || code=ETIMEDOUT
  case $code in
    *CERT* | UNABLE_TO_* | ERR_TLS* | ERR_SSL*)
      fail "cannot install $package@$version: the certificate of $registry is not trusted ($code); NIX_SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names a file of those that are"
      ;;
    ENOTFOUND | EAI_* | ECONN* | ETIMEDOUT | ENETUNREACH | EHOSTUNREACH | EPIPE | EPROTO | ERR_SOCKET* | ERR_STREAM*)
      fail "cannot install $package@$version: the registry $registry does not answer ($code); npm_config_registry names another one, https_proxy a proxy"
      ;;
  esac
  # Anything else is an answer: not every mirror knows this question.
}

# npm reads variables in any case, NPM_CONFIG_OMIT as npm_config_omit, and of two the one that comes last.
forget_settings() {
  local names=$* variable
  for variable in $(env | grep -ioE "^npm_config_(${names// /|})=" | tr -d =); do
    unset "$variable"
  done
}

npm_settings() {
  local cpu=x64
  [ "${system%%-*}" = x86_64 ] || cpu=arm64
  # In a folder of its own, and with what decides about completeness set here: neither a project nor the user's npmrc has a say in it.
  # Registries, certificates and proxies stay theirs. The cache is named "npm", by which the assistants tell that npx runs them, and do
  # not update themselves.
  forget_settings cache logs_dir update_notifier loglevel audit ignore_scripts allow_scripts include omit only production bin_links dry_run \
    package_lock_only global location offline install_strategy script_shell os cpu libc call package workspace workspaces
  export npm_config_cache="$part/npm" npm_config_logs_dir="$logs" npm_config_update_notifier=false npm_config_loglevel=warn npm_config_audit=false
  export npm_config_ignore_scripts=false npm_config_allow_scripts="$package" npm_config_include=optional npm_config_bin_links=true
  export npm_config_dry_run=false npm_config_package_lock_only=false npm_config_global=false npm_config_location=user npm_config_offline=false
  export npm_config_install_strategy=hoisted npm_config_script_shell="$BASH" npm_config_os=linux npm_config_cpu="$cpu"
  # The packages' own scripts find ours as "node".
  PATH=$nodejs/bin:$PATH
}

# Why npm may have left something out without a word, as far as it can be seen.
explain() {
  local log free
  log=$(cat "$logs"/*.log 2>/dev/null) || log=
  free=$(df -Pk "$place" | tail -n 1 | { read -r _ _ _ free _ && echo "$free"; }) || free=0
  if is_full || grep -qE 'ENOSPC|EDQUOT' <<<"$log"; then
    say "no space left: $((free / 1024)) MiB are free in $place; while it is installed, $package needs up to 1 GiB"
  fi
  grep -oE 'http fetch [A-Z]+ [45][0-9][0-9] [^ ]+' <<<"$log" | sort -u | while read -r _ _ _ answer; do
    say "the registry answered: $answer"
  done || true
  if [ -n "$log" ]; then say "the log of npm is in $logs"; fi
}

# npm, which takes back what it began, has made room by now; the log may have found none.
is_full() {
  local status=0
  dd if=/dev/zero of="$part/full" bs=1M count=1 2>/dev/null || status=$?
  rm -f "$part/full"
  [ "$status" != 0 ]
}

install_package() {
  find_place
  installed=$place/$name
  logs=$installed.log
  remove_leftovers
  callers_umask=$(umask)
  umask 022
  part=$(mktemp -d "$installed.XXXXXX") || fail "cannot write to $place"
  chmod 755 "$part"
  trap 'rm -rf "$part"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # By an earlier version of this script, which proved nothing.
  if [ -d "$installed" ] && [ ! -e "$installed/proven" ] && prove "$installed"; then
    rm -rf "$part"
    trap - EXIT INT TERM
    umask "$callers_umask"
    return
  fi
  rm -rf "$logs"
  (
    npm_settings
    ask_registry
  )
  if [ -d "$installed" ]; then say "the installation in $installed is broken, and is replaced"; fi
  say "installing $package@$version, once"
  if ! (
    npm_settings
    cd "$part"
    npx --yes --package="$package@$version" -- true </dev/null >&2
  ); then
    explain
    fail "npx could not install $package@$version: see above"
  fi
  rm -rf "$part/npm/_cacache"
  if ! prove "$part"; then
    cat "$part/version" >&2 || true
    explain
    fail "$package@$version is installed but does not run: see above"
  fi
  rm -rf "$logs" "$part/answer"
  put_in_place
  trap - EXIT INT TERM
  umask "$callers_umask"
}

# Somebody else may have been quicker. What is broken goes out of the way first, and may be in use.
put_in_place() {
  if [ -d "$installed" ] && ! is_complete "$installed"; then
    broken=$(mktemp -d "$installed.XXXXXX")
    mv -T "$installed" "$broken/broken" 2>/dev/null || true
    rm -rf "$broken"
  fi
  mv -T "$part" "$installed" 2>/dev/null || is_complete "$installed" || fail "cannot rename $part to $installed"
  rm -rf "$part"
}

# Of installations that were killed, some hundred MB each. A day is more than any installation takes.
remove_leftovers() {
  local leftover
  for leftover in "$installed".??????; do
    if [ -d "$leftover" ] && [ $(($(date +%s) - $(stat -c %Y "$leftover"))) -gt 86400 ]; then rm -rf "$leftover"; fi
  done
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
