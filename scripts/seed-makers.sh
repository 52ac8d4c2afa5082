#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# Another Nix on the volume that builds or fetches, at this very moment, what the image has as well.
# Sourced by seed-nix-store.sh.
#
# Nix makes a path in its place, and registers it when it is whole. If that is taken away meanwhile, a fetch fails; a build goes on, and only what it writes
# from then on is registered, as all there is. But from before Nix looks whether the path is valid until it is registered, it holds a lock: flock(2) on
# PATH.lock, a file that stays where Nix fails or is killed. So there are three rules. What lies in the store with such a lock held is no rubbish. Nothing is
# put in a place where something is being made. And where somebody has begun between our place and our registration, and so has removed what was there, that
# is looked at afterwards.

# usage: being_made LIST     which names of a sorted list have such a lock: $work/made. Fails if there are none.
being_made() {
  listed=$1
  : >"$work/made"
  set +f
  set -- "$volume"/store/*.lock
  set -f
  [ $# -gt 1 ] || [ -e "$1" ] || return 1
  : >>"$work/let-go"
  for made; do
    made=${made##*/}
    echo "${made%.lock}"
  done | sort | comm -12 - "$listed" | comm -23 - "$work/let-go" >"$work/made"
  [ -s "$work/made" ]
}

# Waits until nobody is at work on them any more. A collector may work meanwhile, since who makes something may wait for one: then more is missing afterwards.
outlast_makers() {
  maker=${nix%-store}-env
  [ -x "$maker" ] || maker=$(command -v nix-env) || maker=
  [ "$guarded" = no ] || exec 8>&-
  while read -r made; do
    lock_waits_since
    until lets_go "$made"; do lock_waits "for whoever builds or fetches $made" "$volume/store/$made.lock"; done
  done <"$work/made"
  hold_off_garbage_collector
}

# Nix itself tells, even where there is no flock, whether a living one holds its lock: it takes the same for a profile, and removes it in the end. This one is
# to forget a generation that it does not have. Only where Nix does not come back somebody is at work: whatever else it says, the lock is nobody's. One that Nix
# cannot remove, as that of another user, stays, and is not asked about again: to remove it might give two makers a lock each.
lets_go() {
  for _ in 1 2; do
    status=0
    patiently timeout 5 "$maker" --store dummy:// --profile "$volume/store/$1" --delete-generations 1 >/dev/null 2>&1 </dev/null || status=$?
    case $status in 124 | 143) return 1 ;; esac
    [ -e "$volume/store/$1.lock" ] || return 0
  done
  echo "$1" >>"$work/let-go"
  sort -o "$work/let-go" "$work/let-go"
}

# Of the rubbish, what has become of it in the meantime.
spare_made() {
  rounds=0
  while [ "$rounds" -lt 6 ] && being_made "$work/rubbish"; do
    rounds=$((rounds + 1)) measuring=''
    outlast_makers
    list_store
    comm -23 "$work/names" "$work/there" >"$work/lacking"
    list_present
    list_unregistered
  done
}

# Adds to what has vanished.
find_spoilt() {
  [ "$fresh" = no ] && being_made "$work/missing" || return 0
  outlast_makers
  as_paths "$work/made" >"$work/paths"
  in_chunks "$work/paths" report_damaged | cut -c 12- | sort >"$work/spoilt"
  sort -u "$work/vanished" "$work/spoilt" >"$work/gone"
  mv "$work/gone" "$work/vanished"
}
