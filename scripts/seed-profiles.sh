#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The profiles that the image has, on the volume: a new generation of each, unless the user has changed it.
# Sourced by seed-nix-store.sh.

# Writes to $work/profiles what the image has.
list_profiles() {
  if [ -n "$described" ]; then cat "$described/profiles"; else image_profiles; fi >"$work/profiles"
}

switch_profiles() {
  has_default=no
  while IFS=$TAB read -r name path; do
    if [ "$name" = default ]; then path=$image_nix has_default=yes; fi
    switch_profile "$name" "$path"
  done <"$work/profiles"
  [ "$has_default" = yes ] || switch_profile default "$image_nix"
}

# Points a profile to what the image has there, unless the user has changed it since a seed last did.
switch_profile() {
  link=$volume/var/nix/profiles/$1
  [ -d "${link%/*}" ] || mkdir -p "${link%/*}" 2>"$work/errors" || why_not_moved
  current=$(store_path_of "$volume" "$link")
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
  set +f
  for old in "$link"-[0-9]*-link; do
    target=$(readlink "$old") || continue
    if [ "$target" != "$2" ] && is_ours "$1" "$target"; then mv -f "$old" "$mine/generations/" 2>"$work/errors" || why_not_moved; fi
  done
  set -f
}

is_ours() {
  [ -e "$ours/profiles" ] || return 1
  is_readable=no
  {
    {
      is_readable=yes
      while IFS= read -r known; do
        [ "$known" != "$1$TAB$2" ] || return 0
      done
    } <"$ours/profiles"
  } 2>/dev/null
  # What cannot be read is not taken for what a user has changed.
  [ "$is_readable" = yes ] || cat "$ours/profiles" 2>"$work/errors" >/dev/null || why_not_moved
  return 1
}
