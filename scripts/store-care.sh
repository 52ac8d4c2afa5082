#!/bin/sh
# What the scripts that care for a store in use have in common: collect-garbage.sh, prefetch-store.sh, verify-store.sh.
# Each sets $program and calls open_store. See docs/store-care.md.
#
# Environment:
#   NIX_FOLDER            /nix                   where the store is mounted; Nix itself works at /nix only
#   CARE_TIMEOUT          3600                   seconds until the work is stopped
#   CARE_LOCK_TTL         60                     a lock of a seeder that gave no sign of life for this time is dead
#   CARE_ON_FAILURE       fail                   fail, or go-on: say what went wrong and exit with 0, so that a pod starts all the same
#   CARE_TERMINATION_LOG  /dev/termination-log   where the last line goes as well
LC_ALL=C
export LC_ALL
unset NIX_REMOTE

# The sourcing script names itself.
: "${program:=store-care}"
lock_held=no applicant='' pulse='' worker='' work='' half_done='' held_set='' ended=no
: "${work_is_lazy:=no}"

# shellcheck source=scripts/store-lock.sh
. "${0%/*}/store-lock.sh"

# The last word of a run, also shown by kubectl describe.
# usage: report MESSAGE
report() {
  last_word=$1
  # One line, whatever is in a setting.
  case $1 in *[[:cntrl:]]*) last_word=$(printf %s "$1" | tr '\001-\037\177' ' ') ;; esac
  printf '%s: %s\n' "$program" "$last_word"
  [ ! -w "$CARE_TERMINATION_LOG" ] || printf '%s: %s\n' "$program" "$last_word" >"$CARE_TERMINATION_LOG" || true
}

# usage: die CODE MESSAGE      the codes are a contract: docs/store-care.md
die() {
  ended=yes
  # What cannot be noted looks as if Nix had failed, without a word.
  case $1 in 5?) ! is_tmp_full || set -- 10 "$tmp_is_full" ;; esac
  if [ "$CARE_ON_FAILURE" = go-on ]; then
    report "warning: $2 (going on; code $1)"
    exit 0
  fi
  report "error: $2" >&2
  exit "$1"
}

is_tmp_full() {
  tmp_is_full="cannot write to TMPDIR ($TMPDIR) any more: is it full?"
  [ -d "$work" ] && ! { echo full >"$work/probe"; } 2>/dev/null
}

# usage: require_numbers NAME...     each variable is a whole number, or empty
require_numbers() {
  for name in "$@"; do
    value='' && eval "value=\$$name"
    case $value in *[!0-9]*) die 10 "$name is '$value'; it must be a whole number" ;; esac
  done
}

# usage: require_choice NAME CHOICE...
require_choice() {
  name=$1
  shift
  value='' && eval "value=\$$name"
  for choice in "$@"; do [ "$value" != "$choice" ] || return 0; done
  die 10 "$name is '$value'; it must be one of: $*"
}

clock() {
  read -r uptime _ </proc/uptime
  now=${uptime%%.*}
}

open_store() {
  : "${NIX_FOLDER:=/nix}" "${CARE_TIMEOUT:=3600}" "${CARE_LOCK_TTL:=60}" "${TMPDIR:=/tmp}"
  : "${CARE_TERMINATION_LOG:=/dev/termination-log}" "${CARE_ON_FAILURE:=fail}"
  trap end EXIT
  trap 'stopped "by a signal" 143' TERM INT HUP
  trap 'stop_worker; lock_lost' USR1
  require_choice CARE_ON_FAILURE fail go-on
  require_numbers CARE_TIMEOUT CARE_LOCK_TTL
  clock
  started=$now
  ours=$NIX_FOLDER/.cdk8s-nix
  [ -e "$NIX_FOLDER/var/nix/db/db.sqlite" ] || die 60 "$NIX_FOLDER holds no Nix store: it is not mounted here as it was seeded"
  command -v nix-store >/dev/null || die 21 'there is no nix-store in PATH'
  # Of this process alone: in a restarted container process numbers are the same, and /tmp outlives it.
  read -r run </proc/sys/kernel/random/uuid
  work=$TMPDIR/$program.$run
  lock_holder=$program lock_ttl=$CARE_LOCK_TTL lock_timeout=$CARE_TIMEOUT lock_timeout_name=CARE_TIMEOUT lock_progress=60
  [ "$work_is_lazy" = yes ] || make_work_folder
}

# For lists. A script that most often has nothing to do says work_is_lazy=yes, and makes it where it needs it.
make_work_folder() {
  [ ! -d "$work" ] || return 0
  # Nobody else in this pod is at work: what lies there is of containers that were killed.
  [ -z "${NIX_POD_UID:-}" ] || rm -rf "$TMPDIR/$program".* 2>/dev/null || true
  mkdir -p "$work" 2>/dev/null || die 10 "cannot write to TMPDIR ($TMPDIR)"
  mkdir -p "$ours" || die 13 "$ours cannot be written by user $(id -u), group $(id -g)"
}

end() {
  status=$?
  trap - EXIT TERM INT HUP USR1
  # Of a script that says from time to time what it does.
  [ -z "$pulse" ] || kill "$pulse" 2>/dev/null || true
  [ "$lock_held" = no ] || release_lock
  [ -z "$applicant" ] || rm -rf "$applicant" 2>/dev/null
  surprise=70 unexpected='a command failed unexpectedly: this is a bug in the script'
  [ "$status" = 0 ] || [ "$ended" = yes ] || ! is_tmp_full || surprise=10 unexpected=$tmp_is_full
  [ ! -d "$work" ] || rm -rf "$work"
  # Of a script that forgets programs.
  [ -z "$held_set" ] || rmdir "$held_set/.forgetting" 2>/dev/null
  # Of a script that makes something under another name first.
  [ -z "$half_done" ] || rm -rf "$half_done"
  [ "$status" = 0 ] || [ "$ended" = yes ] || {
    report "error: $unexpected" >&2
    [ "$CARE_ON_FAILURE" = fail ] || exit 0
    exit "$surprise"
  }
}

stop_worker() {
  [ -z "$worker" ] || { kill "$worker" && wait "$worker"; } 2>/dev/null || true
  worker=
}

# What was done up to here is kept; a script that has something to say about it defines tell_progress.
# usage: stopped WHY CODE
stopped() {
  stop_worker
  die "$2" "stopped $1$(tell_progress)"
}

tell_progress() { :; }

# --- Nix -----------------------------------------------------------------------------------------------------------

# Runs Nix as a child that ends with the deadline, and sets $status. Nix notes what it uses in a file named by its process
# number, and takes a file that has this name already for a relic, which it removes. Other containers count processes for
# themselves: to spare the notes of a build over there, the child looks for a number nobody uses.
# usage: run_nix OUTPUT ERRORS COMMAND [ARGUMENT]...
run_nix() {
  output=$1 errors=$2
  shift 2
  tries=0 status=99
  while [ "$status" = 99 ] && [ "$tries" -lt 2000 ]; do
    tries=$((tries + 1))
    clock
    left=$((CARE_TIMEOUT - (now - started)))
    [ "$left" -gt 0 ] || stopped "at the deadline of $CARE_TIMEOUT s" 43
    # shellcheck disable=SC2016 # the child expands it
    timeout -k 60 "$left" sh -c '[ ! -e "$0/var/nix/temproots/$$" ] || exit 99; exec "$@"' "$NIX_FOLDER" "$@" >"$output" 2>"$errors" &
    worker=$!
    status=0
    wait "$worker" || status=$?
    worker=
  done
  # What timeout says of a command it stopped: GNU's says 124, busybox' tells of the signal.
  clock
  case $status in
    124 | 137 | 143)
      [ $((now - started)) -lt "$CARE_TIMEOUT" ] || stopped "at the deadline of $CARE_TIMEOUT s" 43
      die 52 "Nix was killed; has the container too little memory?$(tell_progress)"
      ;;
  esac
}

# usage: last_error FILE      the line that says what went wrong; hints on how to see more may follow it. What Nix names may be the program that failed:
# git's own reason stands above that.
last_error() {
  found='' error='' git_says=''
  while IFS= read -r message; do
    case $message in *[!\ ]*) found=$message ;; esac
    case $message in *error:\ *) error="error: ${message#*error: }" ;; esac
    case $message in 'fatal: '* | 'remote: '?* | *"executing 'git'"*) git_says=$message ;; esac
  done <"$1"
  found=${error:-$found}
  case $found in *"$git_says"*) ;; *) found="$found (git says: $git_says)" ;; esac
  hide_users "${found:-it said nothing}"
}

# usage: hide_users TEXT      prints it without user names and passwords in URLs
hide_users() {
  open=$1 hidden=''
  while :; do
    case $open in *://*) ;; *) break ;; esac
    hidden=$hidden${open%%://*}:// open=${open#*://}
    authority=${open%%[/?#\ \'\"]*}
    case $authority in *@*) open=${open#"${authority%@*}@"} ;; esac
  done
  printf '%s\n' "$hidden$open"
}

# Of a private repository git would ask a terminal; the netrc file is Nix's. What a user has told git comes first.
lend_netrc() {
  GIT_TERMINAL_PROMPT=0
  export GIT_TERMINAL_PROMPT
  settings=${GIT_CONFIG_COUNT:-0}
  export "GIT_CONFIG_KEY_$settings=credential.helper" "GIT_CONFIG_VALUE_$settings=!sh '${0%/*}/netrc-credentials.sh'"
  export "GIT_CONFIG_COUNT=$((settings + 1))"
}

# --- space ---------------------------------------------------------------------------------------------------------

free_mebibytes() {
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S' "$NIX_FOLDER/store")
  echo $(($1 * $2 / 1048576))
}

# --- the seeder's lock ---------------------------------------------------------------------------------------------
# Files that a seeder has placed are garbage to Nix until they are registered, and gc.lock, which keeps a collector away
# meanwhile, needs a flock that not every image has. So this lock is the seeder's own: see store-lock.sh.

lock_says() {
  printf '%s: %s\n' "$program" "$2"
}

lock_is_moot() {
  return 1
}

lock_fails() {
  die 13 "$ours cannot be written by user $(id -u), group $(id -g): $(tail -n 1 "$work/errors")"
}

lock_is_refused() {
  die 13 "$lock cannot be taken, though nobody holds it: $(tail -n 1 "$work/lock-errors")"
}

lock_beat() { :; }
