#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The store volume: may it be seeded?
# Sourced by seed-nix-store.sh.

# usage: foreign_entry FOLDER      prints the first entry of a folder that neither we nor the storage have put there
foreign_entry() {
  # shellcheck disable=SC2012 # find is not part of coreutils
  ls -A "$1" | while IFS= read -r entry; do
    case $entry in
      nix | home | lost+found) ;;
      # What file servers, quotas and volume managers keep in each volume.
      .snapshot | .snapshots | .zfs | .Trash-* | .Trashes | @eaDir | '#recycle' | '#snapshot' | aquota.* | quota.* | .nfs* | .fuse_hidden* | .glusterfs | \
        .shareinfo | .stfolder | [$]RECYCLE.BIN | 'System Volume Information') ;;
      # Another seeder has just begun.
      .cdk8s-nix | store | var) [ -d "$ours" ] || { echo "$entry" && break; } ;;
      *) echo "$entry" && break ;;
    esac
  done
}

refuse_strangers() {
  stranger=$(foreign_entry "$SEED_VOLUME")
  [ ! -d "$volume" ] || [ -n "$stranger" ] || stranger=$(foreign_entry "$volume")
  [ -z "$stranger" ] ||
    die 14 "the volume holds '$stranger' and no Nix store; refusing to seed it: give an empty volume"
}

# Until the first seed is complete, there is no database. (An earlier version of this script left a mark instead, fresh.)
is_fresh() {
  [ ! -e "$volume/var/nix/db/db.sqlite" ] || [ -e "$ours/fresh" ]
}

# Makes our folder, which also tells whether the volume can be written to.
open_volume() {
  make_our_folder || replace_foreign_folder || why_unwritable
  [ ! -d "$volume/store" ] || [ -w "$volume/store" ] || not_writable
  [ ! -e "$volume/var/nix/db/db.sqlite" ] || [ -w "$volume/var/nix/db/db.sqlite" ] || not_writable
}

make_our_folder() {
  { { [ -d "$ours" ] || mkdir -p "$ours"; } && touch "$ours/probe" "$ours/flock"; } 2>"$work/errors"
}

# The kubelet makes the folder of a subPath as root, and gives it to the fsGroup only where the storage knows about that.
# Whoever may write to the root of the volume may put another one there.
replace_foreign_folder() {
  [ -d "$volume" ] && [ ! -w "$volume" ] && [ -z "$(ls -A "$volume")" ] || return 1
  cat "$work/errors" >"$work/first-errors"
  { rmdir "$volume" && make_our_folder; } 2>"$work/errors" && return 0
  cat "$work/first-errors" >"$work/errors"
  return 1
}

why_unwritable() {
  blame_volume "$work/errors"
  not_writable
}

not_writable() {
  die 13 "the volume at $SEED_VOLUME is not writable by user $(id -u), group $(id -g): set fsGroup or the owner of the volume"
}

# Nobody needs the lock only to clear away what is left over.
lock_fails() {
  [ "$clearing" = yes ] || why_unwritable
}

lock_is_refused() {
  blame_volume "$work/lock-errors"
  die 50 "cannot take the lock $lock, which nobody holds: $(tail -n 1 "$work/lock-errors")"
}

# A store is made of read-only files, programs and links. And what Nix has built it only takes if nobody else could have
# written to it, which a default ACL of the volume decides rather than the umask.
examine_modes() {
  probe_modes || no_such_files
  judge_modes
}

# Where there has been a store so far, the answer is not waited for until something is to move there.
examine_modes_beside() {
  (trap - EXIT USR1 TERM INT HUP && probe_modes) &
  helpers="$helpers $!" modes=$!
}

await_modes() {
  [ -n "$modes" ] || return 0
  wait "$modes" || no_such_files
  modes=''
  judge_modes
}

probe_modes() {
  probe=$mine/probe
  { mkdir "$probe" && true >"$probe/new" && true >"$probe/program" && true >"$probe/file" && ln -s nowhere "$probe/link" &&
    chmod 0555 "$probe/program" && chmod 0444 "$probe/file" && (cd "$probe" && stat -c %a new program file) >"$work/modes"; } 2>"$work/mode-errors"
}

judge_modes() {
  { read -r new && read -r program_mode && read -r file_mode; } <"$work/modes"
  [ "$program_mode$file_mode" = 555444 ] ||
    die 17 "the volume at $SEED_VOLUME does not keep the modes of files: a Nix store cannot live there; use another file system"
  [ "$new" = 644 ] || say warning "warning: new files on the volume get mode $new instead of 644, by a default ACL or the file server's own mask. \
Nix will reject what it builds there ('suspicious ownership or permission'); what the image ships works. Remove it: setfacl -R -k" "mode=$new"
}

no_such_files() {
  must_hold_lock
  blame_volume "$work/mode-errors"
  die 17 "the volume at $SEED_VOLUME cannot hold a Nix store: $(tail -n 1 "$work/mode-errors")"
}

# Files of ours that are something else, as nobody would make them, are in the way of those that should be there.
clear_strays() {
  for name in seed registered unsigned history profiles; do
    if [ ! -e "$ours/$name" ] || [ -f "$ours/$name" ]; then continue; fi
    mv -T "$ours/$name" "$ours/gone.$token.$name" 2>"$work/errors" || why_not_moved
    discard "$ours/gone.$token.$name"
  done
}

# Where it is not there, Nix makes it once more, and what belongs to it, as far as that is not there.
drop_torn_schema() {
  ! is_schema_torn || mv -f "$volume/var/nix/db/ca-schema" "$mine/ca-schema" 2>"$work/errors" || why_not_moved
}

# Told to do without the log, Nix cannot open a database that has one, as a clone of an unshared volume does. The last to
# close such a database empties its log; then two bytes make it one without.
drop_log() {
  ! is_fresh || return 0
  has_unwanted_log || return 0
  require_nix
  wal=true
  on_volume --check-validity --print-invalid "$nix" >/dev/null 2>"$work/errors" || volume_unreadable
  wal=false
  [ ! -s "$volume_database-wal" ] || die 52 "somebody uses the volume's database with a write-ahead log; stop all pods that use the volume first"
  without_log "$volume_database" 2>"$work/errors" || cannot_drop_log
  for file in "$volume_database-shm" "$volume_database-wal"; do
    [ ! -e "$file" ] || mv -f "$file" "$mine/" 2>"$work/errors" || why_not_moved
  done
}

cannot_drop_log() {
  blame_volume "$work/errors"
  die 52 "cannot write to $volume_database: $(tail -n 1 "$work/errors")"
}

# usage: without_log FILE
without_log() {
  printf '\001\001' | dd of="$1" bs=1 seek=18 conv=notrunc 2>/dev/null
}

# usage: COMMAND || volume_unreadable      Nix' complaint is in $work/errors
volume_unreadable() {
  status=$?
  blame_architecture "$work/errors"
  blame_volume "$work/errors" "$status"
  die 52 "Nix cannot read the volume's database: $(tail -n 1 "$work/errors")"
}

check_schema() {
  [ -e "$volume/var/nix/db/schema" ] && ! is_fresh || return 0
  has='' knows=''
  { read -r has <"$volume/var/nix/db/schema"; } 2>"$work/errors" || [ ! -s "$work/errors" ] || cannot_read_schema
  [ -n "$has" ] || die 52 "$volume/var/nix/db/schema is empty"
  [ ! -e "$SEED_SOURCE/var/nix/db/schema" ] || read -r knows <"$SEED_SOURCE/var/nix/db/schema" || true
  [ -n "$knows" ] || knows=$has
  [ "$has" -le "$knows" ] 2>/dev/null ||
    die 15 "the volume's Nix store has schema '$has', the seed image's Nix knows '$knows': use a newer seed image"
}

cannot_read_schema() {
  blame_volume "$work/errors"
  die 50 "cannot read $volume/var/nix/db/schema: $(tail -n 1 "$work/errors")"
}

# What one architecture has built, another one cannot run, and both would share one database and one default profile.
check_system() {
  [ -n "$system" ] || { wait "$naming_system" && { read -r system && read -r reserved; } <"$work/system"; } || system=$(uname -m)
  [ -z "$image_system" ] || [ "$image_system" = "$system" ] || die 16 "the seed image is for $image_system, and this node is $system: use an image for it"
  [ -z "$seed_system" ] || [ "$seed_system" = "$system" ] ||
    die 16 "the volume's store is for $seed_system, and this node is $system: keep the pod on nodes of one architecture (nodeSelector kubernetes.io/arch), or give it another volume"
}

# What lies in the store, in the order that comm and join want: it is that of bytes for all of them. Some ls, as that of a busybox, look at each entry, and complain
# of those that somebody has removed in the meantime.
list_store() {
  [ -z "$searching" ] || { wait "$searching" || true; searching=; }
  ! print_store >"$work/there" 2>"$work/list-errors" || [ -s "$work/list-errors" ] || return 0
  [ -s "$work/list-errors" ] || die 50 "cannot list $volume/store: ls was killed"
  blame_volume "$work/list-errors"
  while IFS= read -r complaint; do
    case $complaint in *"$volume/store/"*'No such file'*) ;; *) die 50 "cannot list $volume/store: $complaint" ;; esac
  done <"$work/list-errors"
}

print_store() {
  if [ -e "$work/line-feeds" ]; then print_path_names "$volume/store"; else ls "$volume/store"; fi
}

lock_is_moot() {
  is_warm
}
