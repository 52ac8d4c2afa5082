#!/bin/sh
# Brings what somebody will need into the store before they need it, and roots it so that it stays.
#
# usage: prefetch-store.sh [package INSTALLABLE | shell FLAKE | assistant NAME]...
#   package   a store path, or a flake reference with an attribute: built or fetched as by nix build
#   shell     the development shell of a flake, and the sources of the flake and its inputs
#   assistant an AI assistant of a home configuration: installed from npm into the store volume, where all homes find it
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
  [ $(($# % 2 + ($# == 0))) = 0 ] || die 10 'it needs pairs: package, shell or assistant, and what to bring'
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

# The command of an assistant installs it; which version is for the home configuration to say.
# usage: bring_assistant NAME
bring_assistant() {
  printf '%s: assistant %s\n' "$program" "$1"
  wrapper=$(find_assistant "$1")
  [ -n "$wrapper" ] || die 53 "no home configuration on this store has the assistant $1: a pod with one has to start first"
  folder=$NIX_FOLDER/var/cdk8s-nix/assistants
  mkdir -p "$folder" 2>/dev/null || true
  [ -w "$folder" ] || die 13 "$folder cannot be written by user $(id -u), group $(id -g)"
  # Other users of the volume's group may add theirs; only the owner can say so.
  chmod g+w "$folder" 2>/dev/null || true
  run_nix "$work/assistant" "$work/errors" env "CDK8S_NIX_ASSISTANTS=$folder" CDK8S_NIX_INSTALL_ONLY=1 "$wrapper"
  [ "$status" = 0 ] || die 53 "the assistant $1 cannot be installed: $(last_error "$work/errors")"
}

# That of this home, or of the image's, or of the configuration that a pod started with last.
find_assistant() {
  newest=0
  for profile in "${HOME:-}/.nix-profile" "$NIX_FOLDER/var/nix/profiles/home-manager/home-path"; do
    if [ -x "$profile/bin/$1" ]; then
      echo "$profile/bin/$1"
      return 0
    fi
  done
  for root in "$NIX_FOLDER"/var/nix/gcroots/cdk8s-nix/home-manager-*; do
    [ -x "$root/home-path/bin/$1" ] || continue
    age=$(stat -c %Y "$root")
    if [ "$age" -gt "$newest" ]; then newest=$age last=$root/home-path/bin/$1; fi
  done
  [ "$newest" = 0 ] || echo "$last"
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
assistants=0 pairs=$(($# / 2))
while [ "$pairs" -gt 0 ]; do
  if [ "$1" = assistant ]; then
    bring_assistant "$2"
    assistants=$((assistants + 1))
  else
    set -- "$@" "$1" "$2"
  fi
  shift 2
  pairs=$((pairs - 1))
done
if [ $# = 0 ]; then
  clock
  report "$assistants assistants are in $NIX_FOLDER/var/cdk8s-nix/assistants; $((now - started)) s"
  exit 0
fi
had=no
if is_there "$@"; then
  had=yes
  if [ "$PREFETCH_REFRESH" = never ]; then
    report 'everything is there already'
    exit 0
  fi
fi
forget_relics
lend_netrc
bring "$@"
replace_roots
clock
report "$number brought, $(count_roots) roots in $roots; $((now - started)) s"
