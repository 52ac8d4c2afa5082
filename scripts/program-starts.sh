#!/bin/sh
# shellcheck disable=SC2034,SC2154 # it shares its variables with who sources it
# The start of a pod whose programs are there: which they are, where they lie, and the note that they were asked for.
# Sourced by bring-programs.sh, and by check-nix-store.sh, which looks whether that has anything to do: most often it has not, and a shell less
# starts. Nothing here starts a process where all is as it was. What the folders hold: see bring-programs.sh and program-roots.sh.

: "${PROGRAMS_SET:=default}" "${PROGRAMS_BUILD:=no}" "${PROGRAMS_KEEP:=2}" "${PROGRAMS_PROGRESS:=10}" "${PROGRAMS_GRACE:=86400}" "${PROGRAMS_AHEAD:=no}"
: "${CARE_ON_FAILURE:=fail}" "${CARE_TERMINATION_LOG:=/dev/termination-log}"
set=$NIX_FOLDER/var/nix/gcroots/cdk8s-nix-programs/$PROGRAMS_SET
starts=$set/.starts prefetched=$set/.ahead
# Where it is noted what is asked for now.
notes=$starts
[ "$PROGRAMS_AHEAD" = no ] || notes=$prefetched
start='' asked='' told='' summary=''
newline='
'

# usage: is_name NAME      it becomes a folder
is_name() {
  case $1 in '' | *[!A-Za-z0-9_-]*) return 1 ;; esac
}

# usage: list_programs [NAME KEY KIND REFERENCE]...     sets $asked, what they are called in the folder of the workload, or $wrong, and fails then
list_programs() {
  asked=' '
  while [ $# -gt 0 ]; do
    wrong="the name of a program is '$1'"
    is_name "$1" || return 1
    wrong="the key of a program is '$2'"
    is_name "$2" || return 1
    asked="$asked$1/$2 "
    shift 4
  done
}

# It was brought before, and what is run has not been lost since.
is_there() {
  [ -r "$folder/brought" ] && read_brought && [ -L "$folder/package" ] && is_store_path "$path" && find_in_store "$path" &&
    { [ -z "$run" ] || { [ -L "$folder/program" ] && find_in_store "$run"; }; } &&
    { [ -z "$said" ] || is_program "$path/$said"; }
}

# One that leads to the workload's own image is looked at there.
is_program() {
  find_in_store "$1" && { [ -z "$place" ] || { [ -f "$place" ] && [ -x "$place" ]; }; }
}

# usage: read_kind KIND     sets $kind, and $said to the program in the package that the container's command names
read_kind() {
  kind=${1%%:*} said=''
  [ "$kind" = "$1" ] || said=${1#*:}
}

# A note that was lost half-way says nothing, and what it says nothing of would be found everywhere.
is_store_path() {
  case $1 in /nix/store/?*) ;; *) return 1 ;; esac
}

read_brought() {
  resolved='' path='' run=''
  while IFS='=' read -r key value; do
    case $key in
      resolved) resolved=$value ;;
      package) path=$value ;;
      program) run=$value ;;
    esac
  done <"$folder/brought"
}

# usage: tell HOW
tell() {
  told="$told$program: $name is $path ($resolved), $1$newline"
  summary="$summary${summary:+; }$name is $path, $1"
}

# Sets $start, where this list was noted before; $others, how many other lists there are; $changed, whether one of them was asked for since.
find_start() {
  start='' others=0 changed=no
  for noted in "$notes"/*; do
    [ -e "$noted" ] || continue
    read_list "$noted"
    if [ "$list" != "$asked" ]; then
      others=$((others + 1))
    elif [ -z "$start" ]; then
      start=$noted
    else
      # Two pods came at once, and each noted it.
      rm -f "$noted"
    fi
  done
  for noted in "$notes"/*; do
    # shellcheck disable=SC3013 # all shells that we run in have it
    [ "$noted" = "$start" ] || [ "$start" -nt "$noted" ] || changed=yes
  done
}

read_list() {
  list=''
  { IFS= read -r list <"$1"; } 2>/dev/null || true
}

# Over itself, which makes it new, and costs no process.
renew_start() {
  { printf '%s\n' "$asked" 1<>"$start"; } 2>/dev/null
}

# Whether there are more former lists than to keep, and not only for the time being: see program-roots.sh. After the start was noted.
is_forgetting_due() {
  [ "$others" -gt "$PROGRAMS_KEEP" ] || return 1
  kept_besides=''
  [ ! -e "$set/.due" ] || { IFS= read -r kept_besides <"$set/.due"; } 2>/dev/null || true
  # shellcheck disable=SC3013 # all shells that we run in have it
  [ "$kept_besides" != "$PROGRAMS_KEEP" ] || [ "$start" -nt "$set/.due" ]
}

# Whether all of them are there, and nothing is to be forgotten: then the pod has started with them, and $told and $summary say so. Otherwise
# bring-programs.sh has to run, also to say what is wrong.
# usage: all_are_there [NAME KEY KIND REFERENCE]...
all_are_there() {
  are_settings_plain && [ $(($# % 4)) = 0 ] && list_programs "$@" && command -v nix-store >/dev/null || return 1
  find_start
  [ -n "$start" ] && [ "$changed" = no ] && renew_start && ! is_forgetting_due || return 1
  # In this order: see program-roots.sh.
  [ ! -e "$set/.forgetting" ] && [ -e "$start" ] || return 1
  while [ $# -gt 0 ]; do
    name=$1 folder=$set/$1/$2
    read_kind "$3"
    is_there || return 1
    tell 'there already'
    shift 4
  done
}

# Whether nothing is to be said about them.
are_settings_plain() {
  is_name "$PROGRAMS_SET" || return 1
  case ${CARE_TIMEOUT:-}${CARE_LOCK_TTL:-}$PROGRAMS_KEEP$PROGRAMS_PROGRESS$PROGRAMS_GRACE in *[!0-9]*) return 1 ;; esac
  case $CARE_ON_FAILURE in fail | go-on) ;; *) return 1 ;; esac
  [ "$PROGRAMS_BUILD" = no ] && [ "$PROGRAMS_AHEAD" = no ]
}
