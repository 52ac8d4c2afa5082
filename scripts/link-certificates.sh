#!/bin/sh
# usage: link-certificates.sh FOLDER      FOLDER is /nix of the workload, wherever it is mounted here
#
# Makes /nix/.cdk8s-nix/ca-bundle.crt, which NIX_SSL_CERT_FILE names: the certificates of the default profile, or else a copy
# of those that the seed image has for its system, or else those that the image of the workload may have. Which of them
# there are is known in the pod only, and a variable that names a missing file is worse than none.
# check-nix-store.sh sources it, in a shell of its own that goes on after failures: each has to say what becomes of it.
set -eu

: "${NIX_FOLDER:=$1}"
certificates=$NIX_FOLDER/.cdk8s-nix/ca-bundle.crt
of_system='/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem'
command -v find_in_store >/dev/null || {
  # shellcheck source=scripts/store-links.sh
  . "${0%/*}/store-links.sh"
}

link_to() {
  if [ -L "$certificates" ]; then
    read_link "$certificates"
    [ "$target" != "$1" ] || return 0
  fi
  new_name && ln -s "$1" "$new" && mv -f "$new" "$certificates"
}

# Pods that share a store have the same process numbers.
new_name() {
  read -r token </proc/sys/kernel/random/uuid
  new=$certificates.new.$token
  [ -d "${certificates%/*}" ] || mkdir -p "${certificates%/*}"
}

if find_in_store "$certificates_in_profile" && [ -n "$place" ] && [ -f "$place" ]; then
  link_to "$certificates_in_profile"
  exit
fi
for file in $of_system; do
  [ -s "$file" ] || continue
  if [ -L "$certificates" ] || ! cmp -s "$file" "$certificates" 2>/dev/null; then
    new_name && cp "$file" "$new" && mv -f "$new" "$certificates"
  fi
  exit
done
link_to "${of_system%% *}" || exit
echo "the seed image has no certificates, neither in its default profile nor for its system: https works only if the workload's image has ${of_system%% *}"
