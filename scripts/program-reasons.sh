#!/bin/sh
# shellcheck disable=SC2154 # it shares its variables with who sources it
# Why something did not come, in a line, by what Nix has written to $work/errors.
# Sourced by bring-programs.sh.

# A flake may read what it builds, too.
refuse_to_build() {
  case $(cat "$work/errors") in
    *'increase '*'--max-jobs'* | *'max-jobs'*'remote build'*) refuse_without_cache ;;
  esac
}

# That no cache has it is known of caches that have answered, and whose keys are trusted.
refuse_without_cache() {
  find_reasons
  if [ -n "$unreached" ]; then
    die 55 "$name: no cache that the pod reaches has $reference, and one cannot be asked: $(hide_users "$unreached"). Look at its address (substituters), the network of the pod and its credentials"
  fi
  if [ -n "$unsigned" ]; then
    die 55 "$name: no cache that the pod trusts has $reference: $(hide_users "$unsigned"). Give the cache with its public key (trusted-public-keys)"
  fi
  if [ "$kind" = package ]; then
    die 55 "$name: no cache that the pod asks has $reference whole, and a store path alone cannot be built: push it to one, or name its flake"
  fi
  die 55 "$name: no cache has $reference whole, and building is not asked for: allow it (allowBuilds), or push it to a cache that the pod asks"
}

# Sets $unreached and $unsigned, the lines that say so.
find_reasons() {
  unreached='' unsigned=''
  while IFS= read -r message; do
    case $message in
      *'unable to download '* | *'does not appear to be a binary cache'* | *'cannot open connection to remote store'* | *'disabling binary cache '*)
        message=${message#*warning: }
        message=${message#*error: }
        unreached=${message%%; retrying*}
        ;;
      *'not signed by any of the keys'* | *'lacks a signature by a trusted key'* | *'lacks a valid signature'*)
        message=${message#*warning: }
        unsigned=${message#*error: }
        ;;
    esac
  done <"$work/errors"
}
