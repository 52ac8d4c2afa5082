#!/bin/sh
# usage: prepare-store.sh FOLDER
# Runs in a Nix image while an image of ours is built: makes FOLDER/nix a store of its own that holds the closure of Nix's
# profile, registered, and nothing else. Not a copy of /nix: that has channels (a whole nixpkgs), caches, sockets and
# what the Nix image itself needs, and each of its files costs time whenever a volume is seeded.
set -eu

folder=$1
here=${0%/*}
profile=/nix/var/nix/profiles/default

fail() {
  echo "prepare-store: $*" >&2
  exit 1
}

# The profile of this image that brings Nix, as a store path.
find_nix() {
  for candidate in "$profile" "${HOME:-/root}/.nix-profile" /run/current-system/sw; do
    if [ -x "$candidate/bin/nix-store" ]; then
      readlink -f "$candidate"
      return
    fi
  done
  fail "this image has no Nix in $profile; name one that has with --build-arg NIX_IMAGE=…"
}

# Root would look for the group of the build users, which is the daemon's way.
nix_command() {
  nix --extra-experimental-features nix-command --option build-users-group '' "$@"
}

store_path=$(find_nix)
PATH=$store_path/bin:$PATH

echo "Copying the closure of $store_path"
nix_command copy --no-check-sigs --to "local?root=$folder" "$store_path"

generation=$folder$profile-1-link
mkdir -p "${generation%/*}"
ln -s "$store_path" "$generation"
ln -s "${generation##*/}" "$folder$profile"

sh "$here/share-store.sh" "$folder/nix"
