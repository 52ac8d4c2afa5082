#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# From the stage into the store, Nix's database, the roots and the profiles.
# Sourced by seed-nix-store.sh.
#
# Moves what is complete to its final name. Folders in a store are read-only, and renaming one to another parent rewrites
# its "..", so each is made writable for that moment.
place() {
  phase register
  t_register=$time
  must_hold_lock
  mkdir -p "$volume/var/nix/db" "$volume/var/nix/gcroots" "$volume/var/nix/profiles/per-user" "$stage/old"
  [ -e "$volume/var/nix/db/db.sqlite" ] || : >"$ours/fresh"
  cp "$work/kept.placing" "$work/placing"
  number=0
  while [ "$number" -lt "$batches" ]; do
    while read -r name; do echo "$token.$number/$name"; done <"$work/batch.$number"
    number=$((number + 1))
  done >>"$work/placing"
  {
    (cd "$volume/store" && in_chunks "$work/rubbish" move_to "$stage/old") &&
      (cd "$stage" && in_chunks "$work/placing" move_to "$volume/store")
  } 2>"$work/errors" || die 50 "cannot move the copied paths into the store: $(head -n 1 "$work/errors")"
  patiently sync_volume || die 50 "writing to the volume failed: $(tail -n 1 "$work/sync-errors")"
  store_names | comm -23 "$work/missing" - >"$work/vanished"
  [ ! -s "$work/vanished" ] || die 50 "$(head -n 1 "$work/vanished") vanished from the store: is a garbage collector running?"
}

# usage: move_to FOLDER NAME...
move_to() {
  to=$1
  shift
  folders=
  for item in "$@"; do
    [ ! -d "$item" ] || [ -L "$item" ] || folders="$folders $item"
  done
  # shellcheck disable=SC2086
  [ -z "$folders" ] || chmod u+w $folders || return 1
  mv -f -- "$@" "$to/" || return 1
  [ -n "$folders" ] || return 0
  moved=
  for item in $folders; do moved="$moved $to/${item##*/}"; done
  # shellcheck disable=SC2086
  chmod u-w $moved
}

register() {
  must_hold_lock
  [ -s "$work/missing" ] || return 0
  require_nix
  join -t "$TAB" "$work/missing" "$described/registration" | cut -f 2- | tr '\t' '\n' >"$work/load"
  patiently load_database && return
  reason=$(tail -n 1 "$work/errors")
  (cd "$volume/store" && in_chunks "$work/missing" move_to "$stage/old") || true
  [ "$seed_id" = "$image_id" ] || rm -rf "$volume/var/nix/gcroots/cdk8s-nix/$image_id"
  case $reason in
    *'disk is full'* | *'No space left on device'*) out_of_space ;;
    *) die 51 "registering failed: $reason" ;;
  esac
}

load_database() {
  on_volume --load-db <"$work/load" 2>"$work/errors"
}

# One link per path that no other path of the image refers to.
root_image() {
  mkdir -p "$volume/var/nix/gcroots/cdk8s-nix/$image_id"
  in_chunks "$described/roots" link_roots
}

link_roots() {
  ln -sf "$@" "$volume/var/nix/gcroots/cdk8s-nix/$image_id/"
}

forget_other_images() {
  set +f
  for other in "$volume"/var/nix/gcroots/cdk8s-nix/*; do
    [ "$other" = "$volume/var/nix/gcroots/cdk8s-nix/$image_id" ] || rm -rf "$other"
  done
  set -f
}

switch_profiles() {
  touch "$ours/profiles"
  while IFS=$TAB read -r name path; do switch_profile "$name" "$path"; done <"$described/profiles"
}

# Points a profile to what the image has there, unless the user has changed it since a seed last did.
switch_profile() {
  link=$volume/var/nix/profiles/$1
  mkdir -p "${link%/*}"
  current=$(store_path_of "$volume" "$volume/var/nix/profiles/$1")
  link=$volume/var/nix/profiles/$1
  [ "$current" != "$2" ] || return 0
  if [ -n "$current" ] && ! is_ours "$1" "$current"; then
    say profile "profile $1 was changed by the user and stays as it is" "profile=$1"
    return 0
  fi
  is_ours "$1" "$2" || printf '%s\t%s\n' "$1" "$2" >>"$ours/profiles"
  next_generation
  ln -s "$2" "$link-$generation-link"
  ln -sfn "${1##*/}-$generation-link" "$link.seed-new"
  mv -T -f "$link.seed-new" "$link"
  forget_generations "$1" "$2"
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
  set +f
  for old in "$link"-[0-9]*-link; do
    target=$(readlink "$old") || continue
    if [ "$target" != "$2" ] && is_ours "$1" "$target"; then rm -f "$old"; fi
  done
  set -f
}

is_ours() {
  while IFS= read -r known; do
    [ "$known" != "$1$TAB$2" ] || return 0
  done <"$ours/profiles"
  return 1
}

write_marker() {
  must_hold_lock
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  printf 'protocol=%s\nid=%s\nimage=%s\ntime=%s\npaths=%s\nbytes=%s\nnix=%s\n' "$PROTOCOL" "$image_id" "$SEED_IMAGE" "$now" \
    "$total_paths" "$total_bytes" "$(store_path_of "$SEED_SOURCE" "$SEED_SOURCE/var/nix/profiles/default")" >"$ours/seed.new"
  printf '%s %s %s paths=%s bytes=%s\n' "$now" "$image_id" "$SEED_IMAGE" "$total_paths" "$total_bytes" >>"$ours/history"
  sync_volume
  rm -f "$ours/fresh"
  mv -f "$ours/seed.new" "$ours/seed"
  rm -f "$ours/repair"
}
