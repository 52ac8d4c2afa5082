#!/bin/sh
# usage: install-packages.sh LIST
# Runs as root while an image is built: installs packages of the distribution, named with commas or spaces; none if the list is empty.
set -eu

packages=$(echo "$1" | tr ',' ' ')
[ -n "${packages# }" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-packages: APT_PACKAGES is '$1', but this image has no apt-get; install them in its base" >&2
  exit 2
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
# shellcheck disable=SC2086 # one word each
apt-get install --yes --no-install-recommends $packages
rm -rf /var/lib/apt/lists/*
