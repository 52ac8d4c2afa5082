#!/bin/sh
# Links of a store that is mounted elsewhere than at /nix, which they mean all the same.
# Sourced by scripts that look at such a store.

# usage: find_in_store PATH      sets $place, where PATH, which begins with /nix, leads in the store at $NIX_FOLDER; it is empty if that is no
# file of the store. Fails if it leads nowhere.
find_in_store() {
  ahead=${1#/nix/} place=$NIX_FOLDER hops=0
  while [ -n "$ahead" ]; do
    next=${ahead%%/*}
    case $ahead in */*) ahead=${ahead#*/} ;; *) ahead='' ;; esac
    [ -n "$next" ] || continue
    place=$place/$next
    [ -L "$place" ] || continue
    hops=$((hops + 1))
    [ "$hops" -le 40 ] || return 1
    target=$(readlink "$place")
    case $target in
      /nix/*) place=$NIX_FOLDER ahead=${target#/nix/}/$ahead ;;
      # A file of the workload's own image, which is not this one's.
      /*) place='' && return 0 ;;
      *) place=${place%/*} ahead=$target/$ahead ;;
    esac
  done
  [ -e "$place" ]
}
