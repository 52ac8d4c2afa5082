#!/bin/sh
# usage: share-store.sh FOLDER
# Makes the store in FOLDER (as /nix) usable by its owner, by root and by the root group at once. The group matters twice:
# root without capabilities is only a member of it, and OpenShift's arbitrary users are too.
set -eu

folder=$1

# What a running Nix leaves behind; the reserve (8 MB of zeros) it makes anew.
for leftover in temproots gc-socket daemon-socket userpool db/reserved; do
  rm -rf "$folder/var/nix/$leftover"
done

# Nix creates these on first use for nobody but the user who comes first: one command as root would lock out everybody else.
for lock in db/big-lock gc.lock; do
  [ -e "$folder/var/nix/$lock" ] || : >"$folder/var/nix/$lock"
done
for place in builds gc-socket gcroots/auto gcroots/per-user profiles/per-user/root temproots; do
  mkdir -p "$folder/var/nix/$place"
done

# The store's paths stay read-only; what changes is the folder that lists them.
chmod u+rwx,g=u "$folder" "$folder/store" "$folder/store/.links"
chmod -R u+rwX,g=u "$folder/var"
# Nix insists on this mode, and only the owner could set it: "could not set permissions on '/nix/var/nix/profiles/per-user'".
chmod 755 "$folder/var/nix/gcroots/per-user" "$folder/var/nix/profiles/per-user"
