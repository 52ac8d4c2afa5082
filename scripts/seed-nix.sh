#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# Nix itself, as the image has it, and how it is asked of the image and of the volume.
# Sourced by seed-nix-store.sh and record-seed-image.sh.

# Nix as the image has it. It only runs at /nix, and that is the image itself or, where the image is mounted elsewhere, the
# store volume: then it cannot run before it is copied, unless an older one lies there.
find_nix() {
  nix=$image_nix/bin/nix-store
  [ -x "$nix" ] || nix=/nix/var/nix/profiles/default/bin/nix-store
  # To some shells a file that nobody can run is a command too.
  [ -x "$nix" ] || { nix=$(command -v nix-store) && [ -x "$nix" ]; } || nix=
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
# In the background too, so that its errors are not those of anybody else.
open_image() {
  [ -z "$image_folder" ] || return 0
  image_folder=$work/image
  await_opening
  # One of our own has done so in the background.
  [ ! -e "$image_folder/opened" ] || return 0
  if [ -e "$database" ]; then
    copy_image_database 2>"$work/image-errors" ||
      die 10 "cannot copy the image's database to TMPDIR ($TMPDIR): $(head -n 1 "$work/image-errors")"
  else
    make_image_folder
    require_nix
    on_image --load-db <"$registration" 2>"$work/image-errors" || { cat "$work/image-errors" >"$work/errors" && image_unreadable "$registration"; }
  fi
  : >"$image_folder/opened"
}

# Who opens the image in the background cannot wait for what this shell has begun.
await_opening() {
  [ -z "$opening" ] || wait "$opening" || true
  opening=
}

# Never mkdir -p: who is late with it in the background does not bring back the folder of lists.
make_image_folder() {
  for folder in "$image_folder" "$image_folder/db"; do [ -d "$folder" ] || mkdir "$folder" || return 1; done
}

# Not as read-only as it may be there.
copy_image_database() {
  make_image_folder || return 1
  for file in db.sqlite db.sqlite-wal schema ca-schema; do
    [ ! -s "$SEED_SOURCE/var/nix/db/$file" ] || cat "$SEED_SOURCE/var/nix/db/$file" >"$image_folder/db/$file" || return 1
  done
  [ "$wal" = true ] || leave_image_log
}

# A Nix that is to do without logs cannot open a database that has one.
leave_image_log() {
  if [ -s "$image_folder/db/db.sqlite-wal" ]; then
    find_nix
    wal=true
    on_image --check-validity --print-invalid /nix/store >/dev/null 2>&1 || true
    wal=false
    [ ! -s "$image_folder/db/db.sqlite-wal" ] || { echo 'its log cannot be read' >&2 && return 1; }
  fi
  rm -f "$image_folder/db/db.sqlite-wal" "$image_folder/db/db.sqlite-shm"
  without_log "$image_folder/db/db.sqlite"
}

# usage: on_image ARGUMENT...      nix-store on the image
on_image() {
  image_url
  "$nix" --option use-sqlite-wal "$wal" --option gc-reserved-space 0 --option extra-experimental-features "$features" --store "$image_url" "$@"
}

# The image, for Nix. Asked of each path once, it need not remember all of them, which takes 1.6 KB a path.
image_url() {
  image_url="local?state=$image_folder&real=$SEED_SOURCE/store&path-info-cache-size=4096"
}

# Nix puts 8 MiB beside each database, for a collector on a full disk to give back, and takes what there is where that is less. TMPDIR need not have them, and
# on the volume it is left to the workload's Nix. What it has put there stays as it is. (Of $reserved bytes; of somebody who came after that was looked up, all.)
keep_reserve() {
  reserve=$reserved
  if [ ! -s "$volume/var/nix/db/reserved" ]; then reserve=0; elif [ "$reserve" = 0 ]; then reserve=8388608; fi
}

# Sets $aside_kib, what Nix will still put there, and needs to work beside it: without, the workload could not open its database.
measure_reserve() {
  keep_reserve
  aside_kib=0
  [ "$reserve" -ge 8388608 ] || aside_kib=$((9216 - reserve / 1024))
}

# usage: nix_command ARGUMENT...   the newer command line, which a seed image need not have
nix_command() {
  command=${nix%-store}
  [ -x "$command" ] || { command=$(command -v nix) && [ -x "$command" ]; } || return 1
  "$command" --option use-sqlite-wal "$wal" --option gc-reserved-space 0 --extra-experimental-features "$features" "$@"
}

# usage: on_volume ARGUMENT...     nix-store on the volume
on_volume() {
  keep_reserve
  "$nix" --option use-sqlite-wal "$wal" --option gc-reserved-space "$reserve" --option extra-experimental-features "$features" \
    --store "local?state=$volume/var/nix&real=$volume/store&log=$volume/var/log/nix" "$@"
}

# usage: image_unreadable WHAT     Nix' complaint is in $work/errors
image_unreadable() {
  blame_architecture "$work/errors"
  # What Nix needs for a moment is free again when it says so.
  case $(cat "$work/errors") in *'disk is full'* | *'No space left on device'*) die 10 "$tmp_is_full" ;; esac
  die 20 "Nix cannot read $1: $(tail -n 1 "$work/errors")"
}

# usage: blame_architecture COMPLAINTS      ends the script if Nix is a program for another machine. Some shells do not say so, but read it as a script.
blame_architecture() {
  case $(cat "$1") in
    *'xec format error'* | *'cannot execute binary'*) ;;
    *'syntax error'* | *'not found'*) is_foreign "$nix" || return 0 ;;
    *) return 0 ;;
  esac
  die 21 "the seed image's Nix is for another architecture than $(uname -m), the node's"
}

# usage: is_foreign PROGRAM      whether it has been made for another machine than the program that looks
is_foreign() {
  its_machine=$(machine_of "$1") && [ -n "$its_machine" ] && [ "$its_machine" != "$(machine_of /proc/self/exe)" ]
}

# usage: machine_of PROGRAM      as bytes 18 and 19 of an ELF file have it; nothing where it is none
machine_of() {
  # shellcheck disable=SC2046
  set -- $(od -An -tx1 -N 20 "$1" 2>/dev/null)
  [ "${1:-}${2:-}${3:-}${4:-}" != 7f454c46 ] || echo "${19} ${20}"
}
