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
  handled=0 handled_bytes=0 unhandled=0 divided_bytes=0
  : >"$work/small"
  : >"$work/frames"
  : >"$work/entries"
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
  [ "$small_paths" -gt 0 ] || [ -s "$work/entries" ] || return 0
  count_shares
  deal_out || return 1
  [ ! -s "$work/entries" ] || "$split" -t '\0' -n "r/$shares" -a 6 --numeric-suffixes="$end_of_batches" "$work/entries" "$work/part." || return 1
  number=$end_of_batches end_of_batches=$((end_of_batches + shares))
  while [ "$number" -lt "$end_of_batches" ]; do
    echo "$((small_paths / shares)) $(((small_bytes + divided_bytes) / shares)) $small_tool" >"$work/batch.$number.size"
    number=$((number + 1))
  done
}

# Few are dealt out in less time than it takes to start a program for it.
deal_out() {
  if [ -z "$few_names" ]; then
    list_small | "$split" -n "r/$shares" -a 6 --numeric-suffixes="$end_of_batches" - "$lists."
    return $?
  fi
  share=0
  while [ "$share" -lt "$shares" ]; do eval "share_$share=''" && share=$((share + 1)); done
  # Where nothing is large, and nothing there already, by turns a number of bytes and a name are what was looked at.
  [ "$glanced$handled$unhandled" = yes00 ] || sizes=$(list_small)
  for name in $sizes; do
    case $name in *[!0-9]*) ;; *) continue ;; esac
    share=$(((share + 1) % shares))
    eval "share_$share=\$share_$share\$name\$LF"
  done
  share=0
  while [ "$share" -lt "$shares" ]; do
    eval "printf %s \"\$share_$share\"" >"$lists.$((end_of_batches + share))" || return 1
    share=$((share + 1))
  done
}

count_shares() {
  shares=$((small_paths / 20 + small_bytes / 4194304 + 1))
  most=$SEED_JOBS
  [ "$most" -ge 4 ] || most=4
  [ "$shares" -le "$most" ] || shares=$most
  [ "$shares" -ge $((small_paths / 1000 + 1)) ] || shares=$((small_paths / 1000 + 1))
  [ "$shares" -ge $((small_bytes / 67108864 + 1)) ] || shares=$((small_bytes / 67108864 + 1))
  [ "$shares" -le $(((small_paths + 3) / 4)) ] || shares=$(((small_paths + 3) / 4))
  [ ! -s "$work/entries" ] || [ "$shares" -ge "$SEED_JOBS" ] || shares=$SEED_JOBS
}

# Most often nothing is large.
list_small() {
  if [ $((handled + unhandled)) = 0 ]; then
    cut -f 2 "$work/to-copy"
  else
    cat "$work/small" && tail -n +$((handled + unhandled + 1)) "$work/to-copy" | cut -f 2
  fi
}

sum_large_files() {
  while read -r bytes name && [ "$bytes" -ge "$LARGE" ]; do
    [ -d "$SEED_SOURCE/store/$name" ] || large_bytes=$((large_bytes + bytes))
  done <"$work/to-copy"
}

# What is in the folder is dealt out too. The folder itself is a batch that comes when all is done, and makes it what it should be.
divide_folder() {
  : >"$work/part.$end_of_batches"
  (cd "$SEED_SOURCE/store" && set +f && list_entries "$name") || return 1
  divided_bytes=$((divided_bytes + bytes))
  echo "$name" >"$lists.$end_of_batches"
  echo "1 0 frame" >"$work/batch.$end_of_batches.size"
  echo "$end_of_batches" >>"$work/frames"
  : >"$work/claim.$end_of_batches"
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
        printf '%s\0' "$entry" >>"$work/part.$end_of_batches"
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
  tar=$(command -v tar) || tar=
  small_tool='cp'
  case $tar in ?*) case $("$tar" --version 2>/dev/null) in *'GNU tar'*) small_tool=tar ;; esac ;; esac
  echo "$small_tool $tar"
}
