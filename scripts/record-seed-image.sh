#!/bin/sh
# Records in an image what it ships in /nix: seed id, store paths, sizes, roots, profiles. Run it as the last step of an image
# build, after everything that changes the store, from a folder with the other scripts; nothing of this is left to do then at
# each start of a pod. A recording of another state of the image's Nix database or profiles is ignored.
#
# usage: record-seed-image.sh [NIX_FOLDER]     default /nix; writes NIX_FOLDER/.cdk8s-nix/
set -euf

here=${0%/*}
# shellcheck disable=SC2034 # the files of one script share their variables
program=record-seed-image
# shellcheck source=scripts/seed-warm.sh
. "$here/seed-warm.sh"
# shellcheck source=scripts/seed-process.sh
. "$here/seed-process.sh"
# shellcheck source=scripts/seed-log.sh
. "$here/seed-log.sh"
# shellcheck source=scripts/seed-image.sh
. "$here/seed-image.sh"
# shellcheck source=scripts/seed-nix.sh
. "$here/seed-nix.sh"
# shellcheck source=scripts/seed-plan.sh
. "$here/seed-plan.sh"

# Size and number of files are those on disk; archive_bytes is what Nix's database makes of the same paths.
record_image() {
  configure
  trap clean_up EXIT
  require_programs
  find_source
  make_work_folder
  image_features
  find_image_nix
  fingerprint_image
  find_nix
  [ -n "$nix" ] || die 21 "the seed image has no Nix that runs: none in its default profile, none in PATH"
  described='' recording=$SEED_SOURCE/.cdk8s-nix
  mkdir -p "$recording"
  list_image
  find_roots
  cp "$work/sizes" "$work/roots" "$recording/"
  image_profiles >"$recording/profiles"
  id=$(cat "$work/dump" "$recording/profiles" | sha256sum)
  du=$(program du)
  archive_bytes=0
  # shellcheck disable=SC2013
  for bytes in $(cut -f 2 "$work/sizes"); do archive_bytes=$((archive_bytes + bytes)); done
  {
    printf 'protocol=%s\nid=%s\nsystem=%s\n' "$RECORDING" "${id%% *}" "$(uname -m)"
    printf 'database=%s\nprofiles=%s\n' "$image_database" "$image_profiles"
    printf 'paths=%s\nbytes=%s\n' "$(wc -l <"$work/sizes")" "$(($("$du" -sk "$SEED_SOURCE/store" | cut -f 1) * 1024))"
    printf 'files=%s\narchive_bytes=%s\n' "$("$du" -s --inodes "$SEED_SOURCE/store" | cut -f 1)" "$archive_bytes"
  } >"$recording/image.new"
  mv -f "$recording/image.new" "$recording/image"
  cat "$recording/image"
}

# The names that no other path refers to, which is what has to be rooted.
find_roots() {
  on_image --dump-db >"$work/dump" 2>"$work/errors" || image_unreadable "the image's database"
  references_between_paths <"$work/dump" | sort -u >"$work/references"
  cut -f 1 "$work/sizes" | comm -23 - "$work/references" >"$work/roots"
}

# Reads what nix-store --dump-db prints: path, hash, size, deriver or nothing, number of references, references.
references_between_paths() {
  while read -r path; do
    read -r _ && read -r _ && read -r _ && read -r left
    while [ "$left" -gt 0 ]; do
      read -r reference
      [ "$reference" = "$path" ] || printf '%s\n' "${reference#/nix/store/}"
      left=$((left - 1))
    done
  done
}

SEED_SOURCE=${1:-/nix}
record_image
