#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The copy: into a stage beside the store, several paths at a time, durable when it ends.
# Sourced by seed-nix-store.sh.
#
# Removes a folder of ours with the read-only trees in it.
discard() {
  [ -d "$1" ] || return 0
  # Those of a former user can be removed by the group, but their mode cannot be changed.
  chmod -R u+w "$1" 2>/dev/null || true
  rm -rf "$1"
}

# What an interrupted seed of this very image left behind whole and durable (its .ok says so) need not be copied again.
adopt_stage() {
  stage=$ours/stage.$token
  set +f
  for old in "$ours"/stage.*; do
    if [ ! -e "$stage" ] && [ -r "$old/image" ] && [ "$(cat "$old/image")" = "$image_id" ]; then
      mv "$old" "$stage"
    else
      discard "$old"
    fi
  done
  mkdir -p "$stage"
  # Below a volume that belongs to an fsGroup every new folder inherits this bit, which does not belong on store paths.
  chmod g-s "$stage"
  echo "$image_id" >"$stage/image"
  for old in "$stage"/*/; do
    old=${old%/}
    if [ ! -e "$old.ok" ]; then
      discard "$old"
      continue
    fi
    # Nothing is left in it if the seeder died after moving it into the store.
    for kept in "$old"/*; do
      [ ! -e "$kept" ] && [ ! -L "$kept" ] || echo "${kept#"$stage/"}"
    done
  done >"$work/staged"
  set -f
  # Somebody may have brought one of them meanwhile.
  while IFS=/ read -r batch name; do printf '%s\t%s\n' "$name" "$batch/$name"; done <"$work/staged" | sort |
    join -t "$TAB" - "$work/missing" >"$work/adopted"
  cut -f 1 "$work/adopted" >"$work/kept"
  cut -f 2 "$work/adopted" >"$work/kept.placing"
}

# Cuts the names, largest first, into batches for one cp each: big enough to spare processes, small enough to share out.
make_batches() {
  target=$((total_bytes / (SEED_JOBS * 6) + 1))
  [ "$target" -le 67108864 ] || target=67108864
  [ "$target" -ge 1048576 ] || target=1048576
  batches=0 batch_bytes=0 batch_paths=0
  while read -r bytes name; do
    if [ "$batch_paths" -gt 0 ] && { [ $((batch_bytes + bytes)) -gt "$target" ] || [ "$batch_paths" -ge 100 ]; }; then
      end_batch
    fi
    echo "$name" >>"$work/batch.$batches"
    batch_bytes=$((batch_bytes + bytes)) batch_paths=$((batch_paths + 1))
  done <"$work/sizes"
  [ "$batch_paths" = 0 ] || end_batch
}

end_batch() {
  echo "$batch_paths $batch_bytes" >"$work/batch.$batches.size"
  mkdir "$stage/$token.$batches"
  batches=$((batches + 1)) batch_bytes=0 batch_paths=0
}

copy() {
  make_batches
  clock
  t_copy=$time
  echo "$total_paths $total_bytes $t_copy" >"$work/total"
  phase copy
  [ "$batches" -gt 0 ] || return 0
  choose_copier
  start_flusher
  worker=0
  while [ "$worker" -lt "$copiers" ] && [ "$worker" -lt "$batches" ]; do
    copy_worker 2>>"$work/copy-errors" &
    workers="$workers $!"
    worker=$((worker + 1))
  done
  for pid in $workers; do wait "$pid" || : >"$work/failed"; done
  workers=
  [ ! -e "$work/failed" ] || copy_failed
}

# Two tars and a pipe ask less of the kernel for each file than cp does, a fifth to a quarter of all time. They are two
# processes, so there are fewer of them; where there is no GNU tar, cp does it.
choose_copier() {
  cp=$(program cp)
  copiers=$SEED_JOBS
  tar=$(command -v tar) || tar=
  case $("$tar" --version 2>/dev/null) in
    *'GNU tar'*) copiers=$(((SEED_JOBS * 3 + 3) / 4)) ;;
    *) tar= ;;
  esac
}

# usage: start_copy FOLDER NAME...     in the background; $copying is what to stop: a tar that loses its reader stops too
start_copy() {
  to=$1
  shift
  if [ -n "$tar" ]; then
    { "$tar" -b 128 -cf - "$@" || : >"$work/failed"; } | "$tar" -b 128 -xpf - -C "$to" &
  else
    "$cp" -dR --preserve=mode,timestamps,links "$@" "$to/" &
  fi
  copying=$!
}

# Takes batches as long as there are any; a batch belongs to who creates its claim.
copy_worker() {
  trap - EXIT
  # Set before the trap: the signal may come before the first copy.
  copying=
  trap '[ -z "$copying" ] || kill "$copying" 2>/dev/null; exit 1' TERM
  cd "$SEED_SOURCE/store" || exit 1
  number=0
  while [ "$number" -lt "$batches" ] && [ ! -e "$work/failed" ]; do
    if (set -C && : >"$work/claim.$number") 2>/dev/null; then
      # shellcheck disable=SC2046
      start_copy "$stage/$token.$number" $(cat "$work/batch.$number")
      wait "$copying" || { : >"$work/failed" && exit 1; }
      [ ! -e "$work/failed" ] || exit 1
      : >"$work/done.$number"
    fi
    number=$((number + 1))
  done
}

# Has the volume written while the image is still being read, which would otherwise wait for the end, and notes which
# batches are durable.
start_flusher() {
  : >"$work/flush"
  (
    trap - EXIT
    while sleep 1 && [ -e "$work/flush" ]; do
      finished_batches
      sync_volume && mark_durable
    done
  ) 8>&- 9>&- &
}

finished_batches() {
  finished='' number=0
  while [ "$number" -lt "$batches" ]; do
    [ ! -e "$work/done.$number" ] || [ -e "$stage/$token.$number.ok" ] || finished="$finished $number"
    number=$((number + 1))
  done
}

mark_durable() {
  # The stage may be gone already when a slow sync returns.
  for number in $finished; do { true >"$stage/$token.$number.ok"; } 2>/dev/null || return 0; done
}

# The end of the copy: all batches are done, none may be lost to a crash any more.
make_durable() {
  phase sync
  t_sync=$time
  rm -f "$work/flush"
  finished_batches
  patiently sync_volume || die 50 "writing to the volume failed: $(tail -n 1 "$work/sync-errors")"
  mark_durable
}

sync_volume() {
  sync -f "$volume" 2>"$work/sync-errors" && return
  case $(cat "$work/sync-errors") in
    *option*) sync ;;
    *) return 1 ;;
  esac
}

# Runs a command so that a signal is noticed at once; a shell with a child in the foreground waits for its end first.
patiently() {
  "$@" &
  wait "$!"
}

copy_failed() {
  reason=$(head -n 1 "$work/copy-errors")
  case $(head -n 50 "$work/copy-errors") in
    *'No space left on device'* | *'quota exceeded'* | *'Wrote only'*) out_of_space ;;
    *'Read-only file system'*) die 12 "the volume at $SEED_VOLUME turned read-only: $reason" ;;
    *) die 50 "copying failed: ${reason:-a copy was killed}" ;;
  esac
}

out_of_space() {
  measure_volume
  [ "$free_inodes" != 0 ] || die 31 'the volume ran out of inodes'
  die 30 "the volume ran out of space: $((${total_bytes:-0} / 1048576)) MiB to bring"
}

phase() {
  echo "$1" >"$work/phase"
  clock
}

report_progress() {
  read -r doing 2>/dev/null <"$work/phase" || return 0
  if [ "$doing" = copy ]; then
    report_copied
  else
    clock
    say progress "$doing, $(((time - t_start) / 100)) s since the start" "phase=$doing"
  fi
}

report_copied() {
  read -r total_paths total_bytes t_copy 2>/dev/null <"$work/total" || return 0
  copied_paths=0 copied_bytes=0 number=0
  while [ -e "$work/batch.$number.size" ]; do
    if [ -e "$work/done.$number" ]; then
      read -r paths bytes <"$work/batch.$number.size"
      copied_paths=$((copied_paths + paths)) copied_bytes=$((copied_bytes + bytes))
    fi
    number=$((number + 1))
  done
  clock
  eta=unknown
  [ "$copied_bytes" = 0 ] || eta=$(((time - t_copy) * (total_bytes - copied_bytes) / copied_bytes / 100))
  say progress "$copied_paths of $total_paths paths, $((copied_bytes / 1048576)) of $((total_bytes / 1048576)) MiB, \
$((copied_bytes * 100 / (total_bytes + 1))) %, about $eta s left" "paths=$copied_paths" "bytes=$copied_bytes" "eta=$eta"
}
