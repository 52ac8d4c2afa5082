#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The copy: into a stage that belongs to the lock, several paths at a time, durable when it ends.
# Sourced by seed-nix-store.sh.

# All that is copied is gathered in $whole, which can become the store of an empty volume by one rename. What an interrupted seed of this very image
# left there whole and durable (the list of a batch with an .ok says so) need not be copied again. All else that dead ones left is removed.
adopt_stage() {
  stage=$mine/stage whole=$mine/stage/store
  set +f
  for old in "$ours"/dead.*/stage "$ours"/stage.*; do
    if [ ! -e "$stage" ] && [ -r "$old/image" ] && [ "$(cat "$old/image")" = "$image_id" ]; then mv -T "$old" "$stage" 2>/dev/null || true; fi
  done
  discard_leftovers
  { open_stage && echo "$image_id" >"$stage/image"; } 2>"$work/errors" || why_not_moved
  set --
  for list in "$stage"/*.ok; do
    [ ! -e "${list%.ok}" ] || set -- "$@" "${list%.ok}"
  done
  set -f
  : >"$work/kept"
  [ "$adopted" = yes ] || return 0
  ls -A "$whole" >"$work/staged"
  if [ $# -gt 0 ]; then keep_durable "$@"; fi
  comm -23 "$work/staged" "$work/kept" >"$work/unfinished"
  clear_from "$whole" unfinished
}

# Below a volume that belongs to an fsGroup every new folder inherits a bit that does not belong on store paths.
open_stage() {
  adopted=yes
  if [ ! -d "$stage" ]; then
    adopted=no
    mkdir "$stage" "$whole" || return 1
  elif [ ! -d "$whole" ]; then
    make_mine store && mv -T "$mine/store" "$whole" || return 1
  fi
  for folder in "$stage" "$whole"; do [ ! -g "$folder" ] || chmod g-s "$folder" || return 1; done
}

# usage: keep_durable LIST...
# What is not kept may be copied once more, and must not be taken for durable then: the old lists are gone for certain before that.
keep_durable() {
  cat "$@" | sort -u | comm -12 - "$work/staged" | comm -12 - "$work/missing" >"$work/kept"
  for list; do set -- "$@" "$list.ok"; done
  rm -f "$@"
  sync_or_die
  [ ! -s "$work/kept" ] || { cat "$work/kept" >"$stage/$token.$tries.kept" && true >"$stage/$token.$tries.kept.ok"; } 2>"$work/errors" || why_not_moved
}

discard_leftovers() {
  set +f
  for old in "$ours"/dead.* "$ours"/stage.* "$ours"/lock.* "$ours"/gone.*; do
    case $old in "$applicant") ;; *) [ ! -e "$old" ] || discard "$old" ;; esac
  done
}

# What belongs to a try that a garbage collector has undone. (Its batches have names of their own: a sync that is slow may still
# note that they are durable.)
forget_try() {
  [ -z "$asking" ] || wait "$asking" || true
  asking=
  dismiss_loader
  [ -z "$trusting" ] || { tell_of_registration no && await_trust; }
  set +f
  rm -rf "$work"/claim.* "$work"/done.* "$work"/batch.* "$work"/part.* "$work/load" "$work/loadable" "$work/missing-paths" "$work/reasons" \
    "$work/noted" "$work/ahead" "$work/examined" "$work/database-copied"
  set -f
}

copy() {
  [ "$fresh$tries" != no0 ] || examine_modes_beside
  [ "$granted" = yes ] || start_registering
  prepare_commit &
  helpers="$helpers $!" preparing=$!
  make_batches 2>"$work/copy-errors" || copy_failed
  clock
  t_copy=$time
  echo "$total_paths $total_bytes $t_copy" >"$work/total"
  phase copy
  [ "$FIRST_BATCH" -lt "$end_of_batches" ] || return 0
  start_flusher
  worker=0
  while [ "$worker" -lt "$SEED_JOBS" ] && [ $((FIRST_BATCH + worker)) -lt "$end_of_batches" ]; do
    copy_worker 2>>"$work/copy-errors" &
    workers="$workers $!"
    worker=$((worker + 1))
  done
  for pid in $workers; do wait "$pid" || : >"$work/failed"; done
  workers=
  [ -e "$work/failed" ] || finish_folders 2>>"$work/copy-errors"
  [ ! -e "$work/failed" ] || copy_failed
}

finish_folders() {
  while read -r number; do
    (cd "$SEED_SOURCE/store" && start_copy "$number" && wait "$copying") || : >"$work/failed"
    : >"$work/done.$number"
  done <"$work/frames"
}

# usage: start_copy NUMBER     in the background; $copying is what to stop: a tar that loses its reader stops too
# A large file goes to the disk at once: to be gathered in memory first takes most of the processor's time of such a copy, and begins late.
start_copy() {
  to=$whole
  read -r _ _ tool <"$work/batch.$1.size"
  case $tool in
    tar)
      part=$work/part.$1
      [ -e "$part" ] || part=/dev/null
      { "$tar" --numeric-owner -b 512 -T "$lists.$1" --null -T "$part" -cf - || : >"$work/failed"; } | "$tar" -b 512 -xpf - -C "$to" &
      ;;
    frame) { "$tar" --numeric-owner -b 512 --no-recursion --null -T "$work/part.$1" -cf - || : >"$work/failed"; } | "$tar" -b 512 -xpf - -C "$to" & ;;
    dd)
      read -r name <"$lists.$1"
      "$dd" if="$name" of="$to/$name" bs=4M iflag=nocache oflag=direct status=none 2>"$work/direct-errors.$1" &
      ;;
    *)
      # shellcheck disable=SC2046
      "$cp" -dR --preserve=mode,timestamps,links $(cat "$lists.$1") "$to/" &
      ;;
  esac
  copying=$!
}

# usage: finish_copy NUMBER     waits for it. Some file systems want all that is written gathered in memory.
finish_copy() {
  if [ "$tool" != dd ]; then
    wait "$copying"
  elif wait "$copying"; then
    "$cp" --attributes-only --preserve=mode,timestamps "$name" "$to/$name"
  else
    case $(cat "$work/direct-errors.$1") in *'No space left on device'* | *'quota exceeded'*) cat "$work/direct-errors.$1" >&2 && return 1 ;; esac
    rm -f "$to/$name"
    "$cp" -dR --preserve=mode,timestamps,links "$name" "$to/" &
    copying=$!
    wait "$copying"
  fi
}

# usage: claim NUMBER     a batch belongs to who creates its claim, for which no process is needed
claim() {
  set -C
  { true >"$work/claim.$1"; } 2>/dev/null && claimed=yes || claimed=no
  set +C
  [ "$claimed" = yes ] || { [ -e "$work/claim.$1" ] || exit 1; return 1; }
}

# Takes batches as long as there are any.
copy_worker() {
  trap - EXIT USR1
  # Set before the trap: the signal may come before the first copy.
  copying=
  trap '[ -z "$copying" ] || kill "$copying" 2>/dev/null; exit 1' TERM
  cd "$SEED_SOURCE/store" || exit 1
  number=$FIRST_BATCH
  while [ "$number" -lt "$end_of_batches" ] && [ ! -e "$work/failed" ]; do
    if [ ! -e "$work/claim.$number" ] && claim "$number"; then
      start_copy "$number"
      finish_copy "$number" || { : >"$work/failed" && exit 1; }
      [ ! -e "$work/failed" ] || exit 1
      : >"$work/done.$number"
    fi
    number=$((number + 1))
  done
}

# Has the volume written while the image is still being read, which would otherwise wait for the end, and notes which
# batches are durable.
start_flusher() {
  echo yes >"$work/flush"
  (
    trap - EXIT USR1
    while sleep 1 && [ -s "$work/flush" ]; do
      finished_batches
      sync_volume && mark_durable
    done
  ) 8>&- 9>&- &
  helpers="$helpers $!"
}

finished_batches() {
  finished='' number=$FIRST_BATCH
  while [ "$number" -lt "$end_of_batches" ]; do
    [ ! -e "$work/done.$number" ] || [ -e "$lists.$number.ok" ] || finished="$finished $number"
    number=$((number + 1))
  done
}

mark_durable() {
  # The stage may be gone already when a slow sync returns.
  for number in $finished; do { true >"$lists.$number.ok"; } 2>/dev/null || return 0; done
}

# The end of the copy: all batches are done, none may be lost to a crash any more.
make_durable() {
  phase sync
  t_sync=$time
  : >"$work/flush"
  finished_batches
  sync_or_die
  mark_durable
}

sync_volume() {
  sync_file_system "$volume" "$work/sync-errors"
}

sync_or_die() {
  patiently sync_volume || sync_failed
}

sync_failed() {
  blame_volume "$work/sync-errors"
  die 50 "writing to the volume failed: $(tail -n 1 "$work/sync-errors")"
}

# Runs a command so that a signal is noticed at once; a shell with a child in the foreground waits for its end first.
patiently() {
  "$@" &
  wait "$!"
}

copy_failed() {
  must_hold_lock
  blame_volume "$work/copy-errors"
  reason=$(head -n 1 "$work/copy-errors")
  die 50 "copying failed: ${reason:-a copy was killed}"
}

phase() {
  echo "$1" >"$work/phase"
  clock
}

# At each sign of life of the lock.
lock_beat() {
  read -r doing 2>/dev/null <"$work/phase" || return 0
  if [ "$doing" = copy ]; then
    report_copied
  else
    clock
    [ $(((time - t_start) / 100)) -lt "$SEED_PROGRESS" ] || say progress "$doing, $(((time - t_start) / 100)) s since the start" "phase=$doing"
  fi
}

report_copied() {
  read -r total_paths total_bytes t_copy 2>/dev/null <"$work/total" || return 0
  copied_paths=0 copied_bytes=0 number=$FIRST_BATCH
  while [ -e "$work/batch.$number.size" ]; do
    if [ -e "$work/done.$number" ]; then
      read -r paths bytes _ <"$work/batch.$number.size"
      copied_paths=$((copied_paths + paths)) copied_bytes=$((copied_bytes + bytes))
    fi
    number=$((number + 1))
  done
  clock
  [ $(((time - t_copy) / 100)) -ge "$SEED_PROGRESS" ] || return 0
  eta=unknown
  [ "$copied_bytes" = 0 ] || eta=$(((time - t_copy) * (total_bytes - copied_bytes) / copied_bytes / 100))
  say progress "$copied_paths of $total_paths paths, $((copied_bytes / 1048576)) of $((total_bytes / 1048576)) MiB, \
$((copied_bytes * 100 / (total_bytes + 1))) %, about $eta s left" "paths=$copied_paths" "bytes=$copied_bytes" "eta=$eta"
}
