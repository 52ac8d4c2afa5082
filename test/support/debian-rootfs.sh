#!/bin/sh
# usage: debian-rootfs.sh SUITE NAME PACKAGE...
# Prints the folder of a Debian root file system with these packages, made once and kept in .cache/rootfs/NAME.
# Treat the folder as read-only: every suite shares it.
set -eu

suite=$1 name=$2
shift 2
packages=$(echo "$*" | tr ' ' ',')
cache=$(cd "$(dirname "$0")/../.." && pwd)/.cache/rootfs
root=$cache/$name

mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
if [ ! -e "$root" ]; then
  # The mirror this machine already uses, or another one by DEBIAN_MIRROR; without both, as on Ubuntu, the default one.
  # apt-get expands $(REPO_URI).
  # shellcheck disable=SC2016
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' | grep -v security | head -n 1)}
  rm -rf "$root.part"
  TMPDIR=$cache mmdebstrap --quiet --variant=minbase --include="$packages" \
    --aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$root.part" ${mirror:+"$mirror"} >&2
  rm -rf "$root.part/var/cache/apt" "$root.part/var/lib/apt/lists" "$root.part/usr/share/doc" "$root.part/usr/share/locale"
  mv "$root.part" "$root"
fi
echo "$root"
