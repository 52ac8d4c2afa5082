#!/bin/sh
# usage: bake-home.sh
# Runs as the user whose home-manager generation was just activated, while the image is built: makes the generation survive
# in the image, and leaves in the store only what the image needs at run time.
set -eu

# Where home-manager keeps its current generation, the newer place first.
find_generation() {
  for link in "$HOME/.local/state/nix/profiles/home-manager" "$HOME/.local/state/home-manager/gcroots/current-home" \
    "/nix/var/nix/profiles/per-user/$USER/home-manager"; do
    if [ -e "$link" ]; then
      readlink -f "$link"
      return
    fi
  done
  echo "bake-home: no active home-manager generation in $HOME" >&2
  return 1
}

# A root of its own: those in HOME are lost to the garbage collector when a volume is mounted there.
generation=$(find_generation)
nix-env --profile /nix/var/nix/profiles/home-manager --set "$generation"

# What it was built from: nixpkgs, compilers, the flake's inputs.
nix-collect-garbage
rm -rf "$HOME/.cache/nix"
