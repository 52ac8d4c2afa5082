#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What the seed and the look at the store say: lines of text or JSON, and the last one of a failure.
# Sourced by seed-nix-store.sh and check-nix-store.sh, which set $program, $SEED_LOG, $SEED_TERMINATION_LOG and $lock_held; descriptor 7 is
# for errors.

# Hundredths of a second since boot, without starting a process.
clock() {
  read -r uptime _ </proc/uptime
  time=${uptime%.*}${uptime#*.}
}

json_string() {
  rest=$1 quoted=
  while [ -n "$rest" ]; do
    tail=${rest#?}
    first=${rest%"$tail"}
    case $first in
      '"' | \\) quoted=$quoted\\$first ;;
      [[:cntrl:]]) quoted="$quoted " ;;
      *) quoted=$quoted$first ;;
    esac
    rest=$tail
  done
  quoted="\"$quoted\""
}

# usage: in_one_line TEXT      sets $in_one_line: control characters, as a setting may have them, are blanks
in_one_line() {
  in_one_line=$1
  case $1 in *[[:cntrl:]]*) in_one_line=$(printf %s "$1" | tr '\001-\037\177' ' ') ;; esac
}

# usage: line LEVEL EVENT MESSAGE [KEY=VALUE]...   (sets $text)
line() {
  if [ "$SEED_LOG" != json ]; then
    in_one_line "$3"
    text="$program: $in_one_line"
    return 0
  fi
  json_string "$3"
  text="{\"level\":\"$1\",\"event\":\"$2\",\"message\":$quoted"
  shift 3
  for pair in "$@"; do
    quoted=${pair#*=}
    case $quoted in '' | *[!0-9]*) json_string "$quoted" ;; esac
    text="$text,\"${pair%%=*}\":$quoted"
  done
  text="$text}"
}

say() {
  line info "$@"
  printf '%s\n' "$text"
}

lock_says() {
  say "$@"
}

# usage: die CODE MESSAGE      the codes are a contract: docs/seeding.md
die() {
  failed=yes
  if has_deeper_cause "$1"; then set -- "$cause" "$reason"; fi
  explain "$@"
  exit "$1"
}

# usage: has_deeper_cause CODE      Without the lock, or without room for lists, all sorts of things go wrong; they are not the cause. Sets $cause, a code, and $reason.
has_deeper_cause() {
  cause=10 reason=${tmp_is_full:-}
  [ "$1" != 143 ] || return 1
  if [ "$lock_held" = yes ] && ! holds_lock; then
    cause=41 reason=$lock_was_lost
    return 0
  fi
  [ -n "${work:-}" ] || return 1
  { echo full >"$work/another-probe"; } 2>/dev/null || return 0
  # What had no room for a moment, as Nix beside us had some, is not what it would be said to be.
  case $1 in 17 | 20 | 5? | 70) is_tmp_nearly_full ;; *) return 1 ;; esac
}

explain() {
  line error failed "error: $2" "code=$1"
  printf '%s\n' "$text" >&7
  [ ! -w "$SEED_TERMINATION_LOG" ] || printf '%s\n' "$text" >"$SEED_TERMINATION_LOG" || true
}

seconds() {
  printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}
