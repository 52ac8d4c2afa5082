#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# Nix's database: what the image's says of the paths that are brought goes into the volume's, and why Nix trusts them.
# Sourced by seed-nix-store.sh.

# In the background, from the plan on: what Nix knows of the missing paths, and a Nix that will register it.
start_registering() {
  asking=
  [ "$fresh" = no ] && [ -s "$work/missing" ] || return 0
  find_nix
  [ -n "$nix" ] || return 0
  await_opening
  ask_for_registration &
  helpers="$helpers $!" asking=$!
}

ask_for_registration() {
  trap - EXIT USR1 TERM INT HUP
  # Who needs the answer asks once more, and says why there is none.
  exec 7>/dev/null
  SEED_TERMINATION_LOG=/dev/null
  open_image
  { describe_few || dump_missing; } 2>"$work/load-errors" && note_loadable
}

# Nix does not tell whether all of what it prints has been written; where there was no room for that, there is none for this.
note_loadable() {
  echo yes >"$work/loadable"
}

# What Nix knows of the missing paths, as --load-db takes it.
dump_missing() {
  with_missing_paths "$work/missing-paths" on_image --dump-db >"$work/load"
}

# Nix takes longer to start than to register. So one starts while all becomes durable, and is given what to register when it is, and in the store.
# It must not be there while another one is asked about the volume: each Nix that has a store open keeps others from changing its schema, and we would wait for both.
start_loader() {
  [ -n "$asking" ] && [ -z "$loader" ] || return 0
  [ "$granted" = no ] || [ -e "$work/examined/whole" ] || return 0
  loaders=$((loaders + 1))
  [ -p "$work/word.$loaders" ] || make_fifos "word.$loaders" || return 0
  exec 5<>"$work/word.$loaders"
  load_at_a_word 8>&- 9>&- &
  loader=$!
}

# usage: make_fifos NAME...
make_fifos() {
  command -v mkfifo >/dev/null 2>&1 && (cd "$work" && exec mkfifo "$@" 2>/dev/null)
}

# It ends by itself then. (Given nothing, Nix registers nothing, and is content with that.)
load_at_a_word() {
  trap - EXIT USR1 TERM INT HUP
  { read -r word && [ "$word" = load ] && holds_lock && cat "$work/load" && : >"$work/given.$loaders"; } <"$work/word.$loaders" 5<&- | on_volume --load-db 5<&- >/dev/null 2>&1
}

loader_succeeds() {
  [ -n "$loader" ] || return 1
  registrars=$loader
  echo load >&5
  wait "$loader" && [ -e "$work/given.$loaders" ]
}

dismiss_loader() {
  [ -n "$loader" ] || return 0
  echo nothing >&5
  exec 5<&-
  loader=
}

# Where that does not take a Nix, which may not be there yet. If it fails, the commit tries once more and says why.
prepare_database() {
  [ -n "$image_folder" ] || { [ -e "$database" ] && [ ! -s "$database-wal" ]; } || return 0
  find_database
  [ ! -s "$from/db.sqlite-wal" ] && make_mine db 2>/dev/null && copy_database 2>/dev/null && : >"$work/database-copied"
}

# The first seed of a volume brings the image's database as it is, with all that Nix knows of these paths. Later ones add to
# the volume's own, which may know of others.
register() {
  must_hold_lock
  [ -s "$work/noted" ] || note_names
  look_for_vanished
  if [ "$fresh" = yes ]; then
    bring_database
  elif [ -s "$work/missing" ]; then
    load_missing
    if [ -n "$trusting" ]; then
      if [ "$placed" = no ]; then tell_of_registration yes; else tell_of_registration no; fi
    elif [ "$placed" = no ]; then
      start_trust now
    fi
  else
    dismiss_loader
    if [ -s "$work/pending" ] || wants_repair; then start_trust now; fi
  fi
  placed=no
}

bring_database() {
  # A copy that was opened and closed has nothing left in its log, which one as it lies in the image may have.
  if [ -z "$image_folder" ] && { [ ! -e "$database" ] || [ -s "$database-wal" ]; }; then open_image; fi
  find_database
  if [ -s "$from/db.sqlite-wal" ]; then
    require_nix
    on_image --check-validity --print-invalid /nix/store >/dev/null 2>&1 || true
    [ ! -s "$from/db.sqlite-wal" ] || die 20 "the log of the seed image's database cannot be read"
  fi
  { [ -e "$work/database-copied" ] || { make_mine db && copy_database && sync_volume; }; } 2>"$work/errors" || why_not_moved
  replace_database 2>"$work/errors" || why_not_moved
}

find_database() {
  brought=$mine/db from=${image_folder:-$SEED_SOURCE/var/nix}/db
}

# The shell goes on after a failure inside of what is asked for its success, so each step says what becomes of its own.
copy_database() {
  for file in schema ca-schema db.sqlite; do
    [ ! -e "$from/$file" ] || cp -f "$from/$file" "$brought/" || return 1
  done
  chmod -R u+w "$brought" && { [ "$wal" = true ] || without_log "$brought/db.sqlite"; } && note_brought "$brought/db.sqlite"
}

replace_database() {
  make_mine old-db || return 1
  set +f
  for old in "$volume"/var/nix/db/*; do
    [ ! -f "$old" ] || mv "$old" "$mine/old-db/" || { set -f && return 1; }
  done
  set -f
  set --
  for file in schema ca-schema db.sqlite; do
    [ ! -e "$brought/$file" ] || set -- "$@" "$brought/$file"
  done
  # In this order.
  mv "$@" "$volume/var/nix/db/" || return 1
  placed=no
  [ ! -e "$ours/fresh" ] || mv -f "$ours/fresh" "$mine/fresh"
}

load_missing() {
  require_nix
  if [ ! -s "$work/loadable" ]; then
    open_image
    dump_missing 2>"$work/errors" || image_unreadable "the image's database"
    note_loadable
  fi
  # It may have failed for a reason that has gone since; else the next one says why.
  status=0 registering=yes
  loader_succeeds || load_database || status=$?
  dismiss_loader
  [ "$status" = 0 ] || cat "$work/errors" >"$work/register-errors"
  # It may have ended badly after all is registered, as one that was killed or found the disk full when it closed the database.
  if [ "$status" = 0 ] || { list_invalid "$work/missing" "$work/not-registered" && [ ! -s "$work/not-registered" ]; }; then
    placed=no
    return 0
  fi
  must_hold_lock
  # What is not registered counts as vanished, and comes once more.
  ! was_robbed || return 0
  blame_architecture "$work/register-errors"
  blame_volume "$work/register-errors" "$status"
  die 51 "registering failed: $(tail -n 1 "$work/register-errors")"
}

# A collector that nothing keeps away may have taken what was in its place and not registered yet, or what that refers to.
was_robbed() {
  [ "$guarded" = no ] || return 1
  outlast_garbage_collector
  list_store
  comm -23 "$work/names" "$work/missing" >"$work/present"
  list_invalid "$work/present" "$work/forgotten" || return 1
  comm -23 "$work/names" "$work/there" | sort -u - "$work/forgotten" >"$work/vanished"
  [ -s "$work/vanished" ]
}

load_database() {
  on_volume --load-db <"$work/load" 2>"$work/errors" &
  registrars="$registrars $!"
  wait "$!"
}

# What nobody has registered does not stay, whatever has failed. To move it takes room as well, so what else is ours goes first. (Paths
# that were damaged are registered, and have been replaced by what Nix expects there. What did not get from the stage to its place is somebody else's there.)
take_back() {
  # There may be no room for lists; this is the largest.
  rm -rf "$work/image" "$work/load"
  ls -A "$whole" 2>/dev/null >"$work/unplaced" || true
  discard "$stage"
  discard "$mine/roots"
  [ "$seed_id" = "$image_id" ] || unroot 2>/dev/null || true
  discard "$mine/unrooted"
  make_mine replaced 2>/dev/null || true
  list_placed
  comm -23 "$work/placed" "$work/damaged" | comm -23 - "$work/unplaced" >"$work/to-remove"
  (cd "$volume/store" && in_chunks "$work/to-remove" move_to "$mine/replaced") 2>/dev/null || true
}

# Writes to $work/placed what has been put into the store and belongs to nobody there: but for what somebody makes in its place, or has made and registered
# meanwhile. (What is no name for Nix is in nobody's way. Where Nix cannot say and has been told to register it, it may have done so: then all stays.)
list_placed() {
  being_made "$work/missing" || true
  { [ "$fresh" = no ] && list_invalid "$work/missing" "$work/not-registered"; } ||
    if [ "$registering" = no ]; then cat "$work/missing"; fi >"$work/not-registered"
  comm -23 "$work/not-registered" "$work/made" >"$work/placed"
}

# A database is no rename: one that stood still while Nix registered, and was taken for dead, may have registered what a collector has deleted in between. Nix itself
# takes out of the database what is not there.
unregister_vanished() {
  looks=0
  # shellcheck disable=SC2086
  while [ "$looks" -lt 100 ] && is_any_alive $registrars; do sleep 0.1 && looks=$((looks + 1)); done
  on_volume --verify >/dev/null 2>&1
}

unroot() {
  if [ -s "$work/rooted" ]; then
    make_mine unrooted && (cd "$roots" && in_chunks "$work/to-root" move_to "$mine/unrooted")
  else
    mv -T "$roots" "$mine/unrooted"
  fi
}
