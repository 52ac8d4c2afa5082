#!/bin/sh
# The steps of home-manager's own activation, in its order and with its messages.
set -eu
generation=@generation@
# The Nix that it uses is the one beside the nix-env in PATH.
PATH=$(dirname "$(readlink -m "$(command -v nix-env)")"):$PATH

echo 'Starting Home Manager activation'
nix-build --quiet --expr '{}' --no-out-link
nix-env -q >/dev/null 2>&1 || true

if [ "$USER" != '@username@' ]; then
  echo "Error: USER is set to \"$USER\" but we expect \"@username@\"" >&2
  exit 1
fi
if [ "$(cd "$HOME" && pwd -P)" != "$(cd '@homeDirectory@' && pwd -P)" ]; then
  echo "Error: HOME is set to \"$HOME\" but we expect \"@homeDirectory@\"" >&2
  exit 1
fi

profiles=${XDG_STATE_HOME:-$HOME/.local/state}/nix/profiles
if [ ! -d "$profiles" ]; then
  echo "Could not find suitable profile directory, tried $profiles" >&2
  exit 1
fi

target=$HOME/.config/stand-in/settings
if [ -e "$target" ] && [ ! -L "$target" ]; then
  if [ -z "${HOME_MANAGER_BACKUP_EXT:-}" ]; then
    echo "Existing file '$target' is in the way" >&2
    exit 1
  fi
  if [ -e "$target.$HOME_MANAGER_BACKUP_EXT" ]; then
    echo "Existing file '$target.$HOME_MANAGER_BACKUP_EXT' would be clobbered by backing up '$target'" >&2
    exit 1
  fi
  mv "$target" "$target.$HOME_MANAGER_BACKUP_EXT"
fi

nix-env --profile "$profiles/home-manager" --set "$generation"
mkdir -p "${target%/*}"
ln -sfn "$generation/home-files/.config/stand-in/settings" "$target"
while [ -e /tmp/pause-activation ]; do
  touch /tmp/activation-is-paused
  sleep 0.1
done
path=$(readlink -f "$generation/home-path")
if [ -e "$HOME/.nix-profile/manifest.json" ]; then
  nix profile remove home-manager-path
  nix profile install "$path"
else
  nix-env -i "$path"
fi
