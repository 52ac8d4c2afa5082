#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What has to be brought, and whether there is room for it.
# Sourced by seed-nix-store.sh.
#
# usage: in_chunks LIST COMMAND [ARGUMENT]...   runs the command with the lines of the list as further arguments
in_chunks() {
  list=$1
  shift
  [ -s "$list" ] || return 0
  split -a 4 -l 500 "$list" "$work/chunk."
  chunks=$(set +f && echo "$work"/chunk.*)
  for chunk in $chunks; do
    # shellcheck disable=SC2046
    "$@" $(cat "$chunk") || return 1
  done
  # shellcheck disable=SC2086
  rm -f $chunks
}

# Names to bring: what the volume lacks, and what lies there without being registered or, if asked, damaged.
plan() {
  phase plan
  t_plan=$time
  if [ -z "$described" ]; then
    described=$work
    describe_image "$work"
  fi
  cut -f 1 "$described/registration" >"$work/names"
  mkdir -p "$volume/store"
  store_names >"$work/there"
  comm -12 "$work/names" "$work/there" >"$work/present"
  find_rubbish
  comm -23 "$work/names" "$work/there" | sort - "$work/rubbish" >"$work/missing"
  adopt_stage
  comm -23 "$work/missing" "$work/kept" | join -t "$TAB" -o 2.4,1.1 - "$described/registration" | sort -rn >"$work/sizes"
}

# Names that lie in the volume's store and have to be replaced. Where no Nix runs yet to tell (image volume), all of them.
find_rubbish() {
  : >"$work/rubbish"
  [ -s "$work/present" ] || return 0
  find_nix
  if [ ! -e "$volume/var/nix/db/db.sqlite" ] || [ -z "$nix" ]; then
    cp "$work/present" "$work/rubbish"
    return
  fi
  as_paths <"$work/present" >"$work/paths"
  in_chunks "$work/paths" on_volume --check-validity --print-invalid >"$work/invalid" 2>"$work/errors" ||
    die 52 "Nix cannot read the volume's database: $(tail -n 1 "$work/errors")"
  cut -c 12- "$work/invalid" | sort >"$work/rubbish"
  if [ "$SEED_REPAIR" != no ] || [ -e "$ours/repair" ]; then
    comm -23 "$work/present" "$work/rubbish" | as_paths >"$work/paths"
    in_chunks "$work/paths" report_damaged >"$work/damaged"
    cut -c 12- "$work/damaged" | sort -o "$work/rubbish" - "$work/rubbish"
  fi
}

store_names() {
  # shellcheck disable=SC2012 # find is not part of coreutils, and store names have no odd characters
  ls -A "$volume/store" | sort
}

as_paths() {
  while read -r name; do echo "/nix/store/$name"; done
}

# Asks for many at once, and one by one where something is wrong, since Nix stops at a path it cannot read.
report_damaged() {
  on_volume --verify-path "$@" >/dev/null 2>&1 && return
  for path in "$@"; do
    on_volume --verify-path "$path" >/dev/null 2>&1 || echo "$path"
  done
}

# Free space in KiB and free inodes; a file system that does not limit inodes has 0 of 0.
measure_volume() {
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S %d %c' "$volume")
  free_kib=$(($1 * $2 / 1024)) free_inodes=$3
  [ "$4" != 0 ] || free_inodes=unlimited
}

# The database knows the size of archives; where the image carries a recording, that tells what a disk makes of them.
check_space() {
  total_bytes=0 total_paths=0
  while read -r bytes _; do
    total_bytes=$((total_bytes + bytes)) total_paths=$((total_paths + 1))
  done <"$work/sizes"
  [ "$total_paths" -gt 0 ] || return 0
  measure_volume
  needed_kib=$((total_bytes / 1024 + total_paths)) needed_inodes=$total_paths
  if [ -n "$image_archive_bytes" ]; then
    archive_kib=$((image_archive_bytes / 1024 + 1))
    needed_inodes=$((needed_kib * image_files / archive_kib))
    needed_kib=$((needed_kib * (image_bytes / 1024) / archive_kib))
  fi
  [ "$free_kib" -ge "$needed_kib" ] ||
    die 30 "not enough space on the volume: $needed_kib KiB needed, $free_kib KiB free"
  [ "$free_inodes" = unlimited ] || [ "$free_inodes" -ge "$needed_inodes" ] ||
    die 31 "not enough inodes on the volume: $needed_inodes needed, $free_inodes free"
}
