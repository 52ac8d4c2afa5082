#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What it means when a program, the shell or Nix complains: is it the volume, and what has become of it? One answer for whatever step noticed.
# Sourced by seed-nix-store.sh.

# usage: blame_volume COMPLAINTS [STATUS]      ends the script for what has happened to the volume, if that is what the file
# COMPLAINTS (or how a program ended) says; returns if it is something else.
blame_volume() {
  ! judge_volume "$@" || die "$fault_code" "$fault"
}

# usage: judge_volume COMPLAINTS [STATUS]      whether the volume is to blame: sets $fault_code and $fault.
# Words may be those of another file system, or of none: tar tells of a disk that is full as of one that is gone, and some
# shells say 'I/O error' for all of it, or nothing at all. So it is tried to write there, which tells.
judge_volume() {
  complaints=$(head -n 50 "$1" 2>/dev/null) || complaints=
  reason=${complaints%%"$LF"*}
  name_trouble "$complaints" "${2:-}"
  [ "$trouble" != none ] || return 1
  suspected=$trouble
  try_to_write
  name_trouble "$tried"
  case $suspected:$trouble in
    *:read-only)
      fault_code=12 fault="the volume at $SEED_VOLUME is read-only"
      [ "$lock_held" = no ] || fault="the volume at $SEED_VOLUME turned read-only: ${reason:-${tried%%"$LF"*}}"
      ;;
    *:failed) fault_code=50 fault="the volume at $SEED_VOLUME has failed: ${reason:-${tried%%"$LF"*}}" ;;
    *:full | full:* | short:*) tell_space ;;
    failed:*) fault_code=50 fault="reading or writing failed: $reason" ;;
    unclear:*) is_nearly_full || return 1; tell_space ;;
    *) return 1 ;;
  esac
}

# usage: name_trouble COMPLAINTS [STATUS]      sets $trouble. 135 is SIGBUS, which a full disk makes of memory that stands for a file.
name_trouble() {
  case $1 in
    *'Read-only file system'*) trouble='read-only' ;;
    *'nput/output error'* | *'not connected'* | *'tale file handle'* | *'tale NFS file handle'*) trouble=failed ;;
    *'No space left on device'* | *'quota exceeded'* | *'disk is full'*) trouble=full ;;
    *'Wrote only'*) trouble='short' ;;
    '' | *'I/O error'* | *'Bus error'*) trouble=unclear ;;
    *) case ${2:-} in 135) trouble=unclear ;; *) trouble=none ;; esac ;;
  esac
}

# Sets $tried to the complaint about it, in words that are the same everywhere. Where nothing can be tried, it is what was said before.
try_to_write() {
  tried=$complaints
  [ -d "$ours" ] || return 0
  tried=$(dd if=/dev/zero of="$ours/probe" bs=4096 count=1 conv=fsync 2>&1 >/dev/null) && tried=written
  { true >"$ours/probe"; } 2>/dev/null || true
}

# How much room there is, and how much it would take, as far as that is known yet.
tell_space() {
  fault_code=30 fault='the volume ran out of space' to_bring=''
  [ "${total_paths:-0}" = 0 ] || to_bring="${needed_kib:-$((total_bytes / 1024 + total_paths))} KiB to bring, "
  measure_volume 2>/dev/null || return 0
  # Something may have gone meanwhile that was in the way.
  if [ "$free_inodes" = 0 ] || { [ "$free_inodes" != unlimited ] && [ "$free_inodes" -lt 8 ] && [ "$free_kib" -ge 1024 ]; }; then
    fault_code=31 fault='the volume ran out of inodes'
    [ -z "$to_bring" ] || fault="$fault: ${needed_inodes:-$total_paths} to bring, $free_inodes free"
  else
    fault="$fault: $to_bring$free_kib KiB free"
  fi
}

# Nix says of a full disk that it cannot read or write, and needs some room of its own to open a database.
is_nearly_full() {
  measure_volume 2>/dev/null || return 1
  [ "$free_kib" -lt 1024 ] || [ "$free_inodes" = 0 ]
}
