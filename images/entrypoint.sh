#!/bin/sh
# usage: entrypoint.sh COMMAND [ARGUMENT...]
# Makes Nix usable in this container, whoever runs it, and then becomes COMMAND: its signals and exit code are the container's.
# Without COMMAND it becomes a login shell where there is a terminal or something to read, and otherwise stays up.
#
# Environment:
#   CDK8S_NIX_HOME_MANAGER   a profile of install-container.sh to activate first: minimal, essential, development, ai or browser
#   CDK8S_NIX_STRICT         true, yes or 1: without a working Nix, or with a profile that cannot be activated, exit with 69 instead of running
#                            COMMAND. Default: false, no or 0

# No `set -e`: nothing here may keep COMMAND from running unless CDK8S_NIX_STRICT says so.
case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac
say() {
  echo "cdk8s-nix: $*" >&2
}

# Before anything is done: who asks to be strict in words that are not understood would not be.
read_strictness() {
  case ${CDK8S_NIX_STRICT:-} in
    1 | [Yy][Ee][Ss] | [Tt][Rr][Uu][Ee]) strict=yes ;;
    '' | 0 | [Nn][Oo] | [Ff][Aa][Ll][Ss][Ee]) strict=no ;;
    *)
      say "CDK8S_NIX_STRICT is '$CDK8S_NIX_STRICT'; it is true or false"
      exit 69
      ;;
  esac
}

# A problem that leaves COMMAND without what it was promised.
complain() {
  say "$*"
  if [ "$strict" = yes ]; then
    say "not running the command, because CDK8S_NIX_STRICT is $CDK8S_NIX_STRICT"
    exit 69
  fi
}

has_passwd_entry() {
  id -un >/dev/null 2>&1
}

is_mine() {
  [ -n "$1" ] && [ "$(stat -c %u "$1" 2>/dev/null)" = "$uid" ]
}

# Nix stops with "cannot determine user's home directory" where HOME belongs to somebody else and the user has no passwd entry
# to fall back to. With folders by name it does without HOME: those of a volume that belongs to root and a group, for example.
settle_home() {
  mkdir -p "${HOME:-/}" 2>/dev/null
  if is_mine "${HOME:-}" || { [ -n "${HOME:-}" ] && has_passwd_entry; }; then
    return
  elif [ "${HOME:-/}" != / ] && [ -w "$HOME" ]; then
    name_home_folders
  else
    make_home
  fi
}

name_home_folders() {
  export XDG_CONFIG_HOME="${XDG_CONFIG_HOME:-$HOME/.config}" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"
  export XDG_STATE_HOME="${XDG_STATE_HOME:-$HOME/.local/state}" XDG_DATA_HOME="${XDG_DATA_HOME:-$HOME/.local/share}"
  export NIX_CONFIG="${NIX_CONFIG:+$NIX_CONFIG
}use-xdg-base-directories = true"
  # Where PATH looks for what is installed.
  [ -e "$HOME/.nix-profile" ] || ln -sf "$XDG_STATE_HOME/nix/profile" "$HOME/.nix-profile"
}

make_home() {
  home=${TMPDIR:-/tmp}/home-$uid
  if mkdir -p "$home" 2>/dev/null && is_mine "$home"; then
    say "HOME is now $home: user $uid has no passwd entry and cannot write to '${HOME:-}'"
    export HOME="$home"
  else
    complain "no HOME for user $uid: neither '${HOME:-}' nor ${TMPDIR:-/tmp} can be written; mount a volume at one of them"
  fi
}

# For a user without an entry `id` prints the number, and fails.
settle_user() {
  [ -n "${USER:-}" ] || USER=$(id -un 2>/dev/null) || USER=code
  export USER
}

# Those of Nix' own images are in its profile, which a PATH set by hand may not have.
find_programs() {
  for bin in /nix/var/nix/profiles/default/bin "${HOME:-}/.nix-profile/bin" /run/current-system/sw/bin; do
    if ! command -v stat >/dev/null 2>&1 && [ -x "$bin/stat" ]; then export PATH="${PATH:+$PATH:}$bin"; fi
  done
  for program in id ln mkdir sleep stat; do
    if ! command -v "$program" >/dev/null 2>&1; then
      complain "there is no '$program' in PATH, which is '${PATH:-}'; this script needs coreutils"
      return 1
    fi
  done
}

check_nix() {
  if command -v nix >/dev/null 2>&1; then
    if ! failure=$(nix --version 2>&1 >/dev/null); then
      complain "Nix does not run: $failure"
    elif [ -e /nix/var/nix/db ] && [ ! -w /nix/var/nix/db ]; then
      say "user $uid cannot write to /nix: installed programs run, but nothing can be built or installed"
    fi
  elif [ -d /nix/store ]; then
    complain 'no Nix in /nix: it has a store, but no profile /nix/var/nix/profiles/default; was seeding the volume interrupted?'
  else
    complain "no Nix in /nix: a volume that is mounted there hides the image's; seed it first, as the init container seed-nix-store does"
  fi
}

# A shell that is process 1 ignores SIGTERM while it waits, and a pod would be killed only after its grace period.
run_interruptible() {
  "$@" &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null; wait "$child"; exit 143' TERM
  trap 'kill -TERM "$child" 2>/dev/null; wait "$child"; exit 130' INT
  wait "$child"
  status=$?
  trap - TERM INT
  return "$status"
}

activate_home() {
  run_interruptible sh "$here/install-container.sh" "$CDK8S_NIX_HOME_MANAGER" >&2 ||
    complain "the home-manager profile '$CDK8S_NIX_HOME_MANAGER' is not active: see above"
}

# A pod has no terminal and nothing to read, and a shell would end at once.
stay_up() {
  trap 'exit 143' TERM
  trap 'exit 130' INT
  while :; do
    sleep 3600 &
    wait "$!"
  done
}

become_shell() {
  if command -v bash >/dev/null 2>&1; then exec bash -l; fi
  exec sh -l
}

read_strictness
if find_programs; then
  uid=$(id -u)
  settle_home
  settle_user
fi
# shellcheck source=images/nix-environment.sh
. "$here/nix-environment.sh"
check_nix
if [ -n "${CDK8S_NIX_HOME_MANAGER:-}" ]; then
  activate_home
  # shellcheck source=images/nix-environment.sh
  . "$here/nix-environment.sh"
fi

[ $# = 0 ] || exec "$@"
if [ -t 0 ] || [ -p /dev/stdin ] || [ -f /dev/stdin ] || [ -S /dev/stdin ]; then
  become_shell
fi
stay_up
