#!/bin/sh
# usage: link-certificates.sh FOLDER      FOLDER is /nix of the workload, wherever it is mounted here
#
# Makes /nix/.cdk8s-nix/ca-bundle.crt, which NIX_SSL_CERT_FILE names: the certificates of the default profile, or else a copy
# of those that the seed image has for its system, or else those that the image of the workload may have. Which of them
# there are is known in the pod only, and a variable that names a missing file is worse than none.
# check-nix-store.sh sources it, asks first whether they are in place, and has a shell of its own place them, which goes on after failures: each has
# to say what becomes of it.
set -eu

: "${NIX_FOLDER:=$1}"
certificates=$NIX_FOLDER/.cdk8s-nix/ca-bundle.crt
of_system='/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem'
of_workload=${of_system%% *}
[ -n "${certificates_in_profile:-}" ] || {
  # shellcheck source=scripts/store-links.sh
  . "${0%/*}/store-links.sh"
}

# Sets $wanted, to what the link is to lead, or else $file, of what there is to be a copy; $told, if something is to be said about it.
find_certificates() {
  wanted=$certificates_in_profile file='' told=''
  ! { find_in_store "$wanted" && [ -n "$place" ] && [ -f "$place" ]; } || return 0
  wanted=''
  for file in $of_system; do
    [ ! -s "$file" ] || return 0
  done
  wanted=$of_workload file=''
  told="the seed image has no certificates, neither in its default profile nor for its system: https works only if the workload's image has $wanted"
}

are_certificates_in_place() {
  find_certificates
  if [ -n "$wanted" ]; then is_linked; else is_copied; fi
}

# The link leads to the profile or to what the workload has. Where these are two files, the shell can tell which it is, and starts no process.
# shellcheck disable=SC3013 # dash, bash and busybox know -ef
is_linked() {
  [ -L "$certificates" ] || return 1
  if [ "$certificates" -ef "$wanted" ] && ! [ "$certificates_in_profile" -ef "$of_workload" ]; then return 0; fi
  [ "$(exec readlink "$certificates")" = "$wanted" ]
}

is_copied() {
  [ ! -L "$certificates" ] && cmp -s "$file" "$certificates" 2>/dev/null
}

place_certificates() {
  new_name || return 1
  if [ -n "$wanted" ]; then ln -s "$wanted" "$new"; else cp "$file" "$new"; fi && mv -f "$new" "$certificates"
}

# Pods that share a store have the same process numbers.
new_name() {
  read -r token </proc/sys/kernel/random/uuid
  new=$certificates.new.$token
  [ -d "${certificates%/*}" ] || mkdir -p "${certificates%/*}"
}

case ${0##*/} in
  link-certificates.sh)
    are_certificates_in_place || place_certificates
    [ -z "$told" ] || printf '%s\n' "$told"
    ;;
esac
