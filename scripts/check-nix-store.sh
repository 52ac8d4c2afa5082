#!/bin/sh
# Runs between the seed and the workload and spares it two failures that nobody would connect with their cause: a /nix
# that is not the seeded store (some kubelets mount an empty folder for a hostPath volume with subPath), and a HOME that
# belongs to somebody else, which Nix refuses to use.
#
# Environment:
#   NIX_FOLDER            /nix                   where the store is mounted, as in the workload
#   NIX_SERVED            no                     yes: a driver brought the store; it bears no mark of a seed
#   NIX_HOME_FOLDER                              the home to make, on its volume; none if empty
#   SEED_TERMINATION_LOG  /dev/termination-log   where the last line of a failure goes as well
set -eu

: "${NIX_FOLDER:=/nix}" "${NIX_SERVED:=no}" "${NIX_HOME_FOLDER:=}" "${SEED_TERMINATION_LOG:=/dev/termination-log}"

die() {
  line="check-nix-store: error: $2"
  echo "$line" >&2
  [ ! -w "$SEED_TERMINATION_LOG" ] || echo "$line" >"$SEED_TERMINATION_LOG"
  exit "$1"
}

check_store() {
  needed='store var/nix/db/db.sqlite .cdk8s-nix/seed'
  [ "$NIX_SERVED" = no ] || needed=store
  for entry in $needed; do
    [ -e "$NIX_FOLDER/$entry" ] ||
      die 60 "$NIX_FOLDER/$entry does not exist: the store volume is not mounted here as it was seeded"
  done
  [ -n "$(ls -A "$NIX_FOLDER/store")" ] || die 60 "$NIX_FOLDER/store is empty"
}

make_home() {
  if ! { sh "${0%/*}/own-folder.sh" "$1" && mkdir -p "$1"; }; then
    die 61 "the home on the volume cannot be made or taken over by user $(id -u), group $(id -g)"
  fi
}

check_store
[ -z "$NIX_HOME_FOLDER" ] || make_home "$NIX_HOME_FOLDER"
echo "check-nix-store: $NIX_FOLDER holds a store"
