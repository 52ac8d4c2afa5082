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

# Whoever the pod runs as has to own the folder itself. Its content may belong to a former user of the same group, as on
# OpenShift, where a namespace that is made anew gets other user ids: renaming the entries takes no time, whatever they hold.
own_home() {
  if [ -d "$1" ] && [ "$(stat -c %u "$1")" != "$(id -u)" ]; then
    mkdir -p "$1.new" || refuse_home
    for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      # A pattern that matches nothing stands for itself.
      if [ -e "$entry" ] || [ -L "$entry" ]; then mv -f "$entry" "$1.new/" || refuse_home; fi
    done
    rmdir "$1" || refuse_home
  fi
  # A former start may have been killed just here.
  if [ ! -d "$1" ] && [ -d "$1.new" ]; then mv "$1.new" "$1" || refuse_home; fi
  mkdir -p "$1" || refuse_home
}

refuse_home() {
  die 61 "the home on the volume cannot be made or taken over by user $(id -u), group $(id -g)"
}

check_store
[ -z "$NIX_HOME_FOLDER" ] || own_home "$NIX_HOME_FOLDER"
echo "check-nix-store: $NIX_FOLDER holds a store"
