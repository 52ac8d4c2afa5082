#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What has to be copied, dealt out into batches for several jobs.
# Sourced by seed-nix-store.sh.

# Paths of this many bytes are copied one by one, folders by cp, files by dd: tar moves each byte twice more.
LARGE=33554432

# Folders of this many bytes are divided if they are more than one job's share: the last job would be at work on one when all others are done.
DIVISIBLE=8388608

# Batches are numbered from here on, so that their numbers have as many digits as split gives them.
FIRST_BATCH=100000

# Cuts the list, largest first, into batches: a large path is one by itself, and the others are dealt out evenly, so that
# what is left at the end is small. Hardly more of them than jobs, to spare processes, but none with which too much would be lost.
make_batches() {
  lists=$stage/$token.$tries
  end_of_batches=$FIRST_BATCH large_bytes=0
  handled=0 handled_bytes=0 unhandled=0
  : >"$work/small"
  : >"$work/frames"
  sum_large_files
  while read -r bytes name && [ "$bytes" -ge "$DIVISIBLE" ]; do
    entry=$SEED_SOURCE/store/$name is_folder=no
    [ ! -d "$entry" ] || [ -L "$entry" ] || is_folder=yes
    if [ "$is_folder$small_tool" = yestar ] && [ $((bytes * SEED_JOBS)) -gt $((total_bytes - large_bytes)) ]; then
      divide_folder || return 1
    elif [ "$bytes" -ge "$LARGE" ]; then
      large_tool='cp'
      [ "$is_folder" = yes ] || [ ! -f "$entry" ] || [ -L "$entry" ] || large_tool='dd'
      echo "$name" >"$lists.$end_of_batches"
      echo "1 $bytes $large_tool" >"$work/batch.$end_of_batches.size"
      end_of_batches=$((end_of_batches + 1))
    else
      echo "$name" >>"$work/small"
      unhandled=$((unhandled + 1))
      continue
    fi
    handled=$((handled + 1)) handled_bytes=$((handled_bytes + bytes))
  done <"$work/to-copy"
  small_paths=$((total_paths - handled)) small_bytes=$((total_bytes - handled_bytes))
  [ "$small_paths" -gt 0 ] || return 0
  shares=$((small_paths / 20 + small_bytes / 4194304 + 1))
  most=$SEED_JOBS
  [ "$most" -ge 4 ] || most=4
  [ "$shares" -le "$most" ] || shares=$most
  [ "$shares" -ge $((small_paths / 500 + 1)) ] || shares=$((small_paths / 500 + 1))
  [ "$shares" -ge $((small_bytes / 67108864 + 1)) ] || shares=$((small_bytes / 67108864 + 1))
  [ "$shares" -le $(((small_paths + 3) / 4)) ] || shares=$(((small_paths + 3) / 4))
  { cat "$work/small" && tail -n +$((handled + unhandled + 1)) "$work/to-copy" | cut -f 2; } |
    "$split" -n "r/$shares" -a 6 --numeric-suffixes="$end_of_batches" - "$lists." || return 1
  number=$end_of_batches end_of_batches=$((end_of_batches + shares))
  while [ "$number" -lt "$end_of_batches" ]; do
    echo "$((small_paths / shares)) $((small_bytes / shares)) $small_tool" >"$work/batch.$number.size"
    number=$((number + 1))
  done
}

sum_large_files() {
  while read -r bytes name && [ "$bytes" -ge "$LARGE" ]; do
    [ -d "$SEED_SOURCE/store/$name" ] || large_bytes=$((large_bytes + bytes))
  done <"$work/to-copy"
}

# One batch for each job, of what is in the folder, and one for the folder itself, which comes when they are done and makes it what it should be.
divide_folder() {
  : >"$work/entries"
  : >"$work/frame"
  (cd "$SEED_SOURCE/store" && set +f && list_entries "$name") || return 1
  "$split" -t '\0' -n "r/$SEED_JOBS" -a 6 --numeric-suffixes="$end_of_batches" "$work/entries" "$work/part." || return 1
  number=$end_of_batches end_of_batches=$((end_of_batches + SEED_JOBS))
  while [ "$number" -lt "$end_of_batches" ]; do
    echo "0 $((bytes / SEED_JOBS)) part" >"$work/batch.$number.size"
    number=$((number + 1))
  done
  mv "$work/frame" "$work/part.$number"
  echo "$name" >"$lists.$number"
  echo "1 0 frame" >"$work/batch.$number.size"
  echo "$number" >>"$work/frames"
  : >"$work/claim.$number"
  end_of_batches=$((end_of_batches + 1))
}

# usage: list_entries NAME     what is in a folder, some levels down if it takes that to have enough of it; names may have line feeds in them
list_entries() {
  level=0 deeper=yes
  while [ "$deeper" = yes ] && [ "$level" -lt 4 ] && [ $# -lt $((SEED_JOBS * 4)) ]; do
    level=$((level + 1)) deeper=no count=$#
    for entry; do
      if [ -d "$entry" ] && [ ! -L "$entry" ]; then
        deeper=yes
        printf '%s\0' "$entry" >>"$work/frame"
        mkdir "$whole/$entry" || return 1
        set -- "$@" "$entry"/* "$entry"/.[!.]* "$entry"/..?*
      else
        set -- "$@" "$entry"
      fi
    done
    shift "$count"
  done
  for entry; do
    # A pattern that matched nothing is still there.
    if [ -e "$entry" ] || [ -L "$entry" ]; then printf '%s\0' "$entry"; fi
  done >>"$work/entries"
}

# Two tars and a pipe ask less of the kernel for each small file than cp does, a fifth to a quarter of all time; where there
# is no GNU tar, cp does it. Prints which, and where tar is.
choose_copier() {
  trap - EXIT USR1 TERM INT HUP
  tar=$(command -v tar) || tar=
  small_tool='cp'
  case $tar in ?*) case $("$tar" --version 2>/dev/null) in *'GNU tar'*) small_tool=tar ;; esac ;; esac
  echo "$small_tool $tar"
}
