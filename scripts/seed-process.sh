#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# The process where there is something to do: its programs, its folder for lists, its end.
# Sourced by seed-nix-store.sh and record-seed-image.sh.

require_programs() {
  for name in cat chmod comm cp cut date dd du head id join ln ls mkdir mv od paste readlink rm rmdir sha256sum sleep sort split stat sync tail timeout touch tr uname uniq wc; do
    command -v "$name" >/dev/null 2>&1 || die 21 "the seed image has no $name; it needs coreutils"
  done
  # Of those that a busybox has too, but less of.
  cp=$(program cp) && dd=$(program dd) && split=$(program split)
  # These do not tell there that a disk was full and a list is cut short.
  case $(command -v sort) in
    /*) ;;
    *) for name in comm cut ls paste sort uniq; do eval "$name() { '$(program "$name")' \"\$@\"; }"; done ;;
  esac
}

# usage: program NAME     the program itself, even where the shell is a busybox that prefers its own: the cp of that one
# cannot copy read-only folders unless it is root, and its du does not count files
program() {
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/$1" ]; then
      unset IFS
      echo "$folder/$1"
      return 0
    fi
  done
  die 21 "the seed image has no $1; it needs coreutils"
}

# What the container may use of the processors, in hundredths of one: its control group says so, or there is no limit.
measure_processors() {
  quota=max period=100000
  for file in /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us; do
    [ ! -r "$file" ] || read -r quota period <"$file" || true
  done
  [ ! -r /sys/fs/cgroup/cpu/cpu.cfs_period_us ] || read -r period </sys/fs/cgroup/cpu/cpu.cfs_period_us || true
  hundredths=$(($(nproc 2>/dev/null || echo 2) * 100))
  case $quota in
    '' | *[!0-9]*) ;;
    *) [ $((quota * 100 / ${period:-100000})) -ge "$hundredths" ] || hundredths=$((quota * 100 / ${period:-100000})) ;;
  esac
}

# More copies than processors, since each waits for disks for most of its time. Where a container may use less than one, what it does not use of that in a moment
# is lost, so something has to be ready all the time. Of $hundredths.
choose_jobs() {
  [ -z "$SEED_JOBS" ] || return 0
  SEED_JOBS=$((hundredths * 12 / 100))
  [ "$SEED_JOBS" -le 24 ] || SEED_JOBS=24
  [ "$SEED_JOBS" -ge 8 ] || SEED_JOBS=8
}

# A folder for lists, of this process alone: in a restarted container process numbers are the same, and /tmp outlives it.
# Nix wants a name too and, without an entry in /etc/passwd, a home that belongs to it; in a pod /tmp belongs to root.
# What nobody expects to be said, as what a shell says of a full disk, waits there for the end: of a failure that is understood there is one line.
make_work_folder() {
  read -r token </proc/sys/kernel/random/uuid
  clear_tmp
  folder=$TMPDIR/seed-nix-store.$token
  { mkdir -p "$folder" && echo full >"$folder/probe" && true >"$folder/complaints"; } 2>/dev/null || {
    rm -rf "$folder" 2>/dev/null || true
    die 10 "cannot write to TMPDIR ($TMPDIR)"
  }
  work=$folder tmp_is_full="cannot write to TMPDIR ($TMPDIR) any more: is it full?"
  exec 2>>"$work/complaints"
  image_conf=${NIX_CONF_DIR:-/etc/nix}/nix.conf
  HOME=$work USER=${USER:-code} NIX_CONF_DIR=${NIX_CONF_DIR:-$work}
  export HOME USER NIX_CONF_DIR
}

# The shell itself, and none of its subshells: a signal may reach one of these before it has dropped the traps.
clean_up() {
  status=${1:-$?}
  # A bash that is left to itself dies of them, without a word.
  trap - EXIT
  trap : TERM INT HUP
  trap '' USR1
  set +e
  read -r self _ </proc/self/stat
  [ "$self" = "$$" ] || return 0
  [ "$status" = 0 ] || [ "$failed" = yes ] || explain_surprise
  # Nothing more is said of how far it has come.
  [ -z "$work" ] || rm -f "$work/phase"
  # shellcheck disable=SC2086
  [ -z "$helpers" ] || kill $helpers 2>/dev/null
  [ -z "$loader" ] || dismiss_loader
  end_workers
  [ "$registering$lock_held" != yesyes ] || holds_lock || unregister_vanished
  if [ "$lock_held" = yes ]; then
    [ "$placed" = no ] || [ "$keep_stage" = yes ] || take_back
    if [ "$keep_stage" = yes ]; then leave_lock; else release_lock; fi
  fi
  [ ! -e "$applicant" ] || rm -rf "$applicant" 2>/dev/null
  forget_work_folder
  [ "$status" = 0 ] || [ "$failed" = yes ] || exit "$surprise"
}

# Before the stage is removed, nobody must write to it any more. (The pulse goes on for as long as the lock is held.) Not by wait: a bash that a signal has
# interrupted in one may have missed that somebody ended, and would wait for ever; and one that was just starting a copy may have missed the signal.
end_workers() {
  looks=0
  # shellcheck disable=SC2086
  while is_any_alive $workers && [ "$looks" -lt 100 ]; do
    # shellcheck disable=SC2046,SC2086
    case $looks in
      0 | 1) kill $workers ;;
      30) kill -KILL $(for pid in $workers; do cat "/proc/$pid/task/$pid/children"; done) $workers ;;
    esac 2>/dev/null
    looks=$((looks + 1))
    sleep 0.1
  done
}

# usage: is_any_alive PID...
is_any_alive() {
  for pid; do
    state=Z
    read -r _ _ state _ 2>/dev/null <"/proc/$pid/stat" || true
    [ "$state" = Z ] || return 0
  done
  return 1
}

forget_work_folder() {
  [ -n "$work" ] || return 0
  [ "$status" != 0 ] || cat "$work/complaints" >&7
  exec 2>&7
  # Somebody in the background may still have put something there.
  rm -rf "$work" 2>/dev/null || { sleep 1 && rm -rf "$work" 2>/dev/null; }
  work=
}

# Less than any list and any database takes.
is_tmp_nearly_full() {
  measure_file_system "$work" 2>/dev/null || return 1
  [ "$free_kib" -lt 128 ] || { [ "$free_inodes" != unlimited ] && [ "$free_inodes" -lt 8 ]; }
}

# A command failed that should not. Most often it could not write to the volume, whatever was said.
explain_surprise() {
  if has_deeper_cause 70; then
    surprise=$cause
    explain "$cause" "$reason"
  elif [ -d "$ours" ] && judge_volume /dev/null; then
    surprise=$fault_code
    explain "$surprise" "$fault"
  else
    surprise=70 complaint=$(tail -n 1 "$work/complaints" 2>/dev/null)
    explain 70 "a command failed unexpectedly: this is a bug in the script${complaint:+ ($complaint)}"
  fi
}
