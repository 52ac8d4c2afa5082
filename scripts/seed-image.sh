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
      /nix/store/*) echo "$target" && return ;;
      /nix/*) link=$1/${target#/nix/} ;;
      /*) return ;;
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
  image_nix=$(store_path_of "$SEED_SOURCE" "$SEED_SOURCE/var/nix/profiles/default")
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
      /nix/store/*) echo "$target" && return ;;
      /nix/*) store_path_of "$SEED_SOURCE" "$SEED_SOURCE/${target#/nix/}" && return ;;
      /*) link=${SEED_SOURCE%/*}$target ;;
      *) link=${link%/*}/$target ;;
    esac
    hops=$((hops + 1))
  done
}

# Nix as the image has it. It only runs at /nix, and that is the image itself or, where the image is mounted elsewhere, the
# store volume: then it cannot run before it is copied, unless an older one lies there.
find_nix() {
  nix=$image_nix/bin/nix-store
  [ -x "$nix" ] || nix=/nix/var/nix/profiles/default/bin/nix-store
  [ -x "$nix" ] || nix=$(command -v nix-store) || nix=
}

require_nix() {
  find_nix
  [ -n "$nix" ] || [ "$is_root" = no ] || die 21 "Nix does not run here, since the runtime shows the root of the seed image at /nix instead of its folder nix, as \
containerd before 2.2 does. A first seed can do without, an upgrade cannot: update the runtime, or seed without an image volume"
  [ -n "$nix" ] || die 21 "the seed image has no Nix that runs: none in its default profile, none in PATH"
}

# What the image's own settings turn on is needed to read what was built with it.
image_features() {
  features='nix-command ca-derivations'
  [ -r "$image_conf" ] || return 0
  while read -r key equals value; do
    case $key$equals in experimental-features= | extra-experimental-features=) features="$features $value" ;; esac
  done <"$image_conf"
}

# usage: open_image      a copy of the image's database, which may lie on a read-only file system; opened and closed once, it has no log any more
open_image() {
  [ -z "$image_folder" ] || return 0
  image_folder=$work/image
  # One of our own has done so in the background.
  [ ! -e "$image_folder/opened" ] || return 0
  mkdir -p "$image_folder/db"
  if [ -e "$database" ]; then
    copy_image_database 2>"$work/errors" ||
      die 10 "cannot copy the image's database to TMPDIR ($TMPDIR): $(head -n 1 "$work/errors")"
  else
    require_nix
    on_image --load-db <"$registration" 2>"$work/errors" || image_unreadable "$registration"
  fi
  : >"$image_folder/opened"
}

copy_image_database() {
  for file in db.sqlite db.sqlite-wal schema ca-schema; do
    [ ! -s "$SEED_SOURCE/var/nix/db/$file" ] || cp "$SEED_SOURCE/var/nix/db/$file" "$image_folder/db/" || return 1
  done
  chmod -R u+w "$image_folder"
}

# usage: on_image ARGUMENT...      nix-store on the image
on_image() {
  image_url
  "$nix" --option use-sqlite-wal true --option extra-experimental-features "$features" --store "$image_url" "$@"
}

# The image, for Nix. Asked of each path once, it need not remember all of them, which takes 1.6 KB a path.
image_url() {
  image_url="local?state=$image_folder&real=$SEED_SOURCE/store&path-info-cache-size=4096"
}

# usage: nix_command ARGUMENT...   the newer command line, which a seed image need not have
nix_command() {
  command=${nix%-store}
  [ -x "$command" ] || command=$(command -v nix) || return 1
  "$command" --option use-sqlite-wal "$wal" --extra-experimental-features "$features" "$@"
}

# usage: on_volume ARGUMENT...     nix-store on the volume
on_volume() {
  "$nix" --option use-sqlite-wal "$wal" --option extra-experimental-features "$features" \
    --store "local?state=$volume/var/nix&real=$volume/store&log=$volume/var/log/nix" "$@"
}

# usage: image_unreadable WHAT     Nix' complaint is in $work/errors
image_unreadable() {
  case $(cat "$work/errors") in
    *'xec format error'* | *'cannot execute binary'*) die 21 "the seed image's Nix is for another architecture than $(uname -m), the node's" ;;
  esac
  die 20 "Nix cannot read $1: $(tail -n 1 "$work/errors")"
}

# --- what it ships -------------------------------------------------------------------------------------------------

# Writes to $work/sizes, sorted by name: name, a tab, size. What lies in the image's store without being registered is
# rubbish there; what is registered must be there. Where no Nix runs yet (image volume), all that is there counts.
list_image() {
  if [ -n "$described" ]; then
    cat "$described/sizes" >"$work/sizes"
    return
  fi
  list_image_store
  find_nix
  if [ -z "$nix" ]; then
    while read -r name; do
      # What a build that was killed has left, or one that was compared with what there was. An empty lock is in nobody's way.
      case $name in *.drv.chroot) continue ;; *.check) [ ! -e "$SEED_SOURCE/store/${name%.check}" ] || continue ;; esac
      case $name in ????????????????????????????????-*) printf '%s\t0\n' "$name" ;; esac
    done <"$work/listing" >"$work/sizes"
  else
    open_image
    list_registered || measure "$work/listing"
  fi
  [ -s "$work/sizes" ] || die 20 "the seed image's Nix database lists no store paths"
}

list_image_store() {
  ls "$SEED_SOURCE/store" >"$work/listing"
}

# By one question to Nix. Fails where the command is not there, or is too old or too new to understand it.
list_registered() {
  image_url
  nix_command path-info --store "$image_url" --all --size >"$work/path-info" 2>"$work/errors" || return 1
  # Columns, by blanks and a tab.
  tr ' ' '\t' <"$work/path-info" | tr -s '\t' | cut -c 12- | sort >"$work/sizes"
  cut -f 1 "$work/sizes" | comm -23 - "$work/listing" >"$work/absent"
  [ ! -s "$work/absent" ] || die 20 "the seed image's database lists $(head -n 1 "$work/absent"), which is not in its store"
}

# usage: measure LIST      writes to $work/sizes those of the names that the image has registered, with their sizes
measure() {
  ! inquire "$1" || return 0
  as_paths "$1" >"$work/paths"
  if in_chunks "$work/paths" on_image --query --size >"$work/bytes" 2>"$work/errors"; then
    paste "$1" "$work/bytes" >"$work/sizes"
    return
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
  [ ! -s "$work/unanswered" ] && cut -f 3 "$work/answers" >"$work/reasons"
}
