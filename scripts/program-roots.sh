#!/bin/sh
# shellcheck disable=SC2034,SC2154 # it shares its variables with who sources it
# Which programs of a workload stay rooted, and which are garbage from now on.
# Sourced by bring-programs.sh, which forgets what its own workload used to run, and collect-garbage.sh, which forgets workloads that are gone; the
# former has read program-starts.sh, too.
#
# The folder of a workload, gcroots/cdk8s-nix-programs/SET, holds the programs as NAME/KEY, and .starts/: a file for each list of programs that a pod
# has asked for, whose age is that of the last start with it. What a rollback asks for is such a list, so lists are kept or forgotten, and
# with them what no other list has: also the programs of containers that have another name now, or are gone.
#
# Whoever forgets makes the folder .forgetting first and looks at the ages then; whoever starts notes that first, and waits then while there is
# this folder. So either a start is seen, or it sees what is left.

# Notes that $asked was asked for; sets $start, and what find_start sets.
note_start() {
  patience=10
  while :; do
    [ -d "$starts" ] || mkdir -p "$starts" 2>/dev/null || mkdir -p "$starts" || die 13 "$starts cannot be made by user $(id -u), group $(id -g)"
    find_start
    if [ -n "$start" ]; then
      renew_start || [ ! -e "$start" ] || die 13 "$start cannot be written by user $(id -u), group $(id -g)"
    else
      start=$starts/$token
      echo "$asked" >"$start" || die 13 "$start cannot be written by user $(id -u), group $(id -g)"
    fi
    await_forgetting
    [ ! -e "$start" ] || break
  done
}

# It takes a moment, unless it was killed.
await_forgetting() {
  while [ -e "$set/.forgetting" ] && [ "$patience" -gt 0 ]; do
    patience=$((patience - 1))
    sleep 1
  done
  [ "$patience" -gt 0 ] || rmdir "$set/.forgetting" 2>/dev/null || true
}

# usage: hold_set SET     fails if somebody else forgets something there
hold_set() {
  mkdir "$1/.forgetting" 2>/dev/null || return 1
  held_set=$1
}

release_set() {
  rmdir "$held_set/.forgetting" 2>/dev/null || true
  held_set=
}

# What was asked for before, the latest first; what is in none of the lists to keep is garbage from now on. A list that never came whole
# is none of a rollback: it is not counted, and stays for a day, in case it is under way.
# usage: forget_former NUMBER-TO-KEEP
forget_former() {
  hold_set "$set" || return 0
  kept=0 keep=$asked
  # shellcheck disable=SC2012 # the names have no odd characters, and only ls sorts by time
  ls -t "$starts" >"$work/starts"
  while read -r former; do
    [ "$starts/$former" != "$start" ] || continue
    read_list "$starts/$former"
    if is_whole "$list"; then
      kept=$((kept + 1))
      if [ "$kept" -gt "$1" ]; then rm -f "$starts/$former"; else keep=$keep$list; fi
    elif older_than 86400 "$starts/$former"; then
      rm -f "$starts/$former"
    else
      keep=$keep$list
    fi
  done <"$work/starts"
  for folder in "$set"/*/*; do
    entry=${folder#"$set/"}
    case $entry in
      *.new.*) ! older_than 86400 "$folder" || rm -rf "$folder" ;;
      *) case $keep in *" $entry "*) ;; *) rm -rf "$folder" ;; esac ;;
    esac
  done
  rmdir "$set"/* 2>/dev/null || true
  release_set
}

# usage: is_whole LIST
is_whole() {
  for one in $1; do [ -r "$set/$one/brought" ] || return 1; done
  [ -n "$1" ]
}

# usage: forget_unused_sets SECONDS SET     those that no pod has started with for so long, but for one
forget_unused_sets() {
  for set in "$NIX_FOLDER"/var/nix/gcroots/cdk8s-nix-programs/*; do
    if [ ! -d "$set" ] || [ "${set##*/}" = "$2" ] || ! is_unused "$1" || ! hold_set "$set"; then continue; fi
    if is_unused "$1"; then
      printf '%s: no pod has run the programs of %s for long; they are rooted no more\n' "$program" "${set##*/}"
      rm -rf "$set/.starts" "${set:?}"/*
    fi
    release_set
    rmdir "$set" 2>/dev/null || true
  done
}

# usage: is_unused SECONDS
is_unused() {
  for sign in "$set"/.starts/* "$set"/*/*; do
    [ ! -e "$sign" ] || older_than "$1" "$sign" || return 1
  done
}
