#!/bin/sh
# Makes sure that the programs the system suites run are here, each named with the apt package that brings it;
# with the argument `bench` also those that the benchmarks need.
# On Debian and Ubuntu as root the missing ones are installed; anywhere else they are named and this fails.
# The tools of other languages are installed too. Where they cannot be, their suites are left out; with the argument `languages`, at the end of a run,
# this says so, and fails on CI. Debian has no package of .NET, which is left to people and to workflows, and only named.
set -eu

# program:package, or file:package
NEEDED='
nix-store:nix-bin
podman:podman
buildah:buildah
runc:runc
mmdebstrap:mmdebstrap
/usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
losetup:mount
shellcheck:shellcheck
dash:dash
busybox:busybox-static
rsync:rsync
nginx:nginx-light
openssl:openssl
patchelf:patchelf
setpriv:util-linux
perl:perl-base
python3:python3
go:golang-go
envsubst:gettext-base
mkfs.ext4:e2fsprogs
'
NEEDED_BY_LANGUAGES='
javac:default-jdk-headless
mvn:maven
'
NEEDED_BY_BENCH='
cc:gcc
/usr/include/stdio.h:libc6-dev
pkg-config:pkg-config
fusermount3:fuse3
/usr/include/fuse3/fuse.h:libfuse3-dev
'
[ "${1:-}" != bench ] || NEEDED="$NEEDED $NEEDED_BY_BENCH"

PATH=$PATH:/usr/sbin:/sbin

# usage: packages_of TABLE
packages_of() {
  for entry in $1; do
    command -v "${entry%%:*}" >/dev/null 2>&1 || [ -e "${entry%%:*}" ] || printf ' %s' "${entry##*:}"
  done
}

languages=$(packages_of "$NEEDED_BY_LANGUAGES")

if [ "${1:-}" = languages ]; then
  command -v dotnet >/dev/null 2>&1 ||
    echo "The package for .NET was generated, but neither compiled nor run, since there is no SDK of .NET. On Ubuntu: apt-get install dotnet-sdk-8.0; elsewhere: https://dotnet.microsoft.com/download" >&2
  [ -n "$languages" ] || exit 0
  echo "Suites of test/languages were left out, since tools are missing. On Debian or Ubuntu: apt-get install --no-install-recommends$languages" >&2
  [ "${CI:-}" != true ]
  exit
fi

missing=$(packages_of "$NEEDED")
python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
can_install=
[ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1 || can_install=yes
[ -z "$can_install" ] || missing="$missing$languages"
[ -n "$missing" ] || exit 0

if [ -n "$can_install" ]; then
  echo "Installing the system packages that this needs:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Each name is one word of the tables above.
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "This needs system packages that are missing. On Debian or Ubuntu: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
