#!/bin/sh
# usage: link-certificates.sh FOLDER      FOLDER is /nix of the workload, wherever it is mounted here
#
# Makes /nix/.cdk8s-nix/ca-bundle.crt, which NIX_SSL_CERT_FILE names: the certificates of the default profile, or else a copy
# of those that the seed image has for its system, or else those that the image of the workload may have. Which of them
# there are is known in the pod only, and a variable that names a missing file is worse than none.
set -eu

folder=$1
certificates=$folder/.cdk8s-nix/ca-bundle.crt
# Pods that share a store have the same process numbers.
new=$certificates.new.$(uname -n).$$
in_profile=/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt
of_system='/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem'

# Whether a path in /nix leads to a file: its links are followed in the folder where the store is mounted here.
exists() {
  rest=${1#/} place='' links=0
  while [ -n "$rest" ]; do
    place=$place/${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    if [ -L "$folder$place" ]; then
      links=$((links + 1))
      [ "$links" -lt 40 ] || return 1
      target=$(readlink "$folder$place")
      case $target in
        /nix/*) rest=${target#/nix/}${rest:+/$rest} place='' ;;
        /*) return 1 ;;
        *) rest=$target${rest:+/$rest} place=${place%/*} ;;
      esac
    elif [ "${place##*/}" = .. ]; then
      place=${place%/*} place=${place%/*}
    fi
  done
  [ -f "$folder$place" ]
}

link_to() {
  [ "$(readlink "$certificates" 2>/dev/null)" = "$1" ] || { ln -s "$1" "$new" && mv -f "$new" "$certificates"; }
}

mkdir -p "$folder/.cdk8s-nix"
if exists "$in_profile"; then
  link_to "/nix$in_profile"
  exit
fi
for file in $of_system; do
  [ -s "$file" ] || continue
  if [ -L "$certificates" ] || ! cmp -s "$file" "$certificates" 2>/dev/null; then
    cp "$file" "$new"
    mv -f "$new" "$certificates"
  fi
  exit
done
link_to "${of_system%% *}"
echo "the seed image has no certificates, neither in its default profile nor for its system: https works only if the workload's image has ${of_system%% *}"
