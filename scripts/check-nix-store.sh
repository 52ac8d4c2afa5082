#!/bin/sh
# Fails, before the workload starts, if the seeded store is not what lies at /nix: some kubelets mount an empty folder
# for a hostPath volume with subPath, and a workload would then fail in ways nobody connects with it.
set -eu

nix=${NIX_FOLDER:-/nix}
log=${SEED_TERMINATION_LOG:-/dev/termination-log}

for needed in store var/nix/db/db.sqlite .cdk8s-nix/seed; do
  [ ! -e "$nix/$needed" ] || continue
  line="check-nix-store: error: $nix/$needed does not exist: the store volume is not mounted here as it was seeded"
  echo "$line" >&2
  [ ! -w "$log" ] || echo "$line" >"$log"
  exit 60
done
echo "check-nix-store: $nix holds a seeded store"
