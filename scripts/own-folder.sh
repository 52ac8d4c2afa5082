#!/bin/sh
# usage: own-folder.sh FOLDER...      makes this user the owner of each folder that exists, whose content stays in it
#
# Nix uses a home only if it belongs to its user, and sets the mode of some folders at each start, which only their owner
# can do. On a volume whose user has changed (OpenShift gives a namespace that is made anew other user ids) they belong to
# the former one, while the group may write everywhere. So a new folder takes the place of the old one, and the entries
# are renamed into it: no more work however much they hold. It may be killed at any moment and is finished by the next run.
set -eu

adopt() {
  mkdir -p "$1.new"
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    # A pattern that matches nothing stands for itself.
    if [ -e "$entry" ] || [ -L "$entry" ]; then mv -f "$entry" "$1.new/"; fi
  done
  rmdir "$1"
}

me=$(id -u)
for folder in "$@"; do
  if [ -d "$folder" ] && [ "$(stat -c %u "$folder")" != "$me" ]; then adopt "$folder"; fi
  if [ ! -d "$folder" ] && [ -d "$folder.new" ]; then mv "$folder.new" "$folder"; fi
done
