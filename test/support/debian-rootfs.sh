#!/bin/sh
# usage: debian-rootfs.sh SUITE NAME PACKAGE...
# Prints the folder of a Debian root file system with these packages, made once and kept in .cache/rootfs/NAME.
# Treat the folder as read-only: every suite shares it. Copy it with `cp -ax`.
set -eu

suite=$1 name=$2
shift 2
packages=$(echo "$*" | tr ' ' ',')
cache=$(cd "$(dirname "$0")/../.." && pwd)/.cache/rootfs
root=$cache/$name
part=$root.part
NEEDED_MIB=2048

fail() {
  echo "debian-rootfs.sh: $*" >&2
  exit 1
}

# What is mounted in a folder, the innermost first.
mounts_in() {
  awk -v folder="$1/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r
}

# A folder with something mounted in it is no cache: who copies it copies the machine's /proc.
unmount_in() {
  mounts_in "$1" | while read -r place; do umount --lazy "$place"; done
  [ -z "$(mounts_in "$1")" ] || fail "$(mounts_in "$1" | tail -n 1) is still mounted"
}

discard() {
  unmount_in "$1"
  rm -rf --one-file-system "$1"
}

check_space() {
  free=$(df --output=avail --block-size=1M "$cache" | tail -n 1 | tr -d ' ')
  [ "$free" -ge "$NEEDED_MIB" ] || fail "$cache has $free MiB left, and a root file system needs $NEEDED_MIB while it is made"
}

# What the builder mounts in the root is seen by its own processes only and goes with the last of them, unmounted or not.
build() {
  # The mirror this machine already uses, or another one by DEBIAN_MIRROR; without both, as on Ubuntu, the default one.
  # apt-get expands $(REPO_URI).
  # shellcheck disable=SC2016
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' | grep -v security | head -n 1)}
  mkdir "$part.tmp"
  TMPDIR=$part.tmp unshare --mount --propagation private --pid --fork --kill-child --mount-proc -- \
    mmdebstrap --quiet --variant=minbase --include="$packages" \
    --aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$part" ${mirror:+"$mirror"} >&2
  unmount_in "$part"
  rm -rf "$part/var/cache/apt" "$part/var/lib/apt/lists" "$part/usr/share/doc" "$part/usr/share/locale"
}

mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
if [ ! -e "$root" ]; then
  # Of one that was killed.
  discard "$part"
  discard "$part.tmp"
  check_space
  trap 'discard "$part"; discard "$part.tmp"' EXIT
  trap 'exit 1' HUP INT TERM
  build
  mv "$part" "$root"
fi
unmount_in "$root"
echo "$root"
