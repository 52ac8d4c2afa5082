#!/bin/sh
# usage: build.sh RELEASE FOLDER
# Makes FOLDER the root of a seed image, as of nixos/nix: a single-user Nix of user 1001 and nothing beside /nix but what
# points into it. Release 1 is the base; a higher one has another Nix path and one package more.
# Offline but for the packages of the Debian root it is built in.
set -eu

release=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)
debian=$(sh "$here/../debian-rootfs.sh" trixie trixie-nix nix-bin busybox-static patchelf)
profile=/nix/var/nix/profiles/default

# One that was killed has left its own: who makes a release is alone with it.
work=$(dirname "$debian")/seed-image-$release.part
rm -rf --one-file-system "$work"
mkdir "$work"
trap 'rm -rf --one-file-system "$work"' EXIT

# Runs a command in the Debian root. Nix wants /proc and pseudo terminals: mounted where nobody else sees them.
# HOME must belong to the user: Nix asks /etc/passwd for another one else, and gives up without an entry there.
as_user() {
  # The child's shell expands these.
  # shellcheck disable=SC2016
  root=$work unshare --mount sh -eu -c '
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot --userspec=1001:1001 --groups= "$root" env -i "$@"
  ' sh HOME=/nix/home PATH=/usr/bin:/bin NIX_CONFIG='
    sandbox = false
    build-users-group =
    substituters =
    keep-derivations = false' "$@"
}

cp -ax --reflink=auto "$debian/." "$work"
cp -r "$here" "$work/tmp/source"
mkdir -p "$work/nix/store" "$work/nix/home" "$work${profile%/*}"
chown -R 1001:1001 "$work/nix"

version=$(as_user nix --version)
as_user nix-env --quiet --profile "$profile" --file /tmp/source/packages.nix \
  --argstr release "$release" --argstr nixVersion "${version##* }" --install >&2
# The derivations and their sources go: an image ships results.
as_user nix-store --quiet --gc >/dev/null
rm -rf "$work/nix/home" "$work/nix/var/nix/gc-socket"

mkdir -p "$folder/bin" "$folder/usr/bin" "$folder/etc" "$folder/tmp" "$folder/root"
chmod 1777 "$folder/tmp"
mv "$work/nix" "$folder/nix"
ln -s "$(chroot "$folder" "$profile/bin/readlink" -f "$profile/bin/sh")" "$folder/bin/sh"
ln -s "$profile/bin/env" "$folder/usr/bin/env"
echo 'root:x:0:0:root:/root:/bin/sh' >"$folder/etc/passwd"
echo 'root:x:0:' >"$folder/etc/group"
