#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The store volume: may it be seeded, and does it hold the image already?
# Sourced by seed-nix-store.sh.
#
# usage: foreign_entry FOLDER ALLOWED...   prints the first entry of a folder that is not allowed
foreign_entry() {
  # shellcheck disable=SC2012 # find is not part of coreutils
  ls -A "$1" | while IFS= read -r entry; do
    case " $2 " in *" $entry "*) ;; *) echo "$entry" && break ;; esac
  done
}

is_store() {
  [ -d "$volume/store" ] && [ -e "$volume/var/nix/db/db.sqlite" ]
}

check_volume() {
  [ -d "$SEED_VOLUME" ] || die 11 "no volume is mounted at $SEED_VOLUME"
  if [ ! -e "$volume" ]; then
    stranger=$(foreign_entry "$SEED_VOLUME" 'lost+found nix home')
  elif [ -d "$ours" ] || is_store; then
    stranger=
  else
    stranger=$(foreign_entry "$volume" 'lost+found')
  fi
  [ -z "$stranger" ] || die 14 "the volume holds '$stranger' and no Nix store; refusing to seed it: give an empty volume"
}

# Makes our folder, which also tells whether the volume can be written to.
open_volume() {
  { mkdir -p "$ours" && touch "$ours/probe" "$ours/flock"; } 2>"$work/errors" || why_unwritable
  [ ! -d "$volume/store" ] || [ -w "$volume/store" ] || why_unwritable
  [ ! -e "$volume/var/nix/db/db.sqlite" ] || [ -w "$volume/var/nix/db/db.sqlite" ] || why_unwritable
}

why_unwritable() {
  case $(cat "$work/errors") in
    *'Read-only file system'*) die 12 "the volume at $SEED_VOLUME is read-only" ;;
    *'No space left on device'* | *'quota exceeded'*) out_of_space ;;
  esac
  die 13 "the volume at $SEED_VOLUME is not writable by user $(id -u), group $(id -g): set fsGroup or the owner of the volume"
}

# SQLite's file format: byte 18 of the database is 2 if it has a write-ahead log.
has_unwanted_log() {
  database=$volume/var/nix/db/db.sqlite
  [ "$wal" = false ] && [ -e "$database" ] && [ "$(od -An -tu1 -j18 -N1 "$database" | tr -d ' ')" = 2 ]
}

# Told to do without the log, Nix cannot open a database that has one, as a clone of an unshared volume does. The last to
# close such a database empties its log; then two bytes make it one without.
drop_log() {
  has_unwanted_log || return 0
  require_nix
  wal=true
  on_volume --check-validity --print-invalid "$nix" >/dev/null 2>"$work/errors" ||
    die 52 "Nix cannot read the volume's database: $(tail -n 1 "$work/errors")"
  wal=false
  [ ! -s "$database-wal" ] || die 52 "somebody uses the volume's database with a write-ahead log; stop all pods that use the volume first"
  printf '\001\001' | dd of="$database" bs=1 seek=18 conv=notrunc 2>"$work/errors" || die 52 "cannot write to $database: $(tail -n 1 "$work/errors")"
  rm -f "$database-shm" "$database-wal"
}

# Nix sets the mode of these folders at each start, which only their owner can do.
own_volume() {
  set +f
  for folder in "$volume"/var/nix/profiles/per-user "$volume"/var/nix/profiles/per-user/* \
    "$volume"/var/nix/gcroots/per-user "$volume"/var/nix/gcroots/per-user/*; do
    # shellcheck disable=SC3067 # dash, bash and busybox know -O, and it costs no process
    [ ! -d "$folder" ] || [ -O "$folder" ] || sh "${0%/*}/own-folder.sh" "$folder" 2>/dev/null ||
      die 13 "$folder belongs to another user, and user $(id -u), group $(id -g) cannot take it over"
  done
  set -f
}

# Nix does not make sure that a new database and the number of its schema reach the disk together. Until the first seed of
# a volume is complete, no workload has used its database, so it can begin anew.
drop_torn_database() {
  [ -e "$ours/fresh" ] || return 0
  for file in schema db.sqlite db.sqlite-wal db.sqlite-shm; do rm -f "$volume/var/nix/db/$file"; done
}

check_schema() {
  [ -e "$volume/var/nix/db/schema" ] && [ ! -e "$ours/fresh" ] || return 0
  read -r has <"$volume/var/nix/db/schema" || true
  read -r knows <"$SEED_SOURCE/var/nix/db/schema" || true
  [ "$has" -le "$knows" ] 2>/dev/null ||
    die 15 "the volume's Nix store has schema '$has', the seed image's Nix knows '$knows': use a newer seed image"
}

# The volume holds exactly this image: two small files say so. No process, no walk.
is_warm() {
  seed_protocol='' seed_id='' seed_nix=''
  [ -r "$ours/seed" ] || return 1
  read_facts "$ours/seed" seed_
  [ "$seed_protocol" = "$PROTOCOL" ] && [ "$seed_id" = "$image_id" ] && [ "$SEED_REPAIR" = no ] && [ ! -e "$ours/repair" ] &&
    ! has_unwanted_log && is_store && [ -e "$volume/store/${seed_nix#/nix/store/}" ]
}
