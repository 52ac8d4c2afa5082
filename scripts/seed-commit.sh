#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# From the stage into the store, the roots and the marker. Each change is a rename out of the holder's folder
# or into it, which fails once the lock is lost: see store-lock.sh.
# Sourced by seed-nix-store.sh.

# In the background, while the copy waits for disks: what the commit will need.
prepare_commit() {
  trap - EXIT TERM USR1
  prepare_roots && list_profiles || exit 1
  if [ "$fresh" = yes ]; then prepare_database || true; else note_unsigned 2>/dev/null || true; fi
}

# One link per path that no other path of the image refers to; where nobody has recorded which these are, per path. Those that are there already, of the
# image before this one, serve this one too.
prepare_roots() {
  make_mine roots 2>"$work/root-errors" || return 1
  if [ -n "$described" ]; then cat "$described/roots"; else cat "$work/names"; fi >"$work/roots"
  ls -A "$roots" 2>/dev/null >"$work/rooted" || true
  comm -23 "$work/roots" "$work/rooted" >"$work/to-root"
  as_paths "$work/to-root" >"$work/root-paths"
  in_chunks "$work/root-paths" link_into "$mine/roots" 2>"$work/root-errors" && comm -23 "$work/rooted" "$work/roots" >"$work/unrooted"
}

await_preparation() {
  wait "$preparing" || why_unprepared
}

# usage: link_into FOLDER PATH...
link_into() {
  into=$1
  shift
  ln -sf "$@" "$into/"
}

# --- files ---------------------------------------------------------------------------------------------------------

# Nothing keeps others from building or fetching, during the copy, a path that is being brought. It is theirs then. (Who makes one has its lock first.)
is_still_missing() {
  [ "$fresh" = no ] && [ "$tries" -lt 6 ] && [ -s "$work/missing" ] || return 0
  why_again='somebody has brought some of the paths meanwhile'
  if being_made "$work/missing"; then
    outlast_makers
    return 1
  fi
  with_missing list_those_in "$volume/store" >"$work/come"
  [ ! -s "$work/come" ] || [ -z "$(comm -23 "$work/come" "$work/damaged")" ]
}

# usage: list_those_in FOLDER NAME...
list_those_in() {
  folder=$1
  shift
  for name; do
    if [ -e "$folder/$name" ] || [ -L "$folder/$name" ]; then printf '%s\n' "$name"; fi
  done
}

# Moves what is complete to its final name. From here on until Nix knows of them, a failure takes them back.
place() {
  phase register
  t_register=$time
  placed=yes
  {
    make_nix_folders &&
      { [ ! -s "$work/damaged" ] || { make_mine replaced && move_away "$volume/store" "$work/damaged" "$mine/replaced"; }; } &&
      { place_whole || place_each; }
  } 2>"$work/errors" || why_not_moved
}

make_nix_folders() {
  for folder in db gcroots/cdk8s-nix profiles/per-user; do [ -d "$volume/var/nix/$folder" ] || mkdir -p "$volume/var/nix/$folder" || return 1; done
}

# What an empty volume gets takes the place of its empty store. Where a file system does not let it, or the store is not empty, nothing has happened.
place_whole() {
  [ "$fresh" = yes ] || return 1
  # As it would be, had it been made there.
  if [ -g "$volume" ]; then chmod g+s "$whole" || return 1; fi
  mv -T "$whole" "$volume/store" 2>/dev/null
}

place_each() {
  { [ ! -g "$whole" ] || chmod g-s "$whole"; } && (cd "$whole" && with_missing move_to "$volume/store")
}

# usage: move_to FOLDER NAME...
# Folders in a store are read-only, and renaming one to another parent rewrites its "..", so each is made writable for that
# moment.
move_to() {
  to=$1
  shift
  folders='' moved=''
  for item in "$@"; do
    if [ -d "$item" ] && [ ! -L "$item" ]; then folders="$folders $item" moved="$moved $to/${item##*/}"; fi
  done
  # shellcheck disable=SC2086
  [ -z "$folders" ] || chmod u+w $folders || return 1
  # shellcheck disable=SC2086
  mv -f -- "$@" "$to/" || { chmod u-w $folders $moved 2>/dev/null || true; return 1; }
  # shellcheck disable=SC2086
  [ -z "$moved" ] || chmod u-w $moved
}

# usage: move_away FOLDER LIST TARGET     what others have removed meanwhile, as a collector may, is gone as well
move_away() {
  cat "$2" >"$2.left"
  until (cd "$1" && in_chunks "$2.left" move_to "$3"); do
    in_chunks "$2.left" list_those_in "$1" >"$2.still"
    [ -n "$(comm -23 "$2.left" "$2.still")" ] || return 1
    mv "$2.still" "$2.left"
  done
}

why_not_moved() {
  must_hold_lock
  blame_volume "$work/errors"
  die 50 "cannot move paths in the store: $(head -n 1 "$work/errors")"
}

# Where collectors are held off, that can be looked at while Nix registers.
look_for_vanished() {
  looking=
  [ "$guarded" = yes ] && [ "$fresh" = no ] || return 0
  (trap - EXIT USR1 TERM INT HUP && exec 7>/dev/null && SEED_TERMINATION_LOG=/dev/null && list_vanished) &
  helpers="$helpers $!" looking=$!
}

list_vanished() {
  list_store
  comm -23 "$work/names" "$work/there" >"$work/vanished"
}

# Names of the image that are not there any more: a collector that began before we did takes what it finds without a root. One that was killed in the midst of it
# has left a part of what Nix does not know any more.
find_vanished() {
  { [ -n "$looking" ] && wait "$looking"; } || list_vanished
  [ "$guarded" = no ] && [ "$fresh" = no ] && [ ! -s "$work/vanished" ] || return 0
  list_invalid "$work/names" "$work/vanished" || volume_unreadable
}

# --- roots ---------------------------------------------------------------------------------------------------------

# What was prepared has to be durable as well, before anything is registered.
root_image() {
  sync_volume &
  syncing=$!
  helpers="$helpers $syncing"
  if [ -s "$work/rooted" ]; then
    (cd "$mine/roots" && in_chunks "$work/to-root" move_to "$roots")
  else
    rmdir "$roots" 2>/dev/null || true
    mv -T "$mine/roots" "$roots"
  fi 2>"$work/errors" || why_not_moved
  wait "$syncing" || sync_failed
}

why_unprepared() {
  must_hold_lock
  blame_volume "$work/root-errors"
  die 50 "cannot make roots: $(head -n 1 "$work/root-errors")"
}

# In the background, while the profiles are switched: roots that are not this image's. (An earlier version of this script made a folder for each image.)
forget_other_images() {
  trap - EXIT USR1 TERM INT HUP
  (cd "$roots" && in_chunks "$work/unrooted" move_to "$mine/forgotten") || exit 1
  set +f
  for other in "${roots%/*}"/*; do
    [ "$other" = "$roots" ] || [ ! -e "$other" ] || mv -T "$other" "$mine/forgotten.${other##*/}" || exit 1
  done
}

await_forgetting() {
  ! wait "$forgetting" || return 0
  cat "$work/forget-errors" >"$work/errors"
  why_not_moved
}

# --- garbage collectors --------------------------------------------------------------------------------------------

# Nix's garbage collector removes what is not registered yet. Where flock works it waits for us, and we for it.
hold_off_garbage_collector() {
  guarded=no
  command -v flock >/dev/null 2>&1 || return 0
  { { [ -d "$volume/var/nix" ] || mkdir -p "$volume/var/nix"; } && true >>"$volume/var/nix/gc.lock"; } 2>/dev/null || return 0
  exec 8>>"$volume/var/nix/gc.lock"
  lock_waits_since
  while :; do
    held=0
    flock -s -n 8 2>"$work/errors" || held=$?
    [ "$held" != 0 ] || break
    [ "$held" = 1 ] && [ ! -s "$work/errors" ] || return 0
    lock_waits 'for a garbage collector on the volume' "$volume/var/nix/gc.lock"
  done
  guarded=yes
}

# Elsewhere one may have begun before our roots were there. To ask Nix for no more than the roots takes Nix's own lock, so it
# waits for the end of that one; the next one finds the roots. Then nothing that is there can go any more.
# Asked of an empty store that has that lock in common with the volume: Nix forgets roots that lead to where nothing is, and
# homes are not mounted here.
outlast_garbage_collector() {
  [ "$guarded" = no ] && [ "$fresh" = no ] || return 0
  require_nix
  barrier=$work/barrier
  for folder in "$barrier" "$barrier/store"; do [ -d "$folder" ] || mkdir "$folder"; done
  { true >>"$volume/var/nix/gc.lock"; } 2>"$work/errors" || why_not_moved
  ln -sf "$volume/var/nix/gc.lock" "$barrier/gc.lock"
  patiently "$nix" --option gc-reserved-space 0 --store "local?state=$barrier&real=$barrier/store&log=$barrier" --gc --print-dead >/dev/null 2>"$work/errors" ||
    volume_unreadable
}

# For what comes after the registration, while Nix is still being asked.
make_ready() {
  make_mine forgotten generations 2>"$work/errors" || why_not_moved
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  note_names
}

# --- marker --------------------------------------------------------------------------------------------------------

# From here on the volume is not what the marker says.
withdraw_marker() {
  [ ! -e "$ours/seed" ] || mv -T "$ours/seed" "$mine/former-seed" 2>"$work/errors" || why_not_moved
}

# The line of the history stands before the marker, after which nobody would add it: a seed that is killed between the two, and so
# starts again, stands there twice. The note need not be durable.
write_marker() {
  (trap - EXIT USR1 TERM INT HUP && note_sum && forget_unsigned 2>/dev/null) &
  noting=$!
  helpers="$helpers $noting"
  {
    printf 'protocol=%s\nid=%s\nimage=%s\nsystem=%s\ntime=%s\npaths=%s\nbytes=%s\nnix=%s\n' "$PROTOCOL" "$image_id" "$SEED_IMAGE" "$system" "$now" \
      "$total_paths" "$total_bytes" "$image_nix" >"$mine/seed" &&
      sync_volume && { [ ! -e "$ours/repair" ] || mv -f "$ours/repair" "$mine/repaired"; } && [ -e "$mine/seed" ] &&
      printf '%s %s %s paths=%s bytes=%s\n' "$now" "$image_id" "$SEED_IMAGE" "$total_paths" "$total_bytes" >>"$ours/history" &&
      { wait "$noting" || true; } && { [ ! -e "$mine/registered" ] || mv -T -f "$mine/registered" "$ours/registered"; } && mv -T -f "$mine/seed" "$ours/seed"
  } 2>"$work/errors" || why_not_moved
}
