# Sourced by login shells, from /etc/profile.d, and by entrypoint.sh: finds Nix and what was installed with it.
# Commands of the image go before those that come along with Nix; what the user has installed goes before both.
# shellcheck shell=sh

_nix_in_path() {
  case :$PATH: in
    *:"$1":*) return 0 ;;
  esac
  return 1
}

for _nix_profile in /nix/var/nix/profiles/home-manager/home-path "${XDG_STATE_HOME:-${HOME:-}/.local/state}/nix/profile" "${HOME:-}/.nix-profile"; do
  if [ -d "$_nix_profile/bin" ] && ! _nix_in_path "$_nix_profile/bin"; then
    PATH=$_nix_profile/bin:$PATH
  fi
done

for _nix_profile in /nix/var/nix/profiles/default /run/current-system/sw; do
  if [ -d "$_nix_profile/bin" ] && ! _nix_in_path "$_nix_profile/bin"; then
    PATH=$PATH:$_nix_profile/bin
  fi
done
export PATH

# The image's certificates first: they may have been extended by those of a company.
for _nix_certificates in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt; do
  if [ -z "${NIX_SSL_CERT_FILE:-}" ] && [ -e "$_nix_certificates" ]; then
    export NIX_SSL_CERT_FILE="$_nix_certificates"
  fi
done

for _nix_profile in "${HOME:-}/.nix-profile" /nix/var/nix/profiles/home-manager/home-path; do
  if [ -r "$_nix_profile/etc/profile.d/hm-session-vars.sh" ]; then
    # shellcheck disable=SC1091
    . "$_nix_profile/etc/profile.d/hm-session-vars.sh"
    break
  fi
done

# Of install-container.sh, where the container was to start all the same. In a shell that somebody sits at.
case $- in
  *i*)
    _nix_warning=${XDG_STATE_HOME:-${HOME:-}/.local/state}/cdk8s-nix/home-manager-warning
    [ ! -r "$_nix_warning" ] || cat "$_nix_warning" >&2
    ;;
esac

unset _nix_profile _nix_certificates _nix_warning
unset -f _nix_in_path
