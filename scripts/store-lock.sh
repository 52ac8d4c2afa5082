#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# One at a time.
# Sourced by seed-nix-store.sh.
#
# A folder, because mkdir is exclusive everywhere, NFS included. Inside lies one file, named after its holder, which the
# holder touches while it lives: taking over a dead lock is renaming that very file, so only one of many waiters wins
# and a living holder cannot be robbed by a waiter that was slow to judge. Where flock works, the kernel tells at once
# that a holder on the same node is dead; elsewhere its last sign of life has to be SEED_LOCK_TTL old.

acquire_lock() {
  read -r token </proc/sys/kernel/random/uuid
  read -r boot </proc/sys/kernel/random/boot_id
  exec 9>>"$ours/flock"
  start_waiting
  until take_lock; do
    is_warm && return
    holder=$(set +f && cd "$lock" 2>/dev/null && echo owner.*) || continue
    if holder_is_dead; then
      take_over && break
    else
      keep_waiting 'for the seeder that holds the lock'
    fi
  done
  locked=yes
  start_pulse
  hold_off_garbage_collector
}

take_lock() {
  if ! mkdir "$lock" 2>"$work/errors"; then
    [ -d "$lock" ] || [ ! -s "$work/errors" ] || case $(cat "$work/errors") in *'File exists'*) ;; *) why_unwritable ;; esac
    return 1
  fi
  sign_lock
}

# The holder's file says where it runs and whether flock tells if it lives.
sign_lock() {
  flocked=no
  if command -v flock >/dev/null 2>&1 && flock -n 9 2>/dev/null; then flocked=yes; fi
  [ -d "$lock" ] || return 1
  printf 'boot=%s\nflock=%s\nhost=%s\nimage=%s\n' "$boot" "$flocked" "$(uname -n)" "$SEED_IMAGE" >"$work/owner"
  cp "$work/owner" "$lock/owner.$token" 2>"$work/errors" && return
  # Without a holder's file in it, whoever waits may remove the folder; then all begins anew.
  [ -d "$lock" ] || return 1
  release_lock
  why_unwritable
}

# A folder without a holder's file is what is left of a seeder that died between making the two. Removing it is safe at
# any time, for a folder with a file in it does not go away, and a seeder that finds its folder gone begins anew.
holder_is_dead() {
  if [ "$holder" = 'owner.*' ]; then
    older_than 2 "$lock"
    return
  fi
  case $(cat "$lock/$holder" 2>/dev/null) in
    *"boot=$boot${NL}flock=yes"*) flock -n 9 2>/dev/null && return ;;
  esac
  older_than "$SEED_LOCK_TTL" "$lock/$holder"
}

# By the clock of the volume's server on both sides: nodes disagree about the time.
older_than() {
  touch "$ours/probe"
  beat=$(stat -c %Y "$2" 2>/dev/null) || return 1
  [ $(($(stat -c %Y "$ours/probe") - beat)) -gt "$1" ]
}

take_over() {
  if [ "$holder" = 'owner.*' ]; then
    rmdir "$lock" 2>/dev/null || true
    return 1
  fi
  if mv "$lock/$holder" "$lock/owner.$token" 2>/dev/null; then
    say lock 'the seeder that held the lock is dead; taking over'
    sign_lock
  else
    flock -u 9 2>/dev/null || true
    return 1
  fi
}

# Nix's garbage collector removes what is not registered yet. Where flock works it waits for us, and we for it.
hold_off_garbage_collector() {
  command -v flock >/dev/null 2>&1 && mkdir -p "$volume/var/nix" && : >>"$volume/var/nix/gc.lock" || return 0
  exec 8>>"$volume/var/nix/gc.lock"
  start_waiting
  until flock -s -n 8 2>"$work/errors"; do
    [ ! -s "$work/errors" ] || return 0
    keep_waiting 'for a garbage collector on the volume'
  done
}

start_waiting() {
  clock
  started_waiting=$time next_line=$time
}

keep_waiting() {
  clock
  waited=$(((time - started_waiting) / 100))
  [ "$SEED_LOCK_TIMEOUT" = 0 ] || [ "$waited" -lt "$SEED_LOCK_TIMEOUT" ] ||
    die 40 "waited $waited s (SEED_LOCK_TIMEOUT) $1; its lock is $lock"
  if [ "$time" -ge "$next_line" ]; then
    next_line=$((time + SEED_PROGRESS * 100))
    say wait "waiting $1, $waited s so far" "seconds=$waited"
  fi
  sleep 1
}

# In the background: a sign of life for the lock, progress for the log. It ends by itself when the work folder is gone.
start_pulse() {
  seeder=$$
  (
    trap - EXIT
    every=$((SEED_LOCK_TTL / 10 + 1))
    [ "$every" -le "$SEED_PROGRESS" ] || every=$((SEED_PROGRESS > 0 ? SEED_PROGRESS : 1))
    while sleep "$every" && [ -d "$work" ] && kill -0 "$seeder" 2>/dev/null; do
      touch -c "$lock/owner.$token" 2>/dev/null
      [ -e "$lock/owner.$token" ] || kill -USR1 "$seeder"
      report_progress
    done
  ) 9>&- &
}

must_hold_lock() {
  [ -e "$lock/owner.$token" ] || die 41 'the lock was lost to another seeder: this one gave no sign of life for too long'
}

release_lock() {
  rm -f "$lock/owner.$token"
  rmdir "$lock" 2>/dev/null || true
}
