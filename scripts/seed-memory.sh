#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What the seed before this one has noted: names that are registered, and the checksum of the database that says so. While the volume's
# database is the very same, byte by byte, Nix need not be asked about these names. Whatever registers or deletes a path changes it, and so does a
# database from somewhere else; then Nix is asked, as it is where the note is lost or torn. Nobody needs the note, so nothing fails for its sake.
# Sourced by seed-nix-store.sh.
#
# $ours/registered: the checksum, and below it the names, sorted. A note is true for its database at whatever time that comes back, so it matters only that
# the names were registered in the database that was summed:
#  - the first seed of a volume sums its copy of the image's database, before that is anybody else's;
#  - later ones sum that of the volume, in the end, and only where flock keeps collectors away all the while: nobody else takes away what is registered.

# usage: sum_database FILE      sets $sum; to nothing where a part of what the database says is not in this file
sum_database() {
  sum=
  [ -s "$1" ] && [ ! -s "$1-wal" ] && [ ! -s "$1-journal" ] || return 0
  sum=$({ sha256sum <"$1"; } 2>/dev/null) || sum=
  sum=${sum%% *}
}

# usage: recall FILE      writes the names that are known to be registered in the volume's database, most often none or all
recall() {
  : >"$1"
  [ -r "$ours/registered" ] || return 0
  noted=''
  read -r noted <"$ours/registered" || true
  sum_database "$volume/var/nix/db/db.sqlite"
  [ -n "$sum" ] && [ "$noted" = "$sum" ] || return 0
  tail -n +2 "$ours/registered" >"$1"
}

# usage: note_brought FILE      of the database that will be the volume's, in the holder's folder
note_brought() {
  [ "$names_registered" = yes ] || return 0
  sum_database "$1"
  [ -z "$sum" ] || write_note "$work/names"
}

# Of the volume's own database: the names while it still changes, and then the checksum. What was known before is known still.
note_names() {
  [ "$fresh" = no ] && [ "$guarded" = yes ] || return 0
  [ "$granted" = no ] || [ -e "$work/examined/whole" ] || return 0
  if [ -s "$work/examined/remembered" ]; then
    sort -m -u "$work/names" "$work/examined/remembered"
  else
    cat "$work/names"
  fi >"$work/noted"
}

note_sum() {
  [ -s "$work/noted" ] || return 0
  sum_database "$volume/var/nix/db/db.sqlite"
  [ -z "$sum" ] || write_note "$work/noted"
}

# usage: write_note NAMES     in the holder's folder; with the marker it gets its place
write_note() {
  { { echo "$sum" && cat "$1"; } >"$mine/registered" || rm -f "$mine/registered" || true; } 2>/dev/null
}
