#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What the seed image ships, looked at more closely when it has to be brought.
# Sourced by seed-nix-store.sh and record-seed-image.sh.

# usage: store_path_of FOLDER LINK     follows a link below this nix folder to its store path; prints nothing if it has none
store_path_of() {
  link=$2
  hops=0
  while [ -L "$link" ] && [ "$hops" -lt 10 ]; do
    target=$(readlink "$link")
    case $target in
      /nix/store/*/*) link=$1/${target#/nix/} ;;
      /nix/store/*) echo "$target" && return 0 ;;
      /nix/*) link=$1/${target#/nix/} ;;
      /*) return 0 ;;
      *) link=${link%/*}/$target ;;
    esac
    hops=$((hops + 1))
  done
}

# One line per profile the image has: its name below profiles/, a tab, the store path it stands for.
image_profiles() {
  set +f
  for profile in "$SEED_SOURCE"/var/nix/profiles/* "$SEED_SOURCE"/var/nix/profiles/per-user/*/*; do
    case $profile in *-[0-9]*-link) continue ;; esac
    path=$(store_path_of "$SEED_SOURCE" "$profile")
    [ -z "$path" ] || printf '%s\t%s\n' "${profile#"$SEED_SOURCE/var/nix/profiles/"}" "$path"
  done
  set -f
}

# --- the image's Nix -----------------------------------------------------------------------------------------------

# usage: holds_nix STORE_PATH     whether the image has it, with Nix in it
holds_nix() {
  case $1 in /nix/store/?*) ;; *) return 1 ;; esac
  [ -e "$SEED_SOURCE/store/${1#/nix/store/}/bin/nix-store" ] || [ -L "$SEED_SOURCE/store/${1#/nix/store/}/bin/nix-store" ]
}

# Sets $image_nix, the store path with Nix in it that will be the default profile: that of the image, or else wherever
# installers put it: another profile, a home, the PATH, or just the store.
find_image_nix() {
  if [ "$SEED_SOURCE" = /nix ]; then
    # Without a process, as long as it is a folder.
    image_nix=$(cd -P /nix/var/nix/profiles/default 2>/dev/null && echo "$PWD") || true
    case ${image_nix#/nix/store/} in */*) image_nix='' ;; esac
  else
    image_nix=$(store_path_of "$SEED_SOURCE" "$SEED_SOURCE/var/nix/profiles/default")
  fi
  ! holds_nix "$image_nix" || return 0
  set +f
  for link in "$SEED_SOURCE"/var/nix/profiles/per-user/root/profile "$SEED_SOURCE"/var/nix/profiles/*  "$SEED_SOURCE"/var/nix/profiles/per-user/*/* \
    "${SEED_SOURCE%/*}"/root/.nix-profile "${SEED_SOURCE%/*}"/home/*/.nix-profile \
    "${SEED_SOURCE%/*}"/root/.local/state/nix/profiles/profile "${SEED_SOURCE%/*}"/home/*/.local/state/nix/profiles/profile; do
    [ -L "$link" ] || continue
    image_nix=$(store_path_of_home "$link")
    if holds_nix "$image_nix"; then set -f && return 0; fi
  done
  image_nix=$(readlink -f "$(command -v nix-store 2>/dev/null)" 2>/dev/null) || true
  image_nix=${image_nix#/nix/store/}
  image_nix=/nix/store/${image_nix%%/*}
  ! holds_nix "$image_nix" || { set -f && return 0; }
  for link in "$SEED_SOURCE"/store/*-nix-[0-9]*/bin/nix-store; do
    image_nix=${link%/bin/nix-store}
    image_nix=/nix/store/${image_nix##*/}
    if holds_nix "$image_nix"; then set -f && return 0; fi
  done
  set -f
  die 22 "the seed image has no Nix: none in its profiles, its homes, its PATH or its store; the workload would have none either"
}

# Where a link in a home leads, which may be another link in the same home.
store_path_of_home() {
  link=$1
  hops=0
  while [ -L "$link" ] && [ "$hops" -lt 10 ]; do
    target=$(readlink "$link")
    case $target in
      /nix/store/*) echo "$target" && return 0 ;;
      /nix/*) store_path_of "$SEED_SOURCE" "$SEED_SOURCE/${target#/nix/}" && return 0 ;;
      /*) link=${SEED_SOURCE%/*}$target ;;
      *) link=${link%/*}/$target ;;
    esac
    hops=$((hops + 1))
  done
}

# --- what it ships -------------------------------------------------------------------------------------------------

# Writes to $work/sizes, sorted by name: name, a tab, size. What lies in the image's store without being registered is
# rubbish there; what is registered must be there. Where no Nix runs yet (image volume), all that is there counts.
list_image() {
  names_registered=yes
  list_names
  if [ -n "$described" ]; then
    cat "$described/sizes" >"$work/sizes"
    return 0
  fi
  find_nix
  if [ -z "$nix" ]; then
    names_registered=no
    while IFS= read -r name; do
      # What a build that was killed has left, or one that was compared with what there was. An empty lock is in nobody's way.
      case $name in *.drv.chroot) continue ;; *.check) [ ! -e "$SEED_SOURCE/store/${name%.check}" ] || continue ;; esac
      ! is_path_name "$name" || printf '%s\t0\n' "$name"
    done <"$work/names" >"$work/sizes"
  else
    open_image
    list_registered || measure "$work/names"
  fi
  [ -s "$work/sizes" ] || die 20 "the seed image's Nix database lists no store paths"
}

# usage: is_path_name NAME      what Nix would not call a path is nobody's
is_path_name() {
  case $1 in *[!a-zA-Z0-9+._?=-]*) return 1 ;; ????????????????????????????????-?*) ;; *) return 1 ;; esac
}

# usage: print_entries FOLDER      sorted
print_entries() {
  if has_line_feeds "$1"; then print_path_names "$1"; else ls "$1"; fi
}

# usage: has_line_feeds FOLDER      one in a name makes several lines of it
has_line_feeds() {
  set +f
  set -- "$1" "$1"/*"$LF"*
  set -f
  [ "$2" != "$1/*$LF*" ]
}

# usage: print_path_names FOLDER      of what is there
print_path_names() {
  # shellcheck disable=SC2012 # find is not part of coreutils
  ls "$1" | while IFS= read -r name; do
    if is_path_name "$name" && { [ -e "$1/$name" ] || [ -L "$1/$name" ]; }; then printf '%s\n' "$name"; fi
  done | sort
}

# What the recording says, or what lies in the image's store.
print_names() {
  if [ -n "$described" ]; then cut -f 1 "$described/sizes"; else print_entries "$SEED_SOURCE/store"; fi
}

# Writes them to $work/names; looked up ahead, they are there already.
list_names() {
  if [ -n "$listing" ] && wait "$listing"; then
    listing=
    return 0
  fi
  listing=
  print_names >"$work/names"
}

# By one question to Nix. Fails where the command is not there, or is too old or too new to understand it.
list_registered() {
  image_url
  nix_command path-info --store "$image_url" --all --size >"$work/path-info" 2>"$work/errors" || return 1
  # Columns, by blanks and a tab.
  tr ' ' '\t' <"$work/path-info" | tr -s '\t' | cut -c 12- | sort >"$work/sizes"
  cut -f 1 "$work/sizes" | comm -23 - "$work/names" >"$work/absent"
  [ ! -s "$work/absent" ] || die 20 "the seed image's database lists $(head -n 1 "$work/absent"), which is not in its store"
}

# usage: measure LIST      writes to $work/sizes those of the names that the image has registered, with their sizes
measure() {
  ! inquire "$1" || return 0
  as_paths "$1" >"$work/paths"
  if in_chunks "$work/paths" on_image --query --size >"$work/bytes" 2>"$work/errors"; then
    paste "$1" "$work/bytes" >"$work/sizes"
    return 0
  fi
  in_chunks "$work/paths" on_image --check-validity --print-invalid >"$work/invalid" 2>"$work/errors" || image_unreadable "the image's database"
  cut -c 12- "$work/invalid" | sort >"$work/unregistered"
  comm -23 "$1" "$work/unregistered" >"$work/registered"
  as_paths "$work/registered" >"$work/paths"
  in_chunks "$work/paths" on_image --query --size >"$work/bytes" 2>"$work/errors" || image_unreadable "the image's database"
  paste "$work/registered" "$work/bytes" >"$work/sizes"
}

# usage: inquire LIST      sizes, and in the same breath why Nix trusts the paths ($work/reasons). Fails where list_registered does, where the
# image has not registered all of them, or where there are derivations, which some Nix takes for what they build.
inquire() {
  case $(cat "$1") in *.drv | *.drv"$LF"*) return 1 ;; esac
  image_url
  as_paths "$1" >"$work/paths"
  in_chunks "$work/paths" nix_command path-info --store "$image_url" --size --sigs >"$work/answers" 2>"$work/errors" || return 1
  cut -f 1,2 "$work/answers" | tr -d ' ' | cut -c 12- | sort >"$work/sizes"
  cut -f 1 "$work/sizes" | comm -3 - "$1" >"$work/unanswered"
  [ ! -s "$work/unanswered" ] && cut -f 1,3 "$work/answers" >"$work/reasons"
}
