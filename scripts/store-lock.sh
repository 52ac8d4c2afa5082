#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# One at a time: the lock of a store volume, which the seed and the scripts that care for the store take.
#
# The lock is a folder, $ours/lock, with the holder's own folder in it, owner.TOKEN, and nothing else.
#  - It is taken by renaming a folder that was made complete beside it: a rename onto a folder that is not empty fails on every
#    file system, so one of many wins, and at no moment is there a lock that does not say whose it is.
#  - A holder that is dead is evicted by renaming its folder out of the lock. The name is its own, so whoever is slow to judge
#    moves nothing: the next holder has another name. Then the lock is empty, and free.
#  - What a holder does to the store, it does by renaming something out of its folder, or into it. A holder that stood still
#    and was taken for dead finds its folder gone, and can do nothing more, whenever it wakes up. So nobody makes that folder
#    again: what is made in it is made by make_mine, never by mkdir -p.
#  - What is to be removed is renamed first: a holder that stood still in the midst of it has not left half of something where
#    the next one would look for use in it.
# Who is dead? A container that was started again in the same pod knows it of the one before; flock tells it on the same
# node at once, where it works and both have it; elsewhere the last sign of life has to be $lock_ttl seconds old by the clock of the
# volume's server.
#
# Who sources this file sets $ours, $work, $lock_holder (its name), $lock_ttl, $lock_timeout (seconds, 0 is never),
# $lock_timeout_name and $lock_progress (seconds between two lines), and defines
#   die CODE MESSAGE        ends the script
#   lock_says EVENT MESSAGE [KEY=VALUE]...
#   lock_is_moot            whether there is nothing left to wait for
#   lock_fails              ends the script because the lock cannot be written, for the reason in $work/errors
#   lock_is_refused         ends the script because nobody holds the lock, and it cannot be taken all the same, for the reason in $work/lock-errors
#   lock_beat               what else is to be done at each sign of life
# NIX_POD_UID, if set, is the uid of the pod.

# Takes the lock, or returns without it ($lock_held is no) when it is moot.
acquire_lock() {
  name_lock
  lock_waits_since
  unheld=0 refusals=0
  until take_lock; do
    ! lock_is_moot || return 0
    if ! find_holder; then
      look_into_free_lock
      continue
    fi
    unheld=0
    if holder_is_dead; then
      evict_or_give_up
    else
      lock_waits 'for the seeder that holds the lock'
    fi
  done
}

# As acquire_lock, but where somebody lives who holds the lock, it does not wait.
try_lock() {
  name_lock
  ! take_lock || return 0
  if find_holder; then holder_is_dead && evict_holder; else clear_lock; fi && take_lock
}

name_lock() {
  lock=$ours/lock lock_held=no
  read -r token </proc/sys/kernel/random/uuid
  read -r boot </proc/sys/kernel/random/boot_id
  read -r lock_host </proc/sys/kernel/hostname || true
  mine=$lock/owner.$token applicant=$ours/lock.$token
  { true >>"$ours/flock"; } 2>"$work/errors" || lock_fails
  exec 9>>"$ours/flock"
}

take_lock() {
  : >"$work/lock-errors"
  prepare_lock || return 1
  # A file or a link of this name was put there by somebody else, and nobody can hold it.
  if [ -L "$lock" ] || { [ -e "$lock" ] && [ ! -d "$lock" ]; }; then rm -f "$lock"; fi 2>/dev/null
  # Not every file system lets a folder take the place of an empty one.
  [ ! -d "$lock" ] || rmdir "$lock" 2>/dev/null || true
  mv -T "$applicant" "$lock" 2>"$work/lock-errors" || return 1
  if command -v flock >/dev/null 2>&1 && flock -n 9 2>/dev/null; then
    # Another file, which takes the place of the one without this line at once.
    # Where there is no room for it, who waits goes by the age of this one.
    { { { lock_facts && echo flock=yes; } >"$mine/facts.new"; } 2>/dev/null && mv "$mine/facts.new" "$mine/facts" 2>/dev/null; } || touch -c "$mine/facts" 2>/dev/null
  else
    touch -c "$mine/facts" 2>/dev/null
  fi
  holds_lock || return 1
  lock_held=yes
  start_pulse
}

# Nobody holds it, as far as one sees: it has become free since, or what lies in it is nobody's and can go. If neither helps,
# something else than a holder keeps everybody from taking it.
look_into_free_lock() {
  unheld=$((unheld + 1))
  clear_lock
  [ "$unheld" -gt 3 ] || return 0
  case $(cat "$work/lock-errors") in
    '' | *'not empty'* | *'File exists'* | *'No such file'*) lock_waits 'for the lock, which others take and leave' ;;
    *) lock_is_refused ;;
  esac
}

# What is in the lock without being a holder's, as a file server may put it there. Each by its own name, as with a holder: whoever is slow moves nothing else.
clear_lock() {
  set +f
  for entry in "$lock"/* "$lock"/.[!.]* "$lock"/..?*; do
    case $entry in */owner.*) [ -L "$entry" ] || continue ;; *) [ -e "$entry" ] || [ -L "$entry" ] || continue ;; esac
    stray=$ours/gone.$token.stray
    if mv -T "$entry" "$stray" 2>"$work/lock-errors"; then discard "$stray"; fi
  done
  set -f
  # Who may not look into it cannot tell whether it has a holder, nor when it has none any more.
  if [ -d "$lock" ] && ! ls "$lock" >/dev/null 2>"$work/look-errors"; then cat "$work/look-errors" >"$work/lock-errors"; fi
}

# What will become the lock, as fresh as can be. Those of another user, but of this group, must be able to evict.
prepare_lock() {
  if [ -s "$applicant/owner.$token/facts" ]; then
    touch -c "$applicant/owner.$token/facts" && return 0
  fi
  make_applicant && return 0
  # A living holder clears away what it does not know.
  case $(cat "$work/errors") in *'No such file'* | *nonexistent*) return 1 ;; esac
  ! discard_dead || ! make_applicant || return 0
  lock_fails
  return 1
}

# One without facts, for which there was no room, would tell nobody whose it is; not every shell says that it could not write them.
make_applicant() {
  { (umask 002 && mkdir -p "$applicant/owner.$token") && lock_facts >"$applicant/owner.$token/facts"; } 2>"$work/errors" &&
    [ -s "$applicant/owner.$token/facts" ] && return 0
  [ -s "$work/errors" ] || [ -d "$applicant" ] || echo 'No such file or directory' >"$work/errors"
  return 1
}

# A volume that has no room for a lock may be full of what dead ones have left, for which none is needed: each is renamed before it is removed.
discard_dead() {
  ! holder_is_dead || evict_holder
  discarded=1
  set +f
  for old in "$ours"/dead.* "$ours"/gone.*; do
    if [ -e "$old" ]; then discard "$old" && discarded=0; fi
  done
  set -f
  return "$discarded"
}

lock_facts() {
  printf 'boot=%s\npod=%s\nhost=%s\nholder=%s\n' "$boot" "${NIX_POD_UID:-}" "$lock_host" "$lock_holder"
}

# Sets $holder, the folder of the holder; none if the lock is free. That of a script of an earlier version is a file.
find_holder() {
  holder=
  set +f
  for entry in "$lock"/owner.*; do
    if [ -e "$entry" ] && [ ! -L "$entry" ]; then holder=$entry; fi
  done
  set -f
  [ -n "$holder" ]
}

holder_is_dead() {
  find_holder || return 1
  facts=$holder
  [ ! -d "$holder" ] || facts=$holder/facts
  its_boot='' its_pod='' its_flock=no
  if [ -f "$facts" ] && [ -r "$facts" ]; then
    while IFS='=' read -r key value; do
      case $key in boot) its_boot=$value ;; pod) its_pod=$value ;; flock) its_flock=$value ;; esac
    done <"$facts"
  fi 2>/dev/null
  # Killed on its way out, in an earlier version of this script.
  [ -f "$facts" ] || facts=$holder
  # In one pod containers that take the lock run one after the other.
  [ -z "$its_pod" ] || [ "$its_pod" != "${NIX_POD_UID:-}" ] || return 0
  if [ "$its_boot" = "$boot" ] && [ "$its_flock" = yes ] && command -v flock >/dev/null 2>&1; then
    # It holds the other lock, or it is dead: however long it stands still, it will go on. (Who has no flock cannot tell, and has its age.)
    held=0
    flock -n 9 2>/dev/null || held=$?
    # Any other status is that of one that does not run here, which cannot tell either.
    case $held in 0 | 1) return "$held" ;; esac
  fi
  older_than "$lock_ttl" "$facts"
}

# By the clock of the volume's server on both sides: nodes disagree about the time.
older_than() {
  touch "$ours/probe" 2>/dev/null || return 1
  ages=$(stat -c %Y "$ours/probe" "$2" 2>/dev/null) || return 1
  [ $((${ages%%"$LF"*} - ${ages##*"$LF"})) -gt "$1" ]
}
LF='
'

# What it left may be of use: seed-copy.sh looks through it.
evict_holder() {
  evicted=0
  mv -T "$holder" "$ours/dead.${holder##*/owner.}" 2>"$work/lock-errors" || evicted=1
  [ "$evicted" = 1 ] || lock_says lock 'the seeder that held the lock is dead; taking over'
  # If another one is faster, it must not find this lock taken.
  flock -u 9 2>/dev/null || true
  return "$evicted"
}

# Another one may have been faster. But a dead one that nobody can take away, as that of another user, would be there for ever.
evict_or_give_up() {
  ! evict_holder || return 0
  [ -e "$holder" ] || return 0
  refusals=$((refusals + 1))
  [ "$refusals" -le 3 ] || lock_is_refused
  sleep 1
}

holds_lock() {
  [ -e "$mine/facts" ]
}

must_hold_lock() {
  holds_lock || lock_lost
}

lock_was_lost='the lock was lost to another seeder: this one gave no sign of life for too long'
lock_lost() {
  die 41 "$lock_was_lost"
}

lock_waits_since() {
  read -r uptime _ </proc/uptime
  waits_since=${uptime%.*} next_line=${uptime%.*}
}

# usage: lock_waits WHAT_FOR [LOCK]
lock_waits() {
  read -r uptime _ </proc/uptime
  waited=$((${uptime%.*} - waits_since))
  [ "$lock_timeout" = 0 ] || [ "$waited" -lt "$lock_timeout" ] || die 40 "waited $waited s ($lock_timeout_name) $1; its lock is ${2:-$lock}"
  if [ "${uptime%.*}" -ge "$next_line" ]; then
    next_line=$((${uptime%.*} + lock_progress))
    lock_says wait "waiting $1, $waited s so far" "seconds=$waited"
  fi
  sleep 1
}

# In the background: a sign of life for the lock. It ends by itself, and is not killed: the signal might reach it before it
# has dropped the traps of this shell.
start_pulse() {
  main_process=$$
  : >"$work/locked"
  (
    trap - EXIT USR1 TERM INT HUP
    every=$((lock_ttl / 10 + 1))
    [ "$every" -le "$lock_progress" ] || every=$((lock_progress > 0 ? lock_progress : 1))
    while sleep "$every" && [ -e "$work/locked" ] && kill -0 "$main_process" 2>/dev/null; do
      touch -c "$mine/facts" 2>/dev/null
      if ! holds_lock; then
        [ ! -e "$work/locked" ] || kill -USR1 "$main_process" 2>/dev/null
        break
      fi
      lock_beat
    done
  ) 9>&- &
}

# usage: make_mine NAME...     makes folders in the holder's own, each of them once; fails if the lock is lost
make_mine() {
  for own; do
    shift
    [ -d "$mine/$own" ] || set -- "$@" "$mine/$own"
  done
  [ $# = 0 ] || mkdir "$@"
}

release_lock() {
  rm -f "$work/locked"
  mv -T "$mine" "$ours/gone.$token" 2>/dev/null || true
  free_lock
  discard "$ours/gone.$token"
}

# As release_lock, but what lies in the folder stays for the next holder to look through.
leave_lock() {
  rm -f "$work/locked"
  mv -T "$mine" "$ours/dead.$token" 2>/dev/null || true
  free_lock
}

free_lock() {
  rmdir "$lock" 2>/dev/null || true
  flock -u 9 2>/dev/null || true
  lock_held=no
}

# Removes a folder of ours with the read-only trees in it.
discard() {
  [ -d "$1" ] || { rm -f "$1" 2>/dev/null || true; return 0; }
  gone=$1
  case ${1##*/} in gone.*) ;; *) ! mv -T "$1" "${1%/*}/gone.${1##*/}" 2>/dev/null || gone=${1%/*}/gone.${1##*/} ;; esac
  # Most have no read-only folder in them. Those of a former user can be removed by the group, but their mode cannot be changed.
  rm -rf "$gone" 2>/dev/null && return 0
  chmod -R u+rwX "$gone" 2>/dev/null || true
  rm -rf "$gone" 2>/dev/null || true
}
