#!/bin/sh
# Brings everything a seed image ships in /nix onto a store volume: once per image, safe to kill at any moment,
# never losing what the user installed. Runs as an ordinary user in an init container; see docs/seeding.md.
#
# Sourced from this script's own folder: seed-warm.sh and seed-log.sh, which each start needs, and, where there is something to do, seed-process.sh ·
# seed-image.sh and seed-volume.sh, the two sides · seed-reasons.sh · seed-nix.sh, seed-description.sh · store-lock.sh · seed-plan.sh, seed-granted.sh, seed-makers.sh,
# seed-memory.sh, seed-batches.sh, seed-copy.sh with sync-file-system.sh, seed-commit.sh, seed-register.sh, seed-trust.sh and seed-profiles.sh, the steps.
#
# Why neither a crash nor a rival can hurt. The order is: files, sync, roots, database, marker away, profiles, marker.
#  - Files are copied to a folder that belongs to the lock, where nobody looks, and move into store/ only when all of them
#    are there and durable. On an empty volume that folder becomes store/, by one rename.
#  - Nix takes a path for present only once its database says so, and that is one rename of a database (the first seed of a
#    volume) or one SQLite transaction (later ones), made when the files are durable. What lies in store/ unregistered is
#    rubbish to Nix and to us, and is replaced.
#  - Roots stand before the paths are registered, so that a garbage collector that begins later finds them; one that began
#    earlier is waited for, and then everything is looked for once more.
#  - The marker says that the volume holds an image. It goes before the first step that makes it untrue, and comes last.
#    Without it the next start repeats every step, and every step finds what is done already.
#  - Each change is a rename out of the lock's folder or into it: who has lost the lock can make none. See store-lock.sh. But Nix's transaction is none: who
#    finds the lock lost after it has Nix take out of the database what a collector has deleted before it (seed-register.sh, unregister_vanished).
#
# Environment (times in seconds):
#   SEED_SOURCE           /nix                   the image's nix folder, which holds store/ and var/
#   SEED_VOLUME           /mnt/nix-volume        the volume's root; only its folder nix/ is touched
#   SEED_IMAGE            unknown                image reference, for the marker and the log
#   SEED_JOBS                                    copies at a time; by default twelve for each processor that the container may use, 8 to 24
#   SEED_REPAIR           no                     yes: compare the content of what is there already with its hash
#                                                (the same once: touch /nix/.cdk8s-nix/repair)
#   SEED_WAL              yes                    no: the database does without its write-ahead log, which needs memory that
#                                                all its writers share; for volumes that several nodes write to
#   SEED_LOG              text                   text or json
#   SEED_LOCK_TIMEOUT     3600                   give up waiting for another seeder after this time; 0: never
#   SEED_LOCK_TTL         60                     a lock that gave no sign of life for this time is dead
#   SEED_PROGRESS         5                      time between two progress lines
#   SEED_TERMINATION_LOG  /dev/termination-log   where the last line of a failure goes as well
#   NIX_POD_UID                                  the uid of the pod: a lock of the same pod is that of a container that was killed
#   TMPDIR                /tmp                   for lists and a copy of the image's database
#   NIX_FOLDER                                   the volume's folder nix/ as the workload will see it: if set, check-nix-store.sh has
#                                                the last word, and makes the home; it has further variables
set -euf

here=${0%/*}
# shellcheck disable=SC2034 # the files of one script share their variables
program=seed-nix-store
# shellcheck source=scripts/seed-log.sh
. "$here/seed-log.sh"
# shellcheck source=scripts/seed-warm.sh
. "$here/seed-warm.sh"
steps_are_read=no

read_steps() {
  [ "$steps_are_read" = no ] || return 0
  steps_are_read=yes
  # shellcheck source=scripts/seed-process.sh
  . "$here/seed-process.sh"
  read_image
  # shellcheck source=scripts/seed-volume.sh
  . "$here/seed-volume.sh"
  # shellcheck source=scripts/seed-reasons.sh
  . "$here/seed-reasons.sh"
  # shellcheck source=scripts/seed-nix.sh
  . "$here/seed-nix.sh"
  # shellcheck source=scripts/store-lock.sh
  . "$here/store-lock.sh"
  # shellcheck source=scripts/seed-plan.sh
  . "$here/seed-plan.sh"
  # shellcheck source=scripts/seed-makers.sh
  . "$here/seed-makers.sh"
  # shellcheck source=scripts/seed-memory.sh
  . "$here/seed-memory.sh"
  # shellcheck source=scripts/seed-batches.sh
  . "$here/seed-batches.sh"
  # shellcheck source=scripts/sync-file-system.sh
  . "$here/sync-file-system.sh"
  # shellcheck source=scripts/seed-copy.sh
  . "$here/seed-copy.sh"
  # shellcheck source=scripts/seed-commit.sh
  . "$here/seed-commit.sh"
  # shellcheck source=scripts/seed-register.sh
  . "$here/seed-register.sh"
  # shellcheck source=scripts/seed-description.sh
  . "$here/seed-description.sh"
  # shellcheck source=scripts/seed-granted.sh
  . "$here/seed-granted.sh"
  # shellcheck source=scripts/seed-trust.sh
  . "$here/seed-trust.sh"
  # shellcheck source=scripts/seed-profiles.sh
  . "$here/seed-profiles.sh"
  trap lock_lost USR1
}

# usage: seed [ARGUMENT]...      the arguments are for the look at the store
seed() {
  find_source
  clock
  t_start=$time
  begin_fingerprint
  check_volume
  own_volume
  [ -z "${NIX_FOLDER:-}" ] || prepare_look "$@"
  identify_image
  if is_warm; then
    clear_tmp
    clear_leftovers
    clock
    hundredths=$((100 + (time - t_start) % 100))
    say warm "the volume holds this image already ($(((time - t_start) / 100)).${hundredths#1} s)" "image=$SEED_IMAGE"
    return 0
  fi
  read_steps
  require_programs
  make_work_folder
  look_ahead
  find_image_nix
  image_features
  open_volume
  check_schema
  check_system
  acquire_lock
  if [ "$lock_held" = no ] || is_warm; then
    say warm 'another seeder has brought this image meanwhile' "image=$SEED_IMAGE"
    return 0
  fi
  # Whoever had the lock before may have made it another one's.
  check_schema
  check_system
  ! is_fresh || examine_modes
  hold_off_garbage_collector
  clear_strays
  drop_torn_schema
  drop_log
  tries=0
  bring_image
  while [ "$again" = yes ]; do
    tries=$((tries + 1))
    if [ -s "$work/vanished" ]; then
      [ "$tries" -lt 6 ] || die 50 "$(head -n 1 "$work/vanished") vanished from the store: is somebody deleting there?"
      say again "$(wc -l <"$work/vanished") paths vanished, by a garbage collector that began earlier; bringing them once more"
    else
      say again "$why_again; comparing once more, path by path"
    fi
    forget_try
    bring_image
  done
  clock
  say seeded "seeded $total_paths paths, $((total_bytes / 1048576)) MiB in $(seconds $((time - t_start))) s: \
plan $(seconds $((t_copy - t_plan))) s, copy $(seconds $((t_sync - t_copy))) s, sync $(seconds $((t_register - t_sync))) s, \
register $(seconds $((time - t_register))) s" "paths=$total_paths" "bytes=$total_bytes" "centiseconds=$((time - t_start))"
}

# The steps, in the order that the proof above rests on. Ends early, for another try ($again), if what was taken for granted is not so, or if a garbage
# collector has been faster: $work/vanished says what it took. (Not by its exit status: the shell would go on after each failure inside of it.)
bring_image() {
  again=yes
  : >"$work/vanished"
  plan
  check_space
  await_tools
  count_names
  say plan "bringing $total_paths of $names_count paths, $((total_bytes / 1048576)) MiB, $SEED_JOBS at a time" \
    "paths=$total_paths" "bytes=$total_bytes"
  copy
  make_durable
  check_rest
  make_ready
  await_preparation
  await_modes
  store_holds_true || return 0
  is_still_missing || return 0
  place
  root_image
  start_loader
  image_holds_true || return 0
  ask_for_trust
  register
  outlast_garbage_collector
  find_vanished
  find_spoilt
  if [ -s "$work/vanished" ]; then
    await_trust
    return 0
  fi
  again=no
  withdraw_marker
  forget_other_images 2>"$work/forget-errors" &
  helpers="$helpers $!" forgetting=$!
  switch_profiles
  await_forgetting
  await_trust
  write_marker
}

# What a killed upgrade has left is in the way of nothing but space: whoever comes back to the image before it finds it warm.
clear_leftovers() {
  set +f
  for old in "$ours"/dead.* "$ours"/stage.* "$ours"/gone.* "$ours"/lock/owner.*/stage; do
    if [ -e "$old" ] && [ -w "$ours" ]; then
      set -f
      read_steps
      make_work_folder
      clearing=yes
      if try_lock; then
        discard_leftovers
        release_lock
      fi
      clearing=no
      return 0
    fi
  done
  set -f
}

# What may have to be cleaned up is known to the steps alone, and where they are not read, why it ended all the same.
end() {
  status=$?
  [ "$status" != 0 ] || [ "$steps_are_read" = yes ] || return 0
  read_steps
  clean_up "$status"
}

main() {
  configure
  # A process that is PID 1 gets no signal it does not ask for.
  trap end EXIT
  trap 'keep_stage=yes; die 143 "stopped by a signal before the store was complete"' TERM INT HUP
  seed "$@"
  if [ -n "${NIX_FOLDER:-}" ]; then look_at_store "$@"; fi
}

# What the look at the store reads before it looks.
# usage: prepare_look [ARGUMENT]...
prepare_look() {
  # shellcheck source=scripts/store-links.sh
  . "$here/store-links.sh"
  # shellcheck source=scripts/link-certificates.sh
  . "$here/link-certificates.sh"
  [ $# = 0 ] || {
    # shellcheck source=scripts/program-starts.sh
    . "$here/program-starts.sh"
  }
  recall_links "$NIX_FOLDER/.cdk8s-nix/links"
  look_is_prepared=yes
}

# What it says and how it ends is what it says and how it ends alone.
look_at_store() {
  if [ "$steps_are_read" = no ]; then
    trap - EXIT
    trap : TERM INT HUP
  else
    clean_up 0
    # The links may be others now.
    look_is_prepared=no
  fi
  exec 6>&- 8>&- 9>&-
  set +f
  # shellcheck source=scripts/check-nix-store.sh
  . "$here/check-nix-store.sh"
}

main "$@"
