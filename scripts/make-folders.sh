#!/bin/sh
# usage: make-folders.sh ROOT FOLDER...      makes each folder below ROOT, and those above it, as this user
#
# Where a container mounts something below a volume, or works in a folder there, the container runtime makes what is
# missing, as root, and on a volume that lasts it stays root's for good. So they are made before, by the user.
#
# What root has made already is taken over where the group may write (own-folder.sh). Otherwise nothing can be moved out
# of it: it is copied, and renamed out of the way, where only root can delete what it holds. Killed at any moment, the
# next run finishes it.
#
# Fails with one line that names what is in the way. ROOT exists and is left as it is.
set -eu

here=${0%/*}
me=$(id -u)

die() {
  echo "$1" >&2
  exit 1
}

owner_of() {
  stat -c %u "$1"
}

# A name beside $1 that is not taken.
free_name() {
  number=
  while [ -e "$1.of-$2$number" ] || [ -L "$1.of-$2$number" ]; do number=$((${number:-0} - 1)); done
  echo "$1.of-$2$number"
}

# The entries of $1 into a new folder of this user, which takes its place.
copy_over() {
  aside=$(free_name "$1" "$(owner_of "$1")")
  if ! { mkdir -p "$1.new" && cp -RPf "$1/." "$1.new/"; } 2>/dev/null; then
    die "$1 belongs to user $(owner_of "$1"), and user $me can neither write to it nor read all that it holds: have root give it to $me"
  fi
  mv "$1" "$aside" && mv "$1.new" "$1"
  rm -rf "$aside" 2>/dev/null || echo "$1 belonged to another user and is a copy now; what it was is $aside"
}

# One folder, in one that belongs to this user.
make() {
  if [ -L "$1" ] && [ ! -e "$1" ]; then
    # It may well lead somewhere in the workload, which sees more than this container.
    return 1
  elif [ -e "$1" ] && [ ! -d "$1" ]; then
    die "$1 is no folder, and the pod needs one there: move it away"
  elif [ -L "$1" ]; then
    return 0
  fi
  # It finishes what was killed, too.
  sh "$here/own-folder.sh" "$1" 2>/dev/null || copy_over "$1"
  mkdir -p "$1" 2>/dev/null || die "$1 cannot be made by user $me, group $(id -g)"
}

make_all() {
  place=$1 rest=$2
  while [ -n "$rest" ]; do
    case $rest in
      */*) next=${rest%%/*} rest=${rest#*/} ;;
      *) next=$rest rest= ;;
    esac
    [ -n "$next" ] || continue
    place=$place/$next
    make "$place" || return 0
  done
}

root=$1
shift
for folder; do make_all "$root" "$folder"; done
