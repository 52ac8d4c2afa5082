#!/bin/sh
# Brings what somebody will need into the store before they need it, and roots it so that it stays.
#
# usage: prefetch-store.sh [package INSTALLABLE | shell FLAKE]...
#   package   a store path, or a flake reference with an attribute: built or fetched as by nix build
#   shell     the development shell of a flake, and the sources of the flake and its inputs
#
# The roots are links in gcroots/cdk8s-nix-prefetch/NAME. A new set replaces the old one only when it is complete.
#
# Environment, besides that of store-care.sh:
#   PREFETCH_NAME      default   tells this set from others on the store
#   PREFETCH_REFRESH   never     never: what is there stays; always: look again each time, for references that move
set -eu

program=prefetch-store
: "${PREFETCH_NAME:=default}" "${PREFETCH_REFRESH:=never}"

# shellcheck source=scripts/store-care.sh
. "${0%/*}/store-care.sh"

NL='
'

check_settings() {
  require_choice PREFETCH_REFRESH never always
  case $PREFETCH_NAME in
    '' | *[!A-Za-z0-9_-]*) die 10 "PREFETCH_NAME is '$PREFETCH_NAME'; it must be letters, digits, '_' and '-'" ;;
  esac
  [ $(($# % 2 + ($# == 0))) = 0 ] || die 10 'it needs pairs: package or shell, and what to bring'
}

# The same set was brought before, and no path of it has been lost since.
is_there() {
  [ -r "$roots/set" ] && [ "$(cat "$roots/set")" = "$(printf '%s\n' "$@")" ] && lost_path "$roots" >"$work/lost" && [ ! -s "$work/lost" ]
}

# usage: lost_path FOLDER      prints a path that is rooted there and does not exist
lost_path() {
  for root in "$1"/*; do
    [ -L "$root" ] || continue
    case $(readlink "$root") in
      # A path may itself be a link that leads nowhere.
      /*) path=$(readlink "$root") ;;
      *) path=$1/$(readlink "$root") ;;
    esac
    [ -e "$path" ] || [ -L "$path" ] || echo "$path"
  done
}

# usage: run_command COMMAND ARGUMENT...      nix, with its output in $work/COMMAND
run_command() {
  run_nix "$work/$1" "$work/errors" nix --extra-experimental-features 'nix-command flakes' "$@"
  [ "$status" = 0 ] || give_up "$what cannot be brought: $(last_error "$work/errors")"
}

# What was brought earlier is better than nothing, if only something newer cannot be had.
give_up() {
  rm -rf "$new"
  [ "$had" = yes ] || die 53 "$1"
  report "warning: $1; what was brought earlier stays"
  exit 0
}

# With --refresh Nix asks again for what it asked for a moment ago.
bring_package() {
  if [ "$PREFETCH_REFRESH" = always ]; then
    run_command build --refresh --out-link "$new/$number" -- "$what"
  else
    run_command build --out-link "$new/$number" -- "$what"
  fi
}

bring_shell() {
  if [ "$PREFETCH_REFRESH" = always ]; then
    run_command print-dev-env --refresh --profile "$new/$number" -- "$what"
  else
    run_command print-dev-env --profile "$new/$number" -- "$what"
  fi
  run_command flake archive --json -- "${what%%#*}"
  root_sources
}

# What the answer names in the store: the flake itself and its inputs.
root_sources() {
  rest=$(cat "$work/flake")
  while [ "$rest" != "${rest#*\"/nix/store/}" ]; do
    rest=${rest#*\"/nix/store/}
    ln -sfn "/nix/store/${rest%%\"*}" "$new/$number-source-${rest%%\"*}"
  done
}

bring() {
  new=$roots.new.$token
  mkdir -p "$new"
  printf '%s\n' "$@" >"$new/set"
  number=0
  while [ $# -gt 0 ]; do
    kind=$1 what=$2 number=$((number + 1))
    printf '%s: %s %s\n' "$program" "$kind" "$what"
    case $kind in
      package) bring_package ;;
      shell) bring_shell ;;
      *) die 10 "'$kind' is neither package nor shell" ;;
    esac
    shift 2
  done
  # Nix asks its database, and does not look.
  lost=$(lost_path "$new")
  [ -z "$lost" ] || give_up "the store has lost ${lost%%"$NL"*}, which its database lists: verify and repair it"
}

# The old roots go last: at no moment is nothing rooted.
replace_roots() {
  old=$roots.old.$token
  [ ! -d "$roots" ] || mv "$roots" "$old"
  mv -T "$new" "$roots"
  rm -rf "$old"
}

# What runs that were killed have left; a young one may still be at work, in another pod.
forget_relics() {
  for relic in "$roots".new.* "$roots".old.*; do
    [ ! -d "$relic" ] || ! older_than 86400 "$relic" || rm -rf "$relic"
  done
}

count_roots() {
  count=0
  for root in "$roots"/*; do
    [ ! -L "$root" ] || count=$((count + 1))
  done
  echo "$count"
}

open_store
check_settings "$@"
roots=$NIX_FOLDER/var/nix/gcroots/cdk8s-nix-prefetch/$PREFETCH_NAME
read -r token </proc/sys/kernel/random/uuid
had=no
if is_there "$@"; then
  had=yes
  if [ "$PREFETCH_REFRESH" = never ]; then
    report 'everything is there already'
    exit 0
  fi
fi
forget_relics
bring "$@"
replace_roots
clock
report "$number brought, $(count_roots) roots in $roots; $((now - started)) s"
