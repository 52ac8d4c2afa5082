#!/bin/sh
# usage: install-container.sh [PROFILE] [--flake REFERENCE[#NAME]] [--attribute NAME] [--impure]
# Installs a home-manager profile in a running container: minimal, essential (the default), development, ai or browser.
# Any user, with or without a passwd entry; any HOME that can be written; again and again: what is active stays untouched.
#
# Environment (an option of the same meaning wins):
#   HOME_MANAGER_FLAKE                flake to install from: a reference, or a folder, which may be a mounted ConfigMap.
#                                     Default: the flake that comes with this script. #NAME after it is the attribute.
#   HOME_MANAGER_ATTRIBUTE            its home configuration, such as container-essential, or the whole path to it,
#                                     homeConfigurations.NAME.activationPackage. Default: container-PROFILE.
#                                     On another system than x86_64-linux NAME-SYSTEM is taken where the flake has it.
#   HOME_MANAGER_OVERRIDE_INPUTS      other sources for the flake's inputs: "nixpkgs=path:/mirror/nixpkgs ...". They are
#                                     taken for the same thing elsewhere: what is built already is not built again for them.
#   HOME_MANAGER_REFRESH              never (default): once per flake and attribute, even if the reference is a branch that moved.
#                                     always: look for a newer version at each run; if that fails, what is active stays.
#   HOME_MANAGER_ACCEPT_FLAKE_CONFIG  true: let the flake change the settings of Nix. Default: false.
#   HOME_MANAGER_IMPURE               true: let the flake see the environment, as homes that ask for USER or HOME do.
#                                     Default: false.
#   HOME_MANAGER_ON_FAILURE           fail (default). previous: go on, with exit code 0, if an earlier configuration of this
#                                     HOME is active or can be. continue: go on with it or without any.
#   HOME_MANAGER_TERMINATION_LOG      where the last line goes as well if there is a problem. Default: /dev/termination-log.
#   HOME_MANAGER_GENERATION           an activation package that is built already, or a link to one: nothing is evaluated.
#   HOME_MANAGER_BACKUP_EXT           suffix for files in HOME that are in the way; with the time where such a backup exists.
#                                     Default: before-home-manager.
#   HOME_MANAGER_PRIORITY             of the profile against what the user has installed; higher gives way. Default: 6, where
#                                     that of the user's packages is 5: both have a command, and the user's is found.
# Switches take true, yes and 1, and false, no and 0.
#   USER, HOME                        whose home it is. Default: by the user id, then code and /home/code.
#
# Exit codes:
#   0  the profile is active
#   2  bad usage: unknown option, or a value that is not allowed
#   3  unknown profile
#   4  no Nix, or one without flakes
#   5  no flake, not the attribute asked for, or a repository that belongs to another user
#   6  the network is needed and does not answer
#   7  no space left
#   8  the configuration does not evaluate or build
#   9  HOME is missing or cannot be written
#  10  home-manager could not activate the generation
#  11  a program is missing that this script needs
#  70  a bug in this script
# 130  stopped by SIGINT
# 143  stopped by SIGTERM
#
# How nothing is left half done: the generation is built before HOME is touched; the root that keeps it from the garbage
# collector and the marker that says it is active are renamed into place, the marker last. What is killed is repeated.
# The root lies in the store volume, under the flake's identity: an ephemeral HOME is activated from it without evaluation.

# Functions are called by name, through trap and logged.
# shellcheck disable=SC2317
set -eu
umask 022

USAGE=2 UNKNOWN_PROFILE=3 NO_NIX=4 NO_FLAKE=5 NO_NETWORK=6 NO_SPACE=7 NOT_BUILT=8 NO_HOME=9 NOT_ACTIVATED=10 NO_PROGRAM=11
BUG=70 INTERRUPTED=130 STOPPED=143

# In the words of curl, Nix and git.
NETWORK_PROBLEMS="could(n't| not) (resolve|connect)|temporary failure in name resolution|network is unreachable|failed to connect"
NETWORK_PROBLEMS="$NETWORK_PROBLEMS|connection (refused|reset)|timed out|timeout was reached|ssl (connect|peer|certificate)|unable to download"

case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac
work='' on_failure=fail told=no
roots=/nix/var/nix/gcroots/cdk8s-nix

say() {
  echo "install-container: $*" >&2
}

# For `kubectl describe`.
tell_kubernetes() {
  if [ -w "${HOME_MANAGER_TERMINATION_LOG:=/dev/termination-log}" ]; then
    echo "install-container: $*" >"$HOME_MANAGER_TERMINATION_LOG" || true
  fi 2>/dev/null
}

# fail CODE MESSAGE...
fail() {
  code=$1 told=yes
  shift
  case $on_failure:$code in
    fail:* | *:"$USAGE" | *:"$UNKNOWN_PROFILE" | *:"$INTERRUPTED" | *:"$STOPPED") ;;
    *) go_on "$*" ;;
  esac
  say "$*"
  tell_kubernetes "$* (code $code)"
  exit "$code"
}

# The problem is told three times: here, by Kubernetes, and by the next login shell.
go_on() {
  policy=$on_failure on_failure=fail
  : "${USER:=code}" "${state:=${XDG_STATE_HOME:-${HOME:-}/.local/state}}" "${link_of_generation:=$state/cdk8s-nix/generation}"
  with=$(current_generation)
  [ "$with" != "${failed:-}" ] || with=
  if [ -z "$with" ] && [ -n "$work" ] && older=$(older_generation); then
    say "activating an earlier generation, $older"
    if logged run_activation "$older"; then with=$older; fi
  fi
  [ -n "$with" ] || [ "$policy" = continue ] || return 0
  warning="warning: the home configuration ${attribute:-} is not active: $1 (code $code); going on with ${with:-none}"
  say "$warning"
  tell_kubernetes "$warning"
  { mkdir -p "$state/cdk8s-nix" && echo "$warning" >"$state/cdk8s-nix/home-manager-warning"; } 2>/dev/null || true
  exit 0
}

# Of the configuration asked for, from the store volume, where HOME is ephemeral: the one that a pod started with last.
older_generation() {
  find "$roots" -maxdepth 1 -name "home-manager-${configuration:-}*" -exec stat -c '%Y %n' {} + 2>/dev/null | sort -rn | while read -r _ link; do
    [ ! -x "$link/activate" ] || readlink "$link"
  done | grep -m 1 .
}

# is_on VARIABLE
is_on() {
  value='' && eval "value=\${$1:-}"
  case $value in
    1 | [Yy][Ee][Ss] | [Tt][Rr][Uu][Ee]) ;;
    '' | 0 | [Nn][Oo] | [Ff][Aa][Ll][Ss][Ee]) return 1 ;;
    *) fail "$USAGE" "$1 is '$value'; it is true or false" ;;
  esac
}

# Those of Nix' own images are in its profile, which a PATH set by hand may not have.
find_programs() {
  for bin in /nix/var/nix/profiles/default/bin "${HOME:-}/.nix-profile/bin" /run/current-system/sw/bin; do
    if ! command -v date >/dev/null 2>&1 && [ -x "$bin/date" ]; then
      export PATH="${PATH:+$PATH:}$bin"
    fi
  done
  for program in cat chmod cp cut date df find grep head id ln mkdir mktemp mv readlink rm sort stat tee tr uname; do
    command -v "$program" >/dev/null 2>&1 ||
      fail "$NO_PROGRAM" "there is no '$program' in PATH, which is '${PATH:-}'; this script needs coreutils, findutils and grep"
  done
}

# Nothing ends without a word. What goes on all the same does so in a shell of its own: this one is ending.
end() {
  status=$?
  trap - EXIT INT TERM
  [ "$status" = 0 ] || [ "$told" = yes ] || {
    if (fail "$BUG" 'a command failed unexpectedly: this is a bug in the script'); then status=0; else status=$?; fi
  }
  clean_up
  exit "$status"
}

clean_up() {
  if [ -n "$work" ]; then
    chmod -R u+w "$work" 2>/dev/null
    rm -rf "$work"
  fi
}

# The head of this file. Some images of Nix have no sed.
print_help() {
  while IFS= read -r line; do
    case $line in
      '#!/bin/sh') ;;
      '#'*)
        line=${line#?}
        echo "${line# }"
        ;;
      *) return ;;
    esac
  done <"$0"
}

take_option() {
  case $1 in
    --flake) flake=$2 ;;
    --attribute) attribute=$2 ;;
  esac
}

# By its name, or by that of its configuration.
take_profile() {
  [ -z "$profile" ] || fail "$USAGE" "one profile, not '$profile' and '$1'"
  profile=${1#container-}
}

# REFERENCE#ATTRIBUTE, from the same place.
split_flake() {
  case $flake in
    *'#'*)
      named=${flake#*#}
      flake=${flake%%#*}
      [ -n "$flake" ] || fail "$USAGE" "there is no flake before '#$named'"
      [ -n "$named" ] || fail "$USAGE" "there is no attribute after '$flake#'"
      [ -z "$attribute" ] || fail "$USAGE" "the attribute is named twice: '$named' after the flake, and '$attribute'"
      attribute=$named
      ;;
  esac
}

# What the arguments name, and only otherwise the environment, which an image may bring.
settle_target() {
  split_flake
  [ -z "$attribute" ] || [ -z "$profile" ] || fail "$USAGE" "one configuration, not the profile '$profile' and the attribute '$attribute'"
  asked=$attribute$profile
  if [ -n "$asked$flake" ]; then HOME_MANAGER_GENERATION=; fi
  if [ -z "$flake" ]; then
    flake=${HOME_MANAGER_FLAKE:-}
    [ -z "$asked" ] || flake=${flake%%#*}
  fi
  if [ -z "$asked" ]; then
    attribute=${HOME_MANAGER_ATTRIBUTE:-}
    split_flake
  fi
}

# In each of its forms.
name_attribute() {
  given=$attribute
  attribute=${attribute#homeConfigurations.}
  attribute=${attribute%.activationPackage}
  case $attribute in
    '"'*'"')
      attribute=${attribute#?}
      attribute=${attribute%?}
      ;;
  esac
  [ -n "$attribute" ] || [ -z "$given" ] || fail "$USAGE" "'$given' names no home configuration"
  case $given in
    *.activationPackage.* | homeConfigurations | homeConfigurations.activationPackage | activationPackage | packages.* | legacyPackages.* | devShells.* | \
      apps.* | checks.* | homeModules.* | nixosConfigurations.* | darwinConfigurations.*)
      fail "$USAGE" "'$given' is no home configuration; name one of homeConfigurations, or homeConfigurations.NAME.activationPackage"
      ;;
  esac
}

read_arguments() {
  case ${HOME_MANAGER_ON_FAILURE:=fail} in
    fail | previous | continue) ;;
    *) fail "$USAGE" "HOME_MANAGER_ON_FAILURE is '$HOME_MANAGER_ON_FAILURE'; allowed are fail, previous and continue" ;;
  esac
  profile=
  flake=
  attribute=
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        print_help
        exit 0
        ;;
      --flake | --attribute)
        case ${2:-} in '' | -*) fail "$USAGE" "$1 needs a value${2:+, and is followed by the option $2}" ;; esac
        take_option "$1" "$2"
        shift
        ;;
      --flake=?* | --attribute=?*) take_option "${1%%=*}" "${1#*=}" ;;
      --flake= | --attribute=) fail "$USAGE" "${1%=} needs a value" ;;
      --impure) export HOME_MANAGER_IMPURE=true ;;
      --impure=*) fail "$USAGE" "--impure takes no value" ;;
      --)
        shift
        [ $# -le 1 ] || fail "$USAGE" "one profile, not $#: $*"
        [ $# = 0 ] || take_profile "$1"
        break
        ;;
      -*) fail "$USAGE" "unknown option $1; see --help" ;;
      *) take_profile "$1" ;;
    esac
    shift
  done
  settle_target
  name_attribute
  for override in ${HOME_MANAGER_OVERRIDE_INPUTS:-}; do
    case $override in
      [A-Za-z]*=?*) ;;
      *) fail "$USAGE" "HOME_MANAGER_OVERRIDE_INPUTS has '$override'; it is a list of INPUT=REFERENCE with spaces" ;;
    esac
  done

  case ${HOME_MANAGER_REFRESH:=never} in
    never | always) ;;
    *) fail "$USAGE" "HOME_MANAGER_REFRESH is '$HOME_MANAGER_REFRESH'; allowed are never and always" ;;
  esac
  case ${profile:=essential} in
    minimal | essential | development | ai | browser) ;;
    *) fail "$UNKNOWN_PROFILE" "unknown profile '$profile'; there are minimal, essential, development, ai and browser" ;;
  esac
  : "${attribute:=container-$profile}"
  case $attribute in
    *[!A-Za-z0-9_.@-]*) fail "$USAGE" "the attribute '$attribute' may contain letters, digits and the characters _.@- only" ;;
  esac
  case ${HOME_MANAGER_PRIORITY:=6} in
    *[!0-9]*) fail "$USAGE" "HOME_MANAGER_PRIORITY is '$HOME_MANAGER_PRIORITY'; it is a whole number" ;;
  esac
  accept=false impure=false
  if is_on HOME_MANAGER_ACCEPT_FLAKE_CONFIG; then accept=true; fi
  if is_on HOME_MANAGER_IMPURE; then impure=true; fi
  configuration=$attribute
  on_failure=$HOME_MANAGER_ON_FAILURE
}

find_nix() {
  for bin in /nix/var/nix/profiles/default/bin "$HOME/.nix-profile/bin" "${XDG_STATE_HOME:-$HOME/.local/state}/nix/profile/bin" \
    /run/current-system/sw/bin /root/.nix-profile/bin; do
    if ! command -v nix >/dev/null 2>&1 && [ -x "$bin/nix" ]; then
      export PATH="$PATH:$bin"
    fi
  done
  if ! command -v nix >/dev/null 2>&1; then
    [ -d /nix/store ] || fail "$NO_NIX" "no Nix in this container: /nix is empty; start from an image with Nix or mount a seeded volume at /nix"
    fail "$NO_NIX" "no Nix in this container: /nix has a store, but neither PATH nor /nix/var/nix/profiles/default has the nix command"
  fi
  version=$(nix --version 2>&1) || fail "$NO_NIX" "Nix does not run: $version"
  echo "$version" | grep -qE ' (2\.([4-9]|[1-9][0-9])|[3-9])' || fail "$NO_NIX" "$version has no flakes; 2.4 or newer is needed"
}

# Restricted pods have arbitrary user ids, and runtimes set HOME=/ for them.
settle_user() {
  entry=$(grep "^[^:]*:[^:]*:$(id -u):" /etc/passwd 2>/dev/null | head -n 1) || true
  if [ -z "${USER:-}" ]; then
    USER=${entry%%:*}
    : "${USER:=code}"
  fi
  if [ "${HOME:-/}" = / ]; then
    HOME=$(echo "$entry" | cut -d: -f6)
    [ "${HOME:-/}" != / ] && [ -w "$HOME" ] || HOME=/home/code
  fi
  export USER HOME
  [ -d "$HOME" ] || mkdir -p "$HOME" 2>/dev/null || fail "$NO_HOME" "HOME is $HOME, which does not exist and cannot be made; set HOME to a folder that can be written"
  [ -w "$HOME" ] || fail "$NO_HOME" "HOME is $HOME, which user $(id -u) cannot write; mount a volume there or set HOME"
  HOME=$(cd "$HOME" && pwd)
}

is_mine() {
  [ "$(stat -c %u "$1" 2>/dev/null)" = "$(id -u)" ]
}

make_work_folder() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/install-container.XXXXXX" 2>&1) || {
    message=$work
    work=
    case $message in
      *'No space left'* | *'quota exceeded'*) fail "$NO_SPACE" "no space left in ${TMPDIR:-/tmp}" ;;
      *) fail "$USAGE" "cannot write ${TMPDIR:-/tmp}; set TMPDIR" ;;
    esac
  }
}

configure_nix() {
  settings="extra-experimental-features = nix-command flakes"
  # A question cannot be answered in an init container.
  settings="$settings
accept-flake-config = $accept"
  # As root Nix insists on build users, which images other than Nix's own do not have.
  if [ "$(id -u)" = 0 ] && ! grep -q '^nixbld:' /etc/group; then
    settings="$settings
build-users-group ="
  fi
  # Nix takes HOME only from its owner, and otherwise asks for a passwd entry; with folders by name it does without HOME. So do
  # volumes that belong to root and a group (fsGroup) work for a user id that nobody knows.
  if ! is_mine "$HOME" && [ -z "$entry" ]; then
    settings="$settings
use-xdg-base-directories = true"
    export XDG_CONFIG_HOME="${XDG_CONFIG_HOME:-$HOME/.config}" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"
    export XDG_STATE_HOME="${XDG_STATE_HOME:-$HOME/.local/state}" XDG_DATA_HOME="${XDG_DATA_HOME:-$HOME/.local/share}"
  fi
  export NIX_CONFIG="${NIX_CONFIG:+$NIX_CONFIG
}$settings"
}

system() {
  case $(uname -m) in
    arm64) echo aarch64-linux ;;
    *) echo "$(uname -m)-linux" ;;
  esac
}

digest() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum
  else
    cksum
  fi | tr -cd '0-9a-f' | cut -c 1-32
}

# In the images the flake lies beside this script, in the repository and the npm package in ../nix, in a pod in a ConfigMap.
find_flake() {
  if [ -z "$flake" ]; then
    for folder in "$here/nix" "$here/../nix" /opt/cdk8s-nix-flake; do
      if [ -z "$flake" ] && [ -e "$folder/flake.nix" ]; then
        flake=$folder
      fi
    done
    [ -n "$flake" ] || fail "$NO_FLAKE" "no flake comes with this script; name one with --flake or HOME_MANAGER_FLAKE"
  fi
  case $flake in
    # A folder of a repository with more to it, as /mnt/repository?dir=nix.
    /*'?'*) source="$flake" ;;
    /* | ./* | ../*)
      [ -e "$flake/flake.nix" ] || fail "$NO_FLAKE" "$flake has no flake.nix"
      copy_flake
      ;;
    *) source="$flake" ;;
  esac
}

# Nix copies links as links, and the files of a ConfigMap are links; hidden ones are the kubelet's bookkeeping.
copy_flake() {
  { mkdir "$work/flake" && cp -RL "$flake"/* "$work/flake/"; } 2>"$work/log" ||
    fail_by_log "$NO_FLAKE" "cannot copy $flake: $(cat "$work/log")"
  [ ! -e "$work/flake/user.nix" ] || write_user
  source="path:$work/flake"
}

# home-manager refuses to activate for another USER or HOME than the configuration's.
write_user() {
  case $USER in
    *[!A-Za-z0-9_.@-]*) fail "$USAGE" "USER is '$USER'; letters, digits and the characters _.@- are allowed" ;;
  esac
  case $HOME in
    *[!A-Za-z0-9_.@/-]*) fail "$NO_HOME" "HOME is '$HOME'; letters, digits and the characters _.@/- are allowed" ;;
  esac
  chmod u+w "$work/flake" "$work/flake/user.nix"
  cat >"$work/flake/user.nix" <<END
{
  username = "$USER";
  homeDirectory = "$HOME";
}
END
}

# What the generation is built from, as one word. A folder counts by its content: a new version of a ConfigMap is a new flake.
find_identity() {
  {
    # With a mirror in place of an input it is the same configuration.
    echo "$attribute $(system) $([ "$impure" = false ] || echo impure)"
    if [ -d "$work/flake" ]; then
      (cd "$work/flake" && find . -type f | LC_ALL=C sort | while read -r file; do
        echo "$file"
        cat "$file"
      done)
    else
      echo "$source $USER $HOME"
    fi
  } | digest
}

# Prints the generation that the marker in HOME says is active, if it is this one and still there.
active_generation() {
  [ -r "$marker" ] || return 1
  read -r marked generation <"$marker" || return 1
  [ "$marked" = "$1" ] && [ -x "$generation/activate" ] || return 1
  # A profile that was deleted or switched by hand is not what we activated.
  [ "$(current_generation)" = "$generation" ] || return 1
  echo "$generation"
}

# What home-manager itself, or link_generation in its place, says is active.
current_generation() {
  for link in "$state/nix/profiles/home-manager" "$link_of_generation" "/nix/var/nix/profiles/per-user/$USER/home-manager"; do
    if [ -e "$link" ]; then
      readlink -f "$link"
      return
    fi
  done
}

rooted_generation() {
  generation=$(readlink "$root" 2>/dev/null) && [ -x "$generation/activate" ] && echo "$generation"
}

# fail_by_log CODE MESSAGE...: what Nix or home-manager wrote says why; only otherwise it is CODE with MESSAGE.
fail_by_log() {
  if is_full /nix || is_full "$HOME" || is_full "${TMPDIR:-/tmp}" ||
    grep -qiE 'no space left on device|database or disk is full|disk quota exceeded' "$work/log"; then
    fail "$NO_SPACE" "no space left; free are: $(free_space /nix), $(free_space "$HOME"), $(free_space "${TMPDIR:-/tmp}")"
  fi
  if grep -qE 'not owned by current user|dubious ownership|unsafe repository' "$work/log"; then
    fail "$NO_FLAKE" "$flake is a repository of another user, which git refuses; name its folder without git+file: (it is copied), or path:FOLDER"
  fi
  if grep -qE 'HTTP error 4[0-9][0-9]' "$work/log"; then
    fail "$NO_FLAKE" "$flake, or one of its inputs, cannot be fetched: see above"
  fi
  if grep -qiE "$NETWORK_PROBLEMS" "$work/log"; then
    fail "$NO_NETWORK" "the network does not answer; a proxy, a mirror (HOME_MANAGER_OVERRIDE_INPUTS) or a prebuilt generation (HOME_MANAGER_GENERATION) helps"
  fi
  fail "$@"
}

free_kibibytes() {
  df -Pk "$1" 2>/dev/null | while read -r _ _ _ free _; do
    case $free in *[!0-9]* | '') ;; *) echo "$free" ;; esac
  done
}

# The message that would tell may not have found space either.
is_full() {
  free=$(free_kibibytes "$1")
  [ "${free:-1024}" -lt 64 ]
}

free_space() {
  free=$(free_kibibytes "$1")
  echo "$((${free:-0} / 1024)) MiB in $1"
}

# Runs a command, shows what it says as it says it, and keeps it in $work/log for fail_by_log.
logged() {
  {
    status=0
    "$@" 2>&1 </dev/null || status=$?
    echo "$status" >"$work/status"
  } | tee "$work/log" >&2
  return "$(cat "$work/status" || echo 1)"
}

# Sets the positional parameters of a nix command: overridden inputs, and a fresh look at the reference.
nix_with_inputs() {
  subcommand=$1
  shift
  for override in ${HOME_MANAGER_OVERRIDE_INPUTS:-}; do
    set -- "$@" --override-input "${override%%=*}" "${override#*=}"
  done
  if [ "$HOME_MANAGER_REFRESH" = always ]; then
    set -- "$@" --refresh
  fi
  if [ "$impure" = true ]; then
    set -- "$@" --impure
  fi
  nix "$subcommand" --no-write-lock-file "$@"
}

# home-manager has one name space for all systems: the bundled flake, and by custom others, append the system.
choose_attribute() {
  [ "$(system)" != x86_64-linux ] || return 0
  if nix_with_inputs eval "$source#homeConfigurations" --apply "all: if all ? \"$attribute-$(system)\" then true else throw \"none\"" \
    >/dev/null 2>&1 </dev/null; then
    attribute=$attribute-$(system)
  fi
}

build_generation() {
  choose_attribute
  say "building $attribute of $flake"
  logged nix_with_inputs build "$source#homeConfigurations.\"$attribute\".activationPackage" --out-link "$work/generation" || return 1
  readlink -f "$work/generation" >"$work/built"
}

explain_build_failure() {
  if grep -q 'does not provide attribute' "$work/log"; then
    fail "$NO_FLAKE" "$flake has no home configuration '$attribute'"
  fi
  fail_by_log "$NOT_BUILT" "$attribute of $flake does not evaluate or build: see above"
}

# Only the daemon can add roots where the store is another user's; home-manager's own root has to do there.
keep_generation() {
  if ! { mkdir -p "${root%/*}" && ln -sfn "$1" "$root.$$" && mv -fT "$root.$$" "$root"; } 2>/dev/null; then
    rm -f "$root.$$" 2>/dev/null || true
    say "cannot write ${root%/*}: an ephemeral HOME will need the build again"
  fi
  # Renewed at each start; what no pod has started with for a month is left to the garbage collector.
  find "${root%/*}" -name "home-manager-$attribute-*" -mtime +30 -exec rm -f {} + 2>/dev/null || true
}

# home-manager opens the Nix database and writes profiles, which a read-only image does not allow; links are all it is about.
can_use_home_manager() {
  [ -w /nix/var/nix/db ] || [ -S /nix/var/nix/daemon-socket/socket ]
}

# Called where `set -e` does not hold, as each step below.
link_generation() {
  say "/nix is read-only: linking the generation into $HOME without home-manager"
  if [ -d "$1/home-files" ]; then
    (cd -P "$1/home-files" && find . ! -type d) >"$work/files" || return 1
    while read -r file; do
      link_file "$(readlink -f "$1/home-files/$file")" "$HOME/${file#./}" || return 1
    done <"$work/files"
  fi
  ln -sfn "$1/home-path" "$HOME/.nix-profile" && mkdir -p "${link_of_generation%/*}" && ln -sfn "$1" "$link_of_generation"
}

# What a generation has linked into HOME is noted there: the next one may be in an image without the former, or be activated by home-manager, which knows
# nothing of links that it has not made.
# usage: note_links GENERATION
note_links() {
  mkdir -p "${link_of_generation%/*}" || return 1
  : >"$work/links"
  [ ! -d "$1/home-files" ] || (cd -P "$1/home-files" && find . ! -type d) | sort >"$work/links"
  # One that was activated before there were notes.
  former=$link_of_generation.links
  [ -e "$former" ] || [ -z "${previous:-}" ] || [ ! -d "$previous/home-files" ] || (cd -P "$previous/home-files" && find . ! -type d) >"$work/former"
  for list in "$former" "$work/former"; do
    [ -r "$list" ] || continue
    grep -vxF -f "$work/links" "$list" | while read -r file; do
      case $(readlink "$HOME/$file") in
        /nix/store/*) rm -f "$HOME/$file" ;;
      esac
    done
  done
  cp "$work/links" "$former.$$" && mv -f "$former.$$" "$former"
}

link_file() {
  mkdir -p "${2%/*}" || return 1
  if [ -e "$2" ] && [ ! -L "$2" ]; then
    backup=$2.$HOME_MANAGER_BACKUP_EXT
    [ ! -e "$backup" ] || backup=$backup-$(date -u +%Y%m%dT%H%M%SZ)
    mv "$2" "$backup" || return 1
  fi
  ln -sfn "$1" "$2"
}

# home-manager installs its packages as one that ranks like those the user has installed, and stops where both have a file. With
# a priority of its own the user's goes first. Its activation finds Nix beside the nix-env in PATH.
put_nix_aside() {
  [ ! -e "$work/bin" ] || return 0
  mkdir "$work/bin" || return 1
  nix_bin=$(command -v nix)
  nix_bin=${nix_bin%/*}
  for program in $(cd "$nix_bin" && echo nix*); do
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$(command -v "$program" || echo "$nix_bin/$program")" >"$work/bin/$program"
  done
  # Old versions know no priorities.
  cat >"$work/bin/nix" <<END
#!/bin/sh
case "\${1:-} \${2:-}" in
  'profile install' | 'profile add')
    command=\$2
    shift 2
    status=0
    "$nix_bin/nix" profile "\$command" --priority $HOME_MANAGER_PRIORITY "\$@" 2>"$work/priority" || status=\$?
    if ! grep -q "unrecognised flag '--priority'" "$work/priority"; then
      cat "$work/priority" >&2
      exit "\$status"
    fi
    exec "$nix_bin/nix" profile "\$command" "\$@"
    ;;
esac
exec "$nix_bin/nix" "\$@"
END
  chmod +x "$work/bin"/*
  # Where nothing in TMPDIR may be executed, home-manager has to do with what is in PATH.
  "$work/bin/nix" --version >/dev/null 2>&1 || rm -f "$work/bin"/*
}

run_activation() {
  if ! can_use_home_manager; then
    link_generation "$1"
    return
  fi
  # home-manager gives up where its profile folder is missing.
  mkdir -p "$state/nix/profiles" && put_nix_aside && PATH=$work/bin:$PATH "$1/activate" || return 1
  # Where Nix was told to do without HOME, its profile is there, and PATH expects it here.
  if [ ! -e "$HOME/.nix-profile" ] && [ -e "$state/nix/profile" ]; then
    ln -sfn "$state/nix/profile" "$HOME/.nix-profile"
  fi
}

# What keeps home-manager from activating, and can be taken out of its way without losing anything; it has changed nothing yet.
clear_the_way() {
  if grep -q 'would be clobbered by backing up' "$work/log"; then
    HOME_MANAGER_BACKUP_EXT=$HOME_MANAGER_BACKUP_EXT-$(date -u +%Y%m%dT%H%M%SZ)
    say "there are backups already; the files that are in the way now go to FILE.$HOME_MANAGER_BACKUP_EXT"
  elif grep -qE 'have the same priority|There is a conflict for the following files' "$work/log" && [ ! -e "$HOME/.nix-profile/manifest.json" ]; then
    # A profile of nix-env, where the priority is that of what is there.
    [ "$HOME_MANAGER_PRIORITY" -gt 5 ] && priority=4 || priority=6
    say "packages that nix-env has installed get priority $priority"
    nix-env -q | while read -r package; do
      [ "$package" = home-manager-path ] || nix-env --set-flag priority "$priority" "$package" >&2 || true
    done
  else
    return 1
  fi
}

activate_generation() {
  previous=$(current_generation)
  failed=$1
  export HOME_MANAGER_BACKUP_EXT="${HOME_MANAGER_BACKUP_EXT:-before-home-manager}"
  say "activating $1"
  if logged run_activation "$1" || { clear_the_way && logged run_activation "$1"; }; then
    note_links "$1" 2>"$work/log" || say "links of an earlier configuration may be left in $HOME: $(cat "$work/log")"
    return
  fi
  cp "$work/log" "$work/failure"
  if [ -n "$previous" ] && [ "$previous" != "$1" ] && [ -x "$previous/activate" ]; then
    say "going back to $previous"
    logged run_activation "$previous" || say "which failed as well"
  fi
  mv "$work/failure" "$work/log"
  fail_by_log "$NOT_ACTIVATED" "home-manager could not activate $1 for $USER in $HOME: see above"
}

write_marker() {
  rm -f "$state/cdk8s-nix/home-manager-warning"
  if ! { mkdir -p "${marker%/*}" && echo "$1 $2" >"$marker.$$" && mv -f "$marker.$$" "$marker"; } 2>"$work/log"; then
    rm -f "$marker.$$"
    fail_by_log "$NO_HOME" "cannot write $marker"
  fi
}

finish() {
  say "$attribute is active for $USER in $HOME: $2, generation $1, $(($(date +%s) - started)) s"
  exit 0
}

# From the root of an earlier run where there is one, else built. With `always` a failure to look further keeps what there is.
find_generation() {
  if [ "$HOME_MANAGER_REFRESH" = never ] && generation=$(rooted_generation); then
    how='reused without evaluation'
    return
  fi
  if build_generation; then
    generation=$(cat "$work/built")
    how=built
    return
  fi
  generation=$(rooted_generation) || explain_build_failure
  say "cannot look for a newer version: see above"
  how='kept, because a newer version could not be looked for'
}

install_prebuilt() {
  generation=$(readlink -f "$HOME_MANAGER_GENERATION" 2>/dev/null) || true
  [ -x "$generation/activate" ] ||
    fail "$NO_FLAKE" "HOME_MANAGER_GENERATION is '$HOME_MANAGER_GENERATION', which is no activation package of home-manager"
  identity=prebuilt
  attribute='the prebuilt generation'
  how='nothing was evaluated'
}

main() {
  trap end EXIT
  trap 'fail "$INTERRUPTED" "stopped by a signal"' INT
  trap 'fail "$STOPPED" "stopped by a signal"' TERM
  read_arguments "$@"
  find_programs
  started=$(date +%s)
  settle_user
  configure_nix
  find_nix
  make_work_folder

  state=${XDG_STATE_HOME:-$HOME/.local/state}
  marker=$state/cdk8s-nix/home-manager
  link_of_generation=$state/cdk8s-nix/generation
  if [ -n "${HOME_MANAGER_GENERATION:-}" ]; then
    install_prebuilt
    [ "$(active_generation "$identity")" != "$generation" ] || finish "$generation" 'it was already'
  else
    find_flake
    identity=$(find_identity)
    root=$roots/home-manager-$attribute-$identity
    if [ "$HOME_MANAGER_REFRESH" = never ] && generation=$(active_generation "$identity"); then
      keep_generation "$generation"
      finish "$generation" 'it was already'
    fi
    find_generation
    keep_generation "$generation"
    [ "$(active_generation "$identity")" != "$generation" ] || finish "$generation" 'it was already, and there is nothing newer'
  fi
  activate_generation "$generation"
  write_marker "$identity" "$generation"
  finish "$generation" "$how"
}

main "$@"
