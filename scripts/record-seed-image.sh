#!/bin/sh
# Records in an image what it ships in /nix: seed id, store paths, size, registrations. Run it as the last step of an
# image build, after everything that changes the store; seed-nix-store.sh, which must lie beside it, then need not
# compute these at each pod start. A recording that is older than the image's Nix database is ignored.
#
# usage: record-seed-image.sh [NIX_FOLDER]     default /nix; writes NIX_FOLDER/.cdk8s-nix/
set -eu

SEED_SOURCE=${1:-/nix} exec sh "${0%/*}/seed-nix-store.sh" record
