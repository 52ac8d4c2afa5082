#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# From the stage into the store, Nix's database, the roots and the profiles. Each change is a rename out of the holder's folder
# or into it, which fails once the lock is lost: see store-lock.sh.
# Sourced by seed-nix-store.sh.

# In the background, while the copy waits for disks: what the commit will need.
prepare_commit() {
  trap - EXIT TERM USR1
  prepare_roots || exit 1
  if [ "$fresh" = yes ]; then
    prepare_database || true
    exit 0
  fi
  [ -s "$work/missing" ] || exit 0
  as_paths "$work/missing" >"$work/missing-paths"
  find_nix
  [ -n "$nix" ] || exit 0
  open_image
  asking=
  if [ ! -e "$work/reasons" ]; then list_trust & asking=$!; fi
  dump_missing 2>"$work/load-errors" && : >"$work/loadable"
  [ -z "$asking" ] || wait "$asking" || true
}

# One link per path that no other path of the image refers to; where nobody has recorded which these are, per path. Those that are there already, of the
# image before this one, serve this one too.
prepare_roots() {
  make_mine roots 2>"$work/root-errors" || return 1
  if [ -n "$described" ]; then cat "$described/roots"; else cat "$work/names"; fi >"$work/roots"
  ls -A "$roots" 2>/dev/null >"$work/rooted" || true
  comm -23 "$work/roots" "$work/rooted" >"$work/to-root"
  as_paths "$work/to-root" >"$work/root-paths"
  in_chunks "$work/root-paths" link_into "$mine/roots" 2>"$work/root-errors"
}

await_preparation() {
  wait "$preparing" || why_unprepared
}

# Where that does not take a Nix, which may not be there yet. If it fails, the commit tries once more and says why.
prepare_database() {
  [ -n "$image_folder" ] || { [ -e "$database" ] && [ ! -s "$database-wal" ]; } || return 0
  find_database
  [ ! -s "$from/db.sqlite-wal" ] && make_mine db 2>/dev/null && copy_database 2>/dev/null && : >"$work/database-copied"
}

# usage: link_into FOLDER PATH...
link_into() {
  into=$1
  shift
  ln -sf "$@" "$into/"
}

# What Nix knows of the missing paths, as --load-db takes it.
dump_missing() {
  mkdir "$work/dump"
  "$split" -a 4 -l 5000 "$work/missing-paths" "$work/dump/paths."
  set +f
  # shellcheck disable=SC2046
  for chunk in "$work"/dump/paths.*; do on_image --dump-db $(cat "$chunk") || return 1; done >"$work/load"
}

# What else Nix knows of them: why it trusts them. Some Nix does not say so. (Where it has been asked for sizes, it has said that too.)
list_trust() {
  image_url
  ! in_chunks "$work/missing-paths" nix_command path-info --sigs --store "$image_url" >"$work/trust" 2>/dev/null ||
    cut -f 2 "$work/trust" >"$work/reasons"
}

# --- files ---------------------------------------------------------------------------------------------------------

# Moves what is complete to its final name. From here on until Nix knows of them, a failure takes them back.
place() {
  phase register
  t_register=$time
  placed=yes
  {
    mkdir -p "$volume/var/nix/db" "$volume/var/nix/gcroots/cdk8s-nix" "$volume/var/nix/profiles/per-user" &&
      make_mine replaced &&
      (cd "$volume/store" && in_chunks "$work/damaged" move_to "$mine/replaced") &&
      { place_whole || place_each; }
  } 2>"$work/errors" || why_not_moved
  # What was prepared has to be durable as well.
  sync_or_die
}

# What an empty volume gets takes the place of its empty store. Where a file system does not let it, or the store is not empty, nothing has happened.
place_whole() {
  [ "$fresh" = yes ] || return 1
  # As it would be, had it been made there.
  if [ -g "$volume" ]; then chmod g+s "$whole" || return 1; fi
  mv -T "$whole" "$volume/store" 2>/dev/null
}

place_each() {
  chmod g-s "$whole" && ls -A "$whole" >"$work/whole" && (cd "$whole" && in_chunks "$work/whole" move_to "$volume/store")
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

why_not_moved() {
  must_hold_lock
  case $(cat "$work/errors") in *'No space left on device'* | *'quota exceeded'*) out_of_space ;; esac
  die 50 "cannot move paths in the store: $(head -n 1 "$work/errors")"
}

# Names of the image that are not there any more: a collector that began before we did takes what it finds without a root.
find_vanished() {
  ls "$volume/store" >"$work/there"
  comm -23 "$work/names" "$work/there" >"$work/vanished"
}

# --- roots ---------------------------------------------------------------------------------------------------------

root_image() {
  if [ -s "$work/rooted" ]; then
    (cd "$mine/roots" && in_chunks "$work/to-root" move_to "$roots")
  else
    rmdir "$roots" 2>/dev/null || true
    mv -T "$mine/roots" "$roots"
  fi 2>"$work/errors" || why_not_moved
}

why_unprepared() {
  must_hold_lock
  case $(cat "$work/root-errors" 2>/dev/null) in *'No space left on device'* | *'quota exceeded'*) out_of_space ;; esac
  die 50 "cannot make roots: $(head -n 1 "$work/root-errors")"
}

# A root that is not this image's. (An earlier version of this script made a folder for each image.)
forget_other_images() {
  ls -A "$roots" >"$work/rooted"
  comm -23 "$work/rooted" "$work/roots" >"$work/unrooted"
  make_mine forgotten 2>"$work/errors" || why_not_moved
  (cd "$roots" && in_chunks "$work/unrooted" move_to "$mine/forgotten") 2>"$work/errors" || why_not_moved
  set +f
  for other in "${roots%/*}"/*; do
    if [ "$other" != "$roots" ] && [ -e "$other" ]; then mv -T "$other" "$mine/forgotten.${other##*/}" 2>"$work/errors" || why_not_moved; fi
  done
  set -f
}

# --- database ------------------------------------------------------------------------------------------------------

# The first seed of a volume brings the image's database as it is, with all that Nix knows of these paths. Later ones add to
# the volume's own, which may know of others.
register() {
  must_hold_lock
  trusting=
  if [ "$fresh" = yes ]; then
    bring_database
  elif [ -s "$work/missing" ]; then
    load_missing
    bring_trust &
    helpers="$helpers $!" trusting=$!
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
  chmod -R u+w "$brought" && { [ "$wal" = true ] || without_log "$brought/db.sqlite"; }
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
  if [ ! -e "$work/loadable" ]; then
    as_paths "$work/missing" >"$work/missing-paths"
    open_image
    rm -rf "$work/dump"
    dump_missing 2>"$work/errors" || image_unreadable "the image's database"
  fi
  status=0
  patiently load_database || status=$?
  if [ "$status" = 0 ]; then
    placed=no
    return
  fi
  must_hold_lock
  reason=$(tail -n 1 "$work/errors")
  # SIGBUS (135) is what a full disk makes of memory that stands for a file.
  case $status:$reason in
    *'disk is full'* | *'No space left on device'*) out_of_space ;;
    *'disk I/O error'* | *'Bus error'* | 135:*)
      measure_volume
      [ "$free_kib" -ge 1024 ] || out_of_space
      ;;
  esac
  die 51 "registering failed: $reason"
}

# What nobody has registered does not stay, whatever has failed. To move it takes room as well, so what else is ours goes first. (Paths
# that were damaged are registered, and have been replaced by what Nix expects there.)
take_back() {
  discard "$stage"
  discard "$mine/roots"
  [ "$seed_id" = "$image_id" ] || unroot 2>/dev/null || true
  discard "$mine/unrooted"
  make_mine replaced 2>/dev/null || true
  comm -23 "$work/missing" "$work/damaged" >"$work/to-remove"
  (cd "$volume/store" && in_chunks "$work/to-remove" move_to "$mine/replaced") 2>/dev/null || true
}

unroot() {
  if [ -s "$work/rooted" ]; then
    make_mine unrooted && (cd "$roots" && in_chunks "$work/to-root" move_to "$mine/unrooted")
  else
    mv -T "$roots" "$mine/unrooted"
  fi
}

load_database() {
  on_volume --load-db <"$work/load" 2>"$work/errors"
}

# In the background, while the rest is made ready for the marker: what --load-db cannot take. Signatures can be brought afterwards. That a
# path was built by the Nix that has it, or is known by its content, nobody but that Nix can say. A store without all this works, so failing here is no failure.
bring_trust() {
  trap - EXIT TERM USR1
  signed=yes built=0 addressed=0
  if [ -e "$work/reasons" ]; then weigh_trust; fi
  [ "$signed" = no ] || copy_signatures
  [ $((built + addressed)) = 0 ] || say trust "of the new paths the image has built $built itself (ultimate) and knows $addressed by their content (ca), which only the \
first seed of a volume can bring: nix store verify trusts them no more, unless they are signed" "ultimate=$built" "ca=$addressed"
}

# Sets $signed, $built and $addressed. What is none of the other words is a signature.
weigh_trust() {
  signed=no
  tr ' ' '\n' <"$work/reasons" | cut -c -9 | sort | uniq -c >"$work/words"
  while read -r count word; do
    case $word in
      '') ;;
      ultimate) built=$count ;;
      ca:fixed: | ca:text:*) addressed=$((addressed + count)) ;;
      *) signed=yes ;;
    esac
  done <"$work/words"
}

await_trust() {
  [ -z "$trusting" ] || wait "$trusting" || true
}

copy_signatures() {
  open_image
  image_url
  in_chunks "$work/missing-paths" nix_command store copy-sigs --substituter "$image_url" \
    --store "local?state=$volume/var/nix&real=$volume/store" >"$work/signatures" 2>&1 ||
    say signatures "signatures were not brought, so nix copy from this store may be refused: $(tail -n 1 "$work/signatures")"
}

# Nix's garbage collector removes what is not registered yet. Where flock works it waits for us, and we for it.
hold_off_garbage_collector() {
  guarded=no
  command -v flock >/dev/null 2>&1 && mkdir -p "$volume/var/nix" && : >>"$volume/var/nix/gc.lock" || return 0
  exec 8>>"$volume/var/nix/gc.lock"
  lock_waits_since
  until flock -s -n 8 2>"$work/errors"; do
    [ ! -s "$work/errors" ] || return 0
    lock_waits 'for a garbage collector on the volume'
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
  mkdir -p "$barrier/store"
  : >>"$volume/var/nix/gc.lock"
  ln -sf "$volume/var/nix/gc.lock" "$barrier/gc.lock"
  patiently "$nix" --store "local?state=$barrier&real=$barrier/store&log=$barrier" --gc --print-dead >/dev/null 2>"$work/errors" ||
    volume_unreadable
}

# --- profiles ------------------------------------------------------------------------------------------------------

# From here on the volume is not what the marker says.
withdraw_marker() {
  [ ! -e "$ours/seed" ] || mv -T "$ours/seed" "$mine/former-seed" 2>"$work/errors" || why_not_moved
}

switch_profiles() {
  if [ -n "$described" ]; then cat "$described/profiles"; else image_profiles; fi >"$work/profiles"
  has_default=no
  while IFS=$TAB read -r name path; do
    if [ "$name" = default ]; then path=$image_nix has_default=yes; fi
    switch_profile "$name" "$path"
  done <"$work/profiles"
  [ "$has_default" = yes ] || switch_profile default "$image_nix"
}

# Points a profile to what the image has there, unless the user has changed it since a seed last did.
switch_profile() {
  mkdir -p "$volume/var/nix/profiles/${1%"${1##*/}"}" 2>"$work/errors" || why_not_moved
  current=$(store_path_of "$volume" "$volume/var/nix/profiles/$1")
  link=$volume/var/nix/profiles/$1
  [ "$current" != "$2" ] || return 0
  if [ -n "$current" ] && ! is_ours "$1" "$current"; then
    say profile "profile $1 was changed by the user and stays as it is" "profile=$1"
    return 0
  fi
  next_generation
  {
    { is_ours "$1" "$2" || note_as_ours "$1" "$2"; } &&
      ln -s "$2" "$mine/generation" && mv -T -f "$mine/generation" "$link-$generation-link" &&
      ln -s "${1##*/}-$generation-link" "$mine/profile" && mv -T -f "$mine/profile" "$link"
  } 2>"$work/errors" || why_not_moved
  forget_generations "$1" "$2"
}

note_as_ours() {
  { [ ! -e "$ours/profiles" ] || cat "$ours/profiles"; } >"$mine/profiles" &&
    printf '%s\t%s\n' "$1" "$2" >>"$mine/profiles" && mv -f "$mine/profiles" "$ours/profiles"
}

next_generation() {
  generation=1
  set +f
  for old in "$link"-[0-9]*-link; do
    old=${old#"$link-"}
    old=${old%-link}
    case $old in *[!0-9]*) continue ;; esac
    [ "$old" -lt "$generation" ] || generation=$((old + 1))
  done
  set -f
}

# Generations that a seed made are no longer needed and would keep old images from being collected.
forget_generations() {
  make_mine generations 2>"$work/errors" || why_not_moved
  set +f
  for old in "$link"-[0-9]*-link; do
    target=$(readlink "$old") || continue
    if [ "$target" != "$2" ] && is_ours "$1" "$target"; then mv -f "$old" "$mine/generations/" 2>"$work/errors" || why_not_moved; fi
  done
  set -f
}

is_ours() {
  [ -e "$ours/profiles" ] || return 1
  while IFS= read -r known; do
    [ "$known" != "$1$TAB$2" ] || return 0
  done <"$ours/profiles"
  return 1
}

# --- marker --------------------------------------------------------------------------------------------------------

# The line of the history stands before the marker, after which nobody would add it: a seed that is killed between the two, and so
# starts again, stands there twice.
write_marker() {
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  {
    printf 'protocol=%s\nid=%s\nimage=%s\nsystem=%s\ntime=%s\npaths=%s\nbytes=%s\nnix=%s\n' "$PROTOCOL" "$image_id" "$SEED_IMAGE" "$system" "$now" \
      "$total_paths" "$total_bytes" "$image_nix" >"$mine/seed" &&
      sync_volume && { [ ! -e "$ours/repair" ] || mv -f "$ours/repair" "$mine/repaired"; } && [ -e "$mine/seed" ] &&
      printf '%s %s %s paths=%s bytes=%s\n' "$now" "$image_id" "$SEED_IMAGE" "$total_paths" "$total_bytes" >>"$ours/history" &&
      mv -T -f "$mine/seed" "$ours/seed"
  } 2>"$work/errors" || why_not_moved
}
