#!/bin/sh
# shellcheck disable=SC2034,SC2154 # it shares its variables with who sources it
# Which programs of a workload stay rooted, and which are garbage from now on.
# Sourced by bring-programs.sh, which forgets what its own workload used to run, and collect-garbage.sh, which forgets workloads that are gone; the
# former has read program-starts.sh, too.
#
# The folder of a workload, gcroots/cdk8s-nix-programs/SET, holds the programs as NAME/KEY, and .starts/: a file for each list of programs that a pod
# has asked for, whose age is that of the last start with it. What a rollback asks for is such a list, so lists are kept or forgotten, and
# with them what no other list has: also the programs of containers that have another name now, or are gone. What a prefetch brought is noted in
# .ahead/ instead, until a pod starts with it: it is bounded by itself, and takes the place of nothing that a pod has started with.
#
# Nothing on the volume tells whether the containers of a list ever became ready, and so whether those of an earlier one still run: a rollout that is
# stuck leaves them. So a former list stays, however many others came, for as long after the next one was asked for as it had been the latest, a day
# (PROGRAMS_GRACE) at least and thirty at most. .due has the age of the moment when the first of those may go, and holds how many are kept otherwise.
#
# Whoever forgets makes the folder .forgetting first and looks at the ages then; whoever starts notes that first, and waits then while there is
# this folder. So either a start is seen, or it sees what is left.

MOST_GRACE=2592000

# Notes that $asked was asked for; sets $start, and what find_start sets.
note_start() {
  patience=10
  while :; do
    [ -d "$notes" ] || mkdir -p "$notes" 2>/dev/null || mkdir -p "$notes" || die 13 "$notes cannot be made by user $(id -u), group $(id -g)"
    find_start
    if [ -n "$start" ]; then
      renew_start || [ ! -e "$start" ] || die 13 "$start cannot be written by user $(id -u), group $(id -g)"
    else
      start=$notes/$token
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

# What is in none of the lists to keep is garbage from now on. A prefetch forgets none that a pod has started with.
# usage: forget_former NUMBER-TO-KEEP
forget_former() {
  hold_set "$set" || return 0
  keep=$asked
  if [ "$PROGRAMS_AHEAD" = yes ]; then keep_all_started; else keep_started "$1"; fi
  keep_ahead "$1"
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

# What pods started with before, the latest first. A list that never came whole is none of a rollback: it is not counted, and stays for a day, in
# case it is under way.
# usage: keep_started NUMBER-TO-KEEP
keep_started() {
  kept=0 due='' there=$(stat -c %Y "$start")
  next=$there
  list_latest "$starts"
  for former in $latest; do
    [ "$starts/$former" != "$start" ] || continue
    read_list "$starts/$former"
    if is_whole "$list"; then
      kept=$((kept + 1)) age=$(stat -c %Y "$starts/$former" || echo "$next")
      if [ "$kept" -le "$1" ] || { [ "$1" -gt 0 ] && may_still_run; }; then keep=$keep$list; else rm -f "$starts/$former"; fi
      next=$age
    else
      keep_for_a_day "$starts/$former"
    fi
  done
  rm -f "$set/.due"
  [ -z "$due" ] || { echo "$1" >"$set/.due" && touch -d "@$due" "$set/.due"; } || rm -f "$set/.due"
}

# Of a list of this $age that another one followed at $next; sets $due to when that ends, if no other one ends before.
may_still_run() {
  [ "$PROGRAMS_GRACE" -gt 0 ] || return 1
  grace=$((next - age))
  [ "$grace" -ge "$PROGRAMS_GRACE" ] || grace=$PROGRAMS_GRACE
  [ "$grace" -le "$MOST_GRACE" ] || grace=$MOST_GRACE
  ends=$((next + grace))
  [ "$there" -le "$ends" ] || return 1
  if [ -z "$due" ] || [ "$due" -gt "$ends" ]; then due=$ends; fi
}

# The latest of them runs, and others may.
keep_all_started() {
  for former in "$starts"/*; do
    read_list "$former"
    keep=$keep$list
  done
}

# What was brought ahead and nobody started with, as many of them as former ones, but one at least.
# usage: keep_ahead NUMBER-TO-KEEP
keep_ahead() {
  kept=0 most=$1
  [ "$most" -gt 0 ] || most=1
  list_latest "$prefetched"
  for former in $latest; do
    read_list "$prefetched/$former"
    if [ "$PROGRAMS_AHEAD" = no ] && [ "$list" = "$asked" ]; then
      rm -f "$prefetched/$former"
    elif is_whole "$list"; then
      kept=$((kept + 1))
      if [ "$kept" -le "$most" ]; then keep=$keep$list; else rm -f "$prefetched/$former"; fi
    else
      keep_for_a_day "$prefetched/$former"
    fi
  done
}

# usage: keep_for_a_day FILE      with its $list
keep_for_a_day() {
  if older_than 86400 "$1"; then rm -f "$1"; else keep=$keep$list; fi
}

# usage: list_latest FOLDER      sets $latest to its files, the latest first. (Not in a file: where a full disk cut that short, roots would go.)
list_latest() {
  # shellcheck disable=SC2012 # the names have no odd characters, and only ls sorts by time
  latest=$(ls -t "$1" 2>/dev/null) || latest=''
}

# usage: is_whole LIST
is_whole() {
  for one in $1; do [ -s "$set/$one/brought" ] || return 1; done
  [ -n "$1" ]
}

# usage: forget_unused_sets SECONDS SET     those that no pod has started with for so long, but for one
forget_unused_sets() {
  for set in "$NIX_FOLDER"/var/nix/gcroots/cdk8s-nix-programs/*; do
    if [ ! -d "$set" ] || [ "${set##*/}" = "$2" ] || ! is_unused "$1" || ! hold_set "$set"; then continue; fi
    if is_unused "$1"; then
      printf '%s: no pod has run the programs of %s for long; they are rooted no more\n' "$program" "${set##*/}"
      rm -rf "$set/.starts" "$set/.ahead" "$set/.due" "${set:?}"/*
    fi
    release_set
    rmdir "$set" 2>/dev/null || true
  done
}

# usage: is_unused SECONDS
is_unused() {
  for sign in "$set"/.starts/* "$set"/.ahead/* "$set"/*/*; do
    [ ! -e "$sign" ] || older_than "$1" "$sign" || return 1
  done
}
