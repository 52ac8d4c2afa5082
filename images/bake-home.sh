#!/bin/sh
# usage: bake-home.sh
# Runs while an image is built, as the user for whom install-container.sh has just activated a home-manager generation: keeps
# the generation where a volume at HOME cannot hide it, and leaves in the store only what the image needs at run time.
set -eu

# The marker of install-container.sh: what was asked for, and the generation that it became.
read -r _ generation <"$HOME/.local/state/cdk8s-nix/home-manager"
nix-env --profile /nix/var/nix/profiles/home-manager --set "$generation"

# What it was built from: nixpkgs, compilers, the flake's inputs.
nix-collect-garbage --option keep-derivations false
rm -rf "$HOME/.cache/nix"
