#!/bin/sh
# Brings everything a seed image ships in /nix onto a store volume: once per image, safe to kill at any moment,
# never losing what the user installed. Runs as an ordinary user in an init container; see docs/seeding.md.
#
# usage: seed-nix-store.sh          seed the volume
#        seed-nix-store.sh record   record in the image itself what it ships (at image build, see record-seed-image.sh)
#
# Why a crash cannot hurt. The order is: files, sync, roots, database, profiles, marker.
#  - Files are copied to .cdk8s-nix/stage.*, where nobody looks, and move into store/ only when all of them are there
#    and durable.
#  - Nix takes a path for present only once its database says so, and that is one SQLite transaction, made when the
#    files are durable. What lies in store/ unregistered is rubbish to Nix and to us, and is replaced.
#  - Roots stand before the paths are registered, so that no garbage collector finds them unrooted.
#  - The marker comes last. Without it the next start repeats every step, and every step finds what is done already.
#
# Environment (times in seconds):
#   SEED_SOURCE           /nix                   the image's nix folder, which holds store/ and var/
#   SEED_VOLUME           /mnt/nix-volume        the volume's root; only its folder nix/ is touched
#   SEED_IMAGE            unknown                image reference, for the marker and the log
#   SEED_JOBS             8                      copies at a time
#   SEED_REPAIR           no                     yes: compare the content of what is there already with its hash
#                                                (the same once: touch /nix/.cdk8s-nix/repair)
#   SEED_WAL              yes                    no: the database does without its write-ahead log, which needs memory that
#                                                all its writers share; for volumes that several nodes write to
#   SEED_LOG              text                   text or json
#   SEED_LOCK_TIMEOUT     3600                   give up waiting for another seeder after this time; 0: never
#   SEED_LOCK_TTL         60                     a lock that gave no sign of life for this time is dead
#   SEED_PROGRESS         5                      time between two progress lines
#   SEED_TERMINATION_LOG  /dev/termination-log   where the last line of a failure goes as well
#   TMPDIR                /tmp                   for lists and a copy of the image's database
set -euf
umask 022
LC_ALL=C
export LC_ALL
unset NIX_REMOTE

PROTOCOL=1
TAB='	'
NL='
'

here=${0%/*}
# shellcheck source=scripts/seed-process.sh
. "$here/seed-process.sh"
# shellcheck source=scripts/seed-log.sh
. "$here/seed-log.sh"
# shellcheck source=scripts/seed-image.sh
. "$here/seed-image.sh"
# shellcheck source=scripts/seed-volume.sh
. "$here/seed-volume.sh"
# shellcheck source=scripts/store-lock.sh
. "$here/store-lock.sh"
# shellcheck source=scripts/seed-plan.sh
. "$here/seed-plan.sh"
# shellcheck source=scripts/seed-copy.sh
. "$here/seed-copy.sh"
# shellcheck source=scripts/seed-commit.sh
. "$here/seed-commit.sh"

seed() {
  check_source
  clock
  t_start=$time
  identify_image
  check_volume
  own_volume
  if is_warm; then
    clock
    say warm "the volume holds this image already ($(seconds $((time - t_start))) s)" "image=$SEED_IMAGE"
    return
  fi
  make_work_folder
  open_volume
  check_schema
  acquire_lock
  if [ "$locked" = no ] || is_warm; then
    say warm 'another seeder has brought this image meanwhile' "image=$SEED_IMAGE"
    return
  fi
  bring_image
}

bring_image() {
  drop_torn_database
  drop_log
  plan
  check_space
  say plan "bringing $total_paths of $(wc -l <"$work/names") paths, $((total_bytes / 1048576)) MiB, $SEED_JOBS at a time" \
    "paths=$total_paths" "bytes=$total_bytes"
  copy
  make_durable
  place
  root_image
  register
  switch_profiles
  forget_other_images
  # With the marker in place the next start has no reason to look for what is left here.
  discard "$stage"
  write_marker
  clock
  say seeded "seeded $total_paths paths, $((total_bytes / 1048576)) MiB in $(seconds $((time - t_start))) s: \
plan $(seconds $((t_copy - t_plan))) s, copy $(seconds $((t_sync - t_copy))) s, sync $(seconds $((t_register - t_sync))) s, \
register $(seconds $((time - t_register))) s" "paths=$total_paths" "bytes=$total_bytes" "centiseconds=$((time - t_start))"
}

main() {
  configure
  # A process that is PID 1 gets no signal it does not ask for.
  trap clean_up EXIT
  trap 'keep_stage=yes; die 143 "stopped by a signal before the store was complete"' TERM INT HUP
  trap 'die 41 "the lock was lost to another seeder: this one gave no sign of life for too long"' USR1
  case ${1:-} in
    '') seed ;;
    record) record_image ;;
    *) die 10 "unknown argument '$1'" ;;
  esac
}

main "$@"
