#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The process: its settings, its programs, its signals, its folder for lists.
# Sourced by seed-nix-store.sh.

configure() {
  : "${SEED_SOURCE:=/nix}" "${SEED_VOLUME:=/mnt/nix-volume}" "${SEED_IMAGE:=unknown}" "${SEED_JOBS:=8}"
  : "${SEED_REPAIR:=no}" "${SEED_WAL:=yes}" "${SEED_LOG:=text}" "${SEED_LOCK_TIMEOUT:=3600}" "${SEED_LOCK_TTL:=60}" "${SEED_PROGRESS:=5}"
  : "${SEED_TERMINATION_LOG:=/dev/termination-log}" "${TMPDIR:=/tmp}"
  volume=$SEED_VOLUME/nix
  ours=$volume/.cdk8s-nix
  lock=$ours/lock
  failed=no token='' workers='' locked=no stage='' keep_stage=no work=''
  for number in "$SEED_JOBS" "$SEED_LOCK_TIMEOUT" "$SEED_LOCK_TTL" "$SEED_PROGRESS"; do
    case $number in '' | *[!0-9]*) die 10 "'$number' is not a whole number; see SEED_JOBS, SEED_LOCK_TIMEOUT, SEED_LOCK_TTL, SEED_PROGRESS" ;; esac
  done
  [ "$SEED_JOBS" -gt 0 ] || die 10 'SEED_JOBS must be at least 1'
  case $SEED_WAL in yes) wal=true ;; no) wal=false ;; *) die 10 "SEED_WAL is '$SEED_WAL'; it must be yes or no" ;; esac
  case $SEED_LOG in text | json) ;; *) die 10 "SEED_LOG is '$SEED_LOG'; it must be text or json" ;; esac
}

# usage: program NAME     the program itself, even where the shell is a busybox that prefers its own: the cp of that one
# cannot copy read-only folders unless it is root, and its du does not count files
program() {
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/$1" ]; then
      unset IFS
      echo "$folder/$1"
      return
    fi
  done
  die 21 "the seed image has no $1; it needs coreutils"
}

# The shell itself, and none of its subshells: a signal may reach one of these before it has dropped the traps.
clean_up() {
  status=$?
  trap - EXIT TERM INT HUP
  trap '' USR1
  read -r self _ </proc/self/stat
  [ "$self" = "$$" ] || return 0
  [ "$status" = 0 ] || [ "$failed" = yes ] || explain 70 "a command failed unexpectedly: this is a bug in the script"
  for pid in $workers; do kill "$pid" 2>/dev/null || true; done
  # shellcheck disable=SC2086
  [ -z "$workers" ] || wait $workers 2>/dev/null || true
  if [ "$locked" = yes ]; then
    [ "$keep_stage" = yes ] || [ ! -d "$stage" ] || discard "$stage" 2>/dev/null || true
    release_lock
  fi
  [ -z "$work" ] || rm -rf "$work"
  [ "$status" = 0 ] || [ "$failed" = yes ] || exit 70
}

# A folder for lists. Nix wants a name too and, without an entry in /etc/passwd, a home that belongs to it; in a pod /tmp
# belongs to root.
make_work_folder() {
  work=$TMPDIR/seed-nix-store.$$
  mkdir -p "$work" 2>/dev/null || die 10 "cannot write to TMPDIR ($TMPDIR)"
  HOME=$work USER=${USER:-code} NIX_CONF_DIR=${NIX_CONF_DIR:-$work}
  export HOME USER NIX_CONF_DIR
}
