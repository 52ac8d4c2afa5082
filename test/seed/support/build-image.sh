#!/bin/sh
# usage: build-image.sh VERSION COUNT CHANGED whole|thin LARGE     runs in a container whose /nix becomes the image's
set -eu

export NIX_CONFIG="sandbox = false
build-users-group =
filter-syscalls = false
substituters ="
# Nix wants a name and, in recent versions, a home of its own where /etc/passwd has none.
HOME=/tmp/home USER=code
export HOME USER
mkdir -p "$HOME" /nix/store /nix/var/nix/profiles
environment=$(nix-build --no-out-link --quiet "${0%/*}/image.nix" --argstr version "$1" --arg count "$2" --arg changed "$3" --argstr nix "$4" --arg large "$5" 2>/tmp/log) ||
  { cat /tmp/log >&2; exit 1; }
nix-env --profile /nix/var/nix/profiles/default --set "$environment"
nix-store --gc --quiet >/dev/null 2>&1
