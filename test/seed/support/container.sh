#!/bin/sh
# usage: container.sh ROOTFS UID:GID:GROUPS "SOURCE:TARGET[:ro] ..." COMMAND...
# Runs a command as a container runtime would: a read-only root file system, its own mount and process namespace (the
# command is process 1, and everything dies with it), the given folders mounted, /tmp empty and writable, an ordinary
# user without capabilities. The environment is passed through, but for CONTAINER_CGROUPS: folders of control groups to
# run in. ROOTFS may be / .
set -eu

rootfs=$1 user=$2 mounts=$3
shift 3

if [ "${IN_CONTAINER_NAMESPACE:-}" != yes ]; then
  for cgroup in ${CONTAINER_CGROUPS:-}; do echo $$ >"$cgroup/cgroup.procs"; done
  IN_CONTAINER_NAMESPACE=yes exec unshare --mount --pid --fork --kill-child --propagation private -- \
    sh "$0" "$rootfs" "$user" "$mounts" "$@"
fi
unset IN_CONTAINER_NAMESPACE CONTAINER_CGROUPS

# Any folder will do: the mount is seen in this namespace only.
scratch=/mnt
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=$rootfs,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/root"
root=$scratch/root
for mount in $mounts; do
  source=${mount%%:*} rest=${mount#*:}
  target=$root${rest%%:*}
  if [ -d "$source" ]; then mkdir -p "$target"; else mkdir -p "${target%/*}" && touch "$target"; fi
  mount --bind "$source" "$target"
  case $rest in *:ro) mount -o remount,bind,ro "$target" ;; esac
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,ro "$root"
cd "$root"
exec setpriv --no-new-privs chroot --userspec="${user%:*}" --groups="${user##*:}" "$root" "$@"
